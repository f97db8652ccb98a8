import fc from 'fast-check';
import { runCommand, TEST_SETTINGS } from '../../../test/support/host-commands.js';
import { length4, raw, underTestLmk } from '../../../test/support/host-keys.js';
import { hex, vectors } from '../../../test/support/vectors.js';
import { toHex } from '../../crypto/bytes.js';
import { HeldKey } from '../../crypto/held-key.js';
import { dataCipher } from '../../payment/dataplane/data/ciphers.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { type FieldSettings, RequestFields } from '../layouts/request-fields.js';
import { cipherWith, encrypt, nextIv } from './cipher-fields.js';
import { DATA_COMMANDS } from './data-commands.js';
import { M0 } from './m0-m2.command.js';

const run = (text: string, hexLength: FieldSettings['hexLength'] = 'characters') =>
  runCommand(DATA_COMMANDS, text, { hexLength });

const CLEAR = '0123456789ABCDEFFEDCBA9876543210';
const ZEK = underTestLmk('00A', CLEAR);
const BDK = underTestLmk('009', CLEAR);
const KSN = 'FFFF9876543210E00001';
const IV = '0011223344556677';
const held = new HeldKey(hex(CLEAR));
const KEY: WorkingKey = { arn: '', kcv: '', algorithm: 'TDES_2KEY', use: (compute) => compute(held) };
const MODES = { '00': 'ECB', '01': 'CBC', '02': 'CFB8', '03': 'CFB64' } as const;
const field = (text: string) => length4(text.length) + text;

interface DataVector {
  mode: string;
  iv?: string;
  plaintext: string;
  key: string;
  expected: { ciphertext: string };
}

test.each(
  vectors<DataVector>(
    'encrypt',
    'Symmetric TDES ECB',
    'Symmetric TDES CBC',
    'Symmetric TDES CFB8',
    'Symmetric TDES CFB64',
  ),
)('matches $algorithm $id: $source', async ({ mode, iv = '', plaintext, key, expected: { ciphertext } }) => {
  const id = Object.entries(MODES).find(([, name]) => name === mode)?.[0];
  const fields = `${id}1100A${underTestLmk('00A', key)}${mode === 'ECB' ? '' : iv}`;
  const next = mode === 'ECB' ? '' : (iv + ciphertext).slice(-16);
  expect(await run(`M0${fields}${field(plaintext)}`)).toBe(`M100${next}${field(ciphertext)}`);
  expect(await run(`M2${fields}${field(ciphertext)}`)).toBe(`M300${next}${field(plaintext)}`);
});

interface DukptVector extends DataVector {
  bdk: string;
  ksn: string;
  variant: string;
}

test.each(
  vectors<DukptVector>('encrypt', 'DUKPT TDES data encryption').filter(
    ({ variant, mode }) => variant === 'REQUEST' && (mode === 'ECB' || mode === 'CBC'),
  ),
)('matches $algorithm $id: $source', async ({ mode, iv, bdk, ksn, plaintext, expected: { ciphertext } }) => {
  const [id, start] = mode === 'ECB' ? ['00', ''] : ['01', iv ?? '0'.repeat(16)];
  const fields = `${id}11009${underTestLmk('009', bdk)}A05${ksn}${start}`;
  const next = mode === 'ECB' ? '' : ciphertext.slice(-16);
  expect(await run(`M0${fields}${field(plaintext)}`)).toBe(`M100${next}${field(ciphertext)}`);
  expect(await run(`M2${fields}${field(ciphertext)}`)).toBe(`M300${next}${field(plaintext)}`);
});

test('encrypts what EncryptData encrypts, and continues with the IV of the reply', async () => {
  const block = fc.uint8Array({ minLength: 8, maxLength: 8 });
  const anyBlocks = fc.array(block, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('00', '01', '02', '03'),
      block,
      anyBlocks,
      anyBlocks,
      async (id, start, one, two) => {
        const Mode = MODES[id];
        const iv = Mode === 'ECB' ? '' : toHex(Buffer.from(start));
        const [first, second] = [one, two].map((blocks) => Buffer.concat(blocks)) as [Buffer, Buffer];
        const { encrypt: encryptData } = dataCipher({ Symmetric: { Mode, InitializationVector: iv || undefined } });
        const whole = toHex(encryptData(KEY, Buffer.concat([first, second])));

        const reply1 = (await run(`M0${id}1100A${ZEK}${iv}${field(toHex(first))}`)).slice(4);
        const reply2 = (await run(`M0${id}1100A${ZEK}${reply1.slice(0, iv.length)}${field(toHex(second))}`)).slice(4);
        expect(reply1.slice(iv.length + 4) + reply2.slice(iv.length + 4)).toBe(whole);
        expect(await run(`M2${id}1100A${ZEK}${iv}${field(whole)}`)).toMatch(
          new RegExp(`${toHex(Buffer.concat([first, second]))}$`),
        );
      },
    ),
    { numRuns: 40 },
  );
});

