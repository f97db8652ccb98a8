import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { madeUpCards, readCards, writeCards } from './cards.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cards-'));
  path = join(folder, 'cards.csv');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('made-up cards have different PANs with correct check digits, the same each time', () => {
  const cards = madeUpCards(1000);
  expect(cards[0]).toEqual({ pan: '4000000000000010', expiry: '3001', serviceCode: '201' });
  expect(new Set(cards.map(({ pan }) => pan)).size).toBe(1000);
  for (const { pan } of cards) {
    const doubled = Array.from(pan, Number).map((digit, i) => (i % 2 === 0 ? 2 * digit : digit));
    expect(doubled.reduce((sum, value) => sum + (value > 9 ? value - 9 : value), 0) % 10).toBe(0);
  }
  expect(madeUpCards(1000)).toEqual(cards);
});

test('cards are read back as written, and the file is readable by its owner only', async () => {
  await writeCards(path, madeUpCards(3));
  expect(await readCards(path)).toEqual(madeUpCards(3));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ['another header', 'PAN,expiry,service_code\n', 'must begin with pan,expiry,service_code'],
  ['a letter in a service code', 'pan,expiry,service_code\n4000000000000010,3001,2O1\n', 'line 2: must be PAN'],
  ['month 13', 'pan,expiry,service_code\n4000000000000010,3013,201\n', 'line 2: must be PAN'],
  ['a short PAN', 'pan,expiry,service_code\n40000000010,3001,201\n', 'line 2: must be PAN'],
  [
    'a repeated PAN',
    'pan,expiry,service_code\n4000000000000010,3001,201\n4000000000000028,3001,201\n4000000000000010,3002,201\n',
    'line 4: has the PAN of line 2',
  ],
])('refuses %s without naming a PAN', async (_, text, message) => {
  writeFileSync(path, text);
  await expect(readCards(path)).rejects.toThrow(message);
  await expect(readCards(path)).rejects.not.toThrow(/\d{11}/);
});
