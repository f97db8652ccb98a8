import { createHash } from 'node:crypto';
import { runCommand, TEST_SETTINGS } from '../../../test/support/host-commands.js';
import { length4, underTestLmk } from '../../../test/support/host-keys.js';
import { RequestFields } from '../layouts/request-fields.js';
import { DATA_COMMANDS } from './data-commands.js';
import { LQ, LS } from './lq-ls.command.js';

const run = (text: string) => runCommand(DATA_COMMANDS, text);

const CLEAR = '7962D9ECE03D1ACD4C76089DCE131543';
const TAK = underTestLmk('003', CLEAR);
const ZAK = underTestLmk('008', '0123456789ABCDEFFEDCBA9876543210');
const DATA = '72C29C2371CC9BDB65B779B8E8D37B29EC';
const field = (text: string) => length4(text.length) + text;

test('the list has each command once', () => {
  const codes = DATA_COMMANDS.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(DATA_COMMANDS.filter(({ isDefault }) => !isDefault).map(({ code }) => code)).toEqual([
    'RY',
    'MY',
    'C2',
    'C4',
    'LQ',
    'LS',
    'HE',
    'HG',
  ]);
});

describe('C2 and C4', () => {
  test.each([
    ['X9.9', '0', '1'],
    ['X9.19', '1', '3'],
  ])('compute and verify the MAC of %s', async (_, mode, algorithm) => {
    for (const [type, id, key] of [
      ['0', '003', TAK],
      ['1', '008', ZAK],
    ]) {
      const mac = (await run(`M6010${algorithm}1${id}${key}${field(DATA)}`)).slice(4);
      expect(await run(`C20${type}${mode}1${key}${field(DATA)}`)).toBe(`C300${mac}`);
      expect(await run(`C40${type}${mode}1${key}${field(DATA)}${mac}`)).toBe('C500');
      expect(await run(`C40${type}${mode}1${key}${field(DATA)}${mac === '00000000' ? '00000001' : '00000000'}`)).toBe(
        'C501',
      );
    }
  });

  test.each([
    ['part of a message', `C21011${TAK}${field(DATA)}`, 'C315'],
    ['another key type', `C20211${TAK}${field(DATA)}`, 'C315'],
    ['text', `C20012${TAK}${field(DATA)}`, 'C315'],
    ['a ZAK as a TAK', `C20011${ZAK}${field(DATA)}`, 'C310'],
    ['no data', `C20011${TAK}0000`, 'C380'],
    ['no MAC', `C40011${TAK}${field(DATA)}`, 'C515'],
  ])('refuse %s', async (_, request, reply) => {
    expect(await run(request)).toBe(reply);
  });
});

describe('MY', () => {
  const request = (mac: string) => `MY01032003${TAK}161008${ZAK}`.replace('161008', '160008') + field(DATA) + mac;

  test('verifies a MAC and generates one under another key', async () => {
    const mac = (await run(`M601032003${TAK}${field(DATA)}`)).slice(4);
    const other = (await run(`M601160008${ZAK}${field(DATA)}`)).slice(4);
    expect(await run(request(mac))).toBe(`MZ00${other}`);
    expect(await run(request(mac === '00000000' ? '00000001' : '00000000'))).toBe('MZ01');
  });

  test.each([
    ['part of a message', `MY11032003${TAK}032008${ZAK}${field(DATA)}00000000`, 'MZ02'],
    ['a wrong first key', `MY01032003${ZAK}032008${ZAK}${field(DATA)}00000000`, 'MZ10'],
    ['a wrong second key', `MY01032003${TAK}032008${TAK}${field(DATA)}00000000`, 'MZ11'],
    ['no MAC', `MY01032003${TAK}032008${ZAK}${field(DATA)}`, 'MZ15'],
  ])('refuses %s', async (_, text, reply) => {
    expect(await run(text)).toBe(reply);
  });
});

describe('HE and HG', () => {
  test('encrypt and decrypt one block', async () => {
    const encrypted = (await run(`HE${TAK}0011223344556677`)).slice(4);
    expect(await run(`M0001100A${underTestLmk('00A', CLEAR)}00100011223344556677`)).toBe(`M1000010${encrypted}`);
    expect(await run(`HG${TAK}${encrypted}`)).toBe('HH000011223344556677');
  });

  test.each([
    ['half a block', `HE${TAK}00112233`, 'HF15'],
    ['two blocks', `HE${TAK}${'0011223344556677'.repeat(2)}`, 'HF15'],
    ['a key of another type', `HG${ZAK}0011223344556677`, 'HH10'],
  ])('refuse %s', async (_, request, reply) => {
    expect(await run(request)).toBe(reply);
  });
});

describe('GM', () => {
  test.each([
    ['01', 'sha1'],
    ['02', 'md5'],
    ['05', 'sha224'],
    ['06', 'sha256'],
    ['07', 'sha384'],
    ['08', 'sha512'],
  ])('hashes with %s, %s', async (id, name) => {
    for (const data of ['', 'abc', '\x19%00'])
      expect(await run(`GM${id}0000${data.length}${data}`)).toBe(
        `GN00${createHash(name).update(data, 'latin1').digest().toString('latin1')}`,
      );
  });

  test.each([
    ['another hash', 'GM0300003abc', 'GN05'],
    ['a length beyond the data', 'GM0600004abc', 'GN15'],
    ['a length before the end of the data', 'GM0600002abc', 'GN15'],
    ['a length in hexadecimal digits', 'GM060000Aabcdefghij', 'GN15'],
  ])('refuses %s', async (_, request, reply) => {
    expect(await run(request)).toBe(reply);
  });
});

describe('LQ and LS', () => {
  const block = `S10096M7HN00E0001${'0'.repeat(80)}`;
  const fields = (text: string) => new RequestFields(Buffer.from(text, 'latin1'), 2, TEST_SETTINGS);

  test('read their fields', () => {
    const expected = { hash: 'SHA256', length: 16, key: { text: block }, data: Buffer.from('\x19;%', 'latin1') };
    expect(LQ.parse(fields(`LQ06001604FFFF${block};00003\x19;%`))).toMatchObject(expected);
    expect(LS.parse(fields(`LS06001604FFFF${block}00003\x19;%${'m'.repeat(16)}`))).toMatchObject({
      ...expected,
      claimed: Buffer.from('m'.repeat(16)),
    });
  });

  test.each([
    ['SHA-1', `LQ01001604FFFF${block};00001x`, 'LR15'],
    ['an HMAC of 3 bytes', `LQ06000304FFFF${block};00001x`, 'LR15'],
    ['an HMAC longer than the hash', `LQ06003304FFFF${block};00001x`, 'LR15'],
    ['a key that is not a block', `LQ060016000010${'k'.repeat(10)};00001x`, 'LR15'],
    ['no HMAC', `LS06001604FFFF${block};00001x`, 'LT15'],
  ])('refuse %s', async (_, request, reply) => {
    expect(await run(request)).toBe(reply);
  });
});