test('encrypts under single-length and triple-length keys', async () => {
  const single = await run(`M0001100A${underTestLmk('00A', CLEAR.slice(0, 16))}${field(IV)}`);
  expect(single).toBe(await run(`M0001100A${underTestLmk('00A', CLEAR.slice(0, 16).repeat(2))}${field(IV)}`));
  expect(await run(`M0001100B${underTestLmk('00B', `${CLEAR}89ABCDEF01234567`)}${field(IV)}`)).toMatch(/^M1000010/);
});

test('takes and returns binary data, hexadecimal data and text', async () => {
  const text = 'sixteen letters!';
  const digits = toHex(Buffer.from(text));
  const encrypted = (await run(`M0001100A${ZEK}${field(digits)}`)).slice(8);
  expect(await run(`M0000100A${ZEK}${field(text)}`)).toBe(`M100${field(encrypted)}`);
  expect(await run(`M0002100A${ZEK}${field(text)}`)).toBe(`M100${field(encrypted)}`);
  expect(await run(`M0001000A${ZEK}${field(digits)}`)).toBe(`M100${field(raw(encrypted))}`);
  expect(await run(`M2001000A${ZEK}${field(encrypted)}`)).toBe(`M300${field(text)}`);
});

test('counts bytes of hexadecimal data in the reply if the request does', async () => {
  const digits = '00112233445566778899AABBCCDDEEFF';
  const encrypted = (await run(`M0001100A${ZEK}0020${digits}`)).slice(8);
  expect(await run(`M0001100A${ZEK}0010${digits}`, 'bytes')).toBe(`M1000010${encrypted}`);
  expect(await run(`M0001100A${ZEK}0010${digits}`, 'auto')).toBe(`M1000010${encrypted}`);
  expect(await run(`M0001100A${ZEK}0020${digits}%00`, 'auto')).toBe(`M1000020${encrypted}`);
  expect(await run(`M0000100A${ZEK}0010${raw(digits)}`, 'auto')).toBe(`M1000020${encrypted}`);
});

test('reads a KSN and a length that are both ambiguous', async () => {
  const digits = '00112233445566778899AABBCCDDEEFF';
  const expected = await run(`M00111009${BDK}A05${KSN}${IV}0020${digits}`, 'auto');
  for (const ksn of [`605${KSN}`, `605${KSN.slice(4)}`])
    expect(await run(`M00111009${BDK}${ksn}${IV}0020${digits}%00`, 'auto')).toBe(expected);
});

test('takes the layout of a key block from its header', () => {
  const parse = (text: string) =>
    M0.parse(new RequestFields(Buffer.from(text, 'latin1'), 2, { ...TEST_SETTINGS, hexLength: 'characters' }));
  const block = (usage: string, algorithm: string) => `S10096${usage}${algorithm}B00E0001${'0'.repeat(80)}`;
  const iv16 = '0'.repeat(32);
  expect(parse(`M00111FFF${block('D0', 'T')}${IV}0010${IV}`)).toMatchObject({ iv: hex(IV), data: hex(IV) });
  expect(parse(`M00111FFF${block('D0', 'A')}${iv16}0010${IV}`)).toMatchObject({ iv: hex(iv16), data: hex(IV) });
  expect(parse(`M00011FFF${block('B0', 'T')}A05${KSN}0010${IV}`)).toMatchObject({ ksn: KSN, iv: undefined });
  const aesKsn = '123456789012345600000001';
  expect(parse(`M00111FFF${block('B0', 'A')}808${aesKsn}${iv16}0010${IV}`)).toMatchObject({ ksn: aesKsn });
});

