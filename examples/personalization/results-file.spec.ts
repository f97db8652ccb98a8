import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { madeUpCards } from './cards.js';
import { ResultsFile } from './results-file.js';

const CARDS = madeUpCards(3);
const FINISHED = CARDS.map((card, i) => ({
  ...card,
  pinBlock: `BF9E5872096930AFD1E8E1DF9202D8C${i}`,
  pvv: '9707',
  cvv: '310',
  cvv2: '420',
  icvv: '012',
}));

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'results-'));
  path = join(folder, 'results.csv');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Appends the remaining cards and returns how many were already finished. */
function goOn(cards = CARDS): number {
  using results = new ResultsFile(path, cards);
  const { finished } = results;
  for (const card of FINISHED.slice(finished)) results.append(card);
  expect(results.finished).toBe(3);
  expect(results.rows()).toEqual(FINISHED);
  return finished;
}

test('holds what was appended, readable by its owner only', () => {
  expect(goOn()).toBe(0);
  expect(readFileSync(path, 'utf8').split('\n').slice(0, 2)).toEqual([
    'pan,expiry,service_code,pin_block,pvv,cvv,cvv2,icvv',
    '4000000000000010,3001,201,BF9E5872096930AFD1E8E1DF9202D8C0,9707,310,420,012',
  ]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(goOn()).toBe(3);
});

test('truncated anywhere, it resumes after the last complete line and ends up the same', () => {
  goOn();
  const whole = readFileSync(path, 'utf8');
  for (let length = 0; length <= whole.length; length++) {
    writeFileSync(path, whole.slice(0, length));
    const wholeLines = whole.slice(0, length).split('\n').length - 1;
    expect(goOn()).toBe(Math.max(0, wholeLines - 1));
    expect(readFileSync(path, 'utf8')).toBe(whole);
  }
});

test.each([
  ['another header', (text: string) => text.replace('pan,', 'PAN,'), 'must begin with pan,expiry'],
  ['a short line', (text: string) => text.replace(/\d\n/, '\n'), 'line 2: is not a finished card'],
  ['a missing line', (text: string) => text.replace(/\n[^\n]*/, ''), 'line 2: is not for the card'],
  ['another expiry', (text: string) => text.replace(',3002,', ',3003,'), 'line 3: is not for the card'],
  ['a repeated line', (text: string) => text + text.split('\n')[3]! + '\n', 'line 5: is not for the card'],
])('refuses %s and does not change the file', (_, change, message) => {
  goOn();
  const changed = change(readFileSync(path, 'utf8'));
  writeFileSync(path, changed);
  expect(() => new ResultsFile(path, CARDS)).toThrow(message);
  expect(() => new ResultsFile(path, CARDS)).not.toThrow(/\d{12}/);
  expect(readFileSync(path, 'utf8')).toBe(changed);
});