test('takes the IV of a named key with 16 or 32 digits', () => {
  const settings = { ...TEST_SETTINGS, takesKeyNames: true };
  const parse = (text: string) => M0.parse(new RequestFields(Buffer.from(text, 'latin1'), 2, settings));
  for (const iv of [IV, IV + IV])
    expect(parse(`M00111FFF@alias/data@${iv}0010${IV}`)).toMatchObject({ iv: hex(iv), data: hex(IV) });
});

describe('with AES', () => {
  const aesHeld = new HeldKey(hex('2B7E151628AED2A6ABF7158809CF4F3C'));
  const key: WorkingKey = { arn: '', kcv: '', algorithm: 'AES_128', use: (compute) => compute(aesHeld) };
  const cipherKey = { key: { name: 'key', scheme: '@', text: '', value: '' }, keyType: 'FFF' } as const;
  const iv = hex('000102030405060708090A0B0C0D0E0F');

  // NIST SP 800-38A F.2.1
  test('has blocks and vectors of 16 bytes', () => {
    const cipher = cipherWith(key, cipherKey, 'CBC', iv);
    const ciphertext = encrypt(cipher, hex('6BC1BEE22E409F96E93D7E117393172A'));
    expect(toHex(ciphertext)).toBe('7649ABAC8119B246CEE98E9B12E9197D');
    expect(nextIv(cipher, ciphertext)).toEqual(ciphertext);
  });

  test('refuses a vector of 8 bytes and half a block', () => {
    const refusal = (code: string) => expect.objectContaining({ name: 'HostError', code }) as Error;
    expect(() => cipherWith(key, cipherKey, 'CBC', Buffer.alloc(8))).toThrow(refusal('15'));
    expect(() => encrypt(cipherWith(key, cipherKey, 'CBC', iv), Buffer.alloc(8))).toThrow(refusal('80'));
  });

  test('derives the data key of an AES DUKPT transaction', () => {
    const bdk = { ...cipherKey, ksn: '123456789012345600000001' };
    expect(cipherWith(key, bdk, 'CBC', iv).key.algorithm).toBe('AES_128');
  });
});

test.each([
  ['another mode', `M0041100A${ZEK}0010${IV}`, 'M102'],
  ['another input format', `M0003100A${ZEK}0010${IV}`, 'M103'],
  ['text as output', `M0001200A${ZEK}0010${IV}`, 'M104'],
  ['a key type that encrypts no data', `M00011001${ZEK}0010${IV}`, 'M105'],
  ['a key of another type', `M0001100B${ZEK}0010${IV}`, 'M110'],
  ['a ZEK as a BDK', `M00011009${ZEK}A05${KSN}0010${IV}`, 'M110'],
  ['a block LMK with a key that is not a block', `M00011FFF${ZEK}0010${IV}`, 'M128'],
  ['half a block in ECB', `M0001100A${ZEK}0008${IV.slice(8)}`, 'M180'],
  ['half a block in CBC', `M0011100A${ZEK}${IV}0008${IV.slice(8)}`, 'M180'],
  ['half a block to decrypt', `M2011100A${ZEK}${IV}0008${IV.slice(8)}`, 'M380'],
  ['no data', `M0001100A${ZEK}0000`, 'M180'],
  ['no data in CFB8', `M0021100A${ZEK}${IV}0000`, 'M180'],
  ['an odd number of digits', `M0001100A${ZEK}000F${IV.slice(1)}`, 'M180'],
  ['data that is not hexadecimal', `M0001100A${ZEK}0010${IV.replace('7', 'X')}`, 'M135'],
  ['no IV', `M0011100A${ZEK}0010${IV}`, 'M115'],
  ['an IV in ECB', `M0001100A${ZEK}${IV}0010${IV}`, 'M180'],
  ['a length beyond the data', `M0001100A${ZEK}0020${IV}`, 'M115'],
  ['a length before the end of the data', `M0001100A${ZEK}0010${IV}${IV}`, 'M115'],
  ['no KSN', `M00011009${BDK}0010${IV}`, 'M115'],
])('refuses %s', async (_, request, reply) => {
  expect(await run(request)).toBe(reply);
});

test('refuses data whose reply would not fit into a frame', async () => {
  expect(await run(`M0000100A${ZEK}7F00${'x'.repeat(0x7f00)}`)).toBe('M180');
});
