import fc from 'fast-check';
import { runCommand, TEST_LMKS, TEST_SETTINGS } from '../../../test/support/host-commands.js';
import { hex } from '../../../test/support/vectors.js';
import { toHex } from '../../crypto/bytes.js';
import { generateTdesKey, tdes } from '../../crypto/des.js';
import { decryptPinBlock, encryptPinBlock } from '../../crypto/pin-block.js';
import { type LmkShape, RequestFields } from '../layouts/request-fields.js';
import { CA, CC } from './ca-cc.command.js';

const run = (text: string) => runCommand([CA, CC], text);

/** A TPK and two ZPKs under the test LMK, with their clear values. */
const TPK = 'U8463435FC4B4DAA0C49025272C29B12C';
const ZPK = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const CLEAR_ZPK = hex('C7152C20BC2C830EA7EC9E8334ABE3FE');
const SINGLE_ZPK = 'BAB32D775A38E4AB';
const BDK = 'U8E3D3E2FD5919657F05A1AA90D32A014';
const PAN = '5500000253211';
const ACCOUNT = PAN.slice(0, -1);

const zpkBlock = (format: 0 | 1 | 3 | 'DIEBOLD', pin: string) => {
  using cipher = tdes(CLEAR_ZPK);
  return toHex(encryptPinBlock(cipher, format, { pin, pan: PAN }));
};

test.each([
  ['CCBAB32D775A38E4ABU1EF828AA8F6B80EB83E19FBC373F3A8512F7808F2CBEC631680301550000025321', 'CD000491DDDA0A7C12CFAA01'],
  ['CCBAB32D775A38E4ABU1EF828AA8F6B80EB83E19FBC373F3A8512F7808F2CBEC631680303550000025321', 'CD000482206CCD872229C203'],
  ['CA0406FBB23A5214DFBAB32D775A38E4AB12DC80B186C30902B00301550000025321', 'CB0004E98FFDA17099AF5501'],
  [
    'CAU8463435FC4B4DAA0C49025272C29B12CU1EF828AA8F6B80EB83E19FBC373F3A85126428EB94035AF53B0101550000025321',
    'CB000491DDDA0A7C12CFAA01',
  ],
])('%s is answered %s', async (request, reply) => {
  expect(await run(request)).toBe(reply);
  expect(await run(`${request}%00\x19trailer`)).toBe(`${reply}\x19trailer`);
});

test('the library reads every translated block, for any key, PIN, account and allowed formats', async () => {
  const FORMATS = { '01': 0, '03': 'DIEBOLD', '05': 1, '47': 3 } as const;
  const codes = Object.keys(FORMATS) as (keyof typeof FORMATS)[];
  const pairs = codes.flatMap((from) =>
    codes
      .filter((to) => (to !== '05' && to !== '03') || from === '03' || (from === '05' && to === '05'))
      .map((to) => [from, to] as const),
  );
  const lmk = TEST_LMKS.get('00');
  if (lmk?.scheme !== 'variant') throw new Error('LMK 00 is not a variant LMK');
  const digits = (least: number, most = least) => fc.stringMatching(new RegExp(`^[0-9]{${least},${most}}$`));
  const schemes = fc.constantFrom('plain', 'U', 'T', 'X');
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(['CA', '002'] as const, ['CC', '001'] as const),
      fc.constantFrom(...pairs),
      fc.tuple(schemes, schemes),
      digits(4, 12),
      digits(12),
      async ([code, type], [from, to], [fromScheme, toScheme], pin, account) => {
        const [source, destination] = [fromScheme, toScheme].map((scheme) =>
          generateTdesKey(scheme === 'T' ? 24 : scheme === 'plain' ? 8 : 16),
        ) as [Buffer, Buffer];
        const field = (type: string, scheme: typeof fromScheme, key: Buffer) =>
          (scheme === 'plain' ? '' : scheme) + toHex(lmk.lmk.wrap(type, scheme, key));
        const cipherOf = (key: Buffer) => tdes(key.length === 8 ? Buffer.concat([key, key]) : key);
        using sourceCipher = cipherOf(source);
        using destinationCipher = cipherOf(destination);
        const pan = `${account}7`;
        const block = toHex(encryptPinBlock(sourceCipher, FORMATS[from], { pin, pan }));
        const keys = field(type, fromScheme, source) + field('001', toScheme, destination);
        const reply = await run(`${code}${keys}12${block}${from}${to}${account}`);
        const start = `${code === 'CA' ? 'CB' : 'CD'}00${String(pin.length).padStart(2, '0')}`;
        expect(reply).toMatch(new RegExp(`^${start}[0-9A-F]{16}${to}$`));
        const translated = hex(reply.slice(6, 22));
        expect(decryptPinBlock(destinationCipher, FORMATS[to], { block: translated, pan })).toBe(pin);
      },
    ),
  );
});

test('translates to the PIN key of a transaction', async () => {
  const rest = `A05FFFF9876543210E0000112${zpkBlock(0, '1234')}`;
  // A TPK and a ZPK with the same value aren't the same field, so the source is a ZPK that CA refuses.
  expect(await run(`CA${ZPK}*${BDK}${rest}0101${ACCOUNT}`)).toBe('CB10');
  for (const flag of ['*', '']) {
    const reply = await run(`CA${TPK}${flag}${BDK}A05FFFF9876543210E00001126428EB94035AF53B0101${ACCOUNT}`);
    // Without its flag, the BDK is read as a ZPK, and the next field isn't a maximum length.
    expect(reply).toMatch(flag === '*' ? /^CB0004[0-9A-F]{16}01$/ : /^CB15$/);
  }
});

test('a KSN of 16 digits may have FFFF on its left', async () => {
  const run605 = (ksn: string) => run(`CA${TPK}*${BDK}605${ksn}126428EB94035AF53B0101${ACCOUNT}`);
  const reply = await run605('9876543210E00001');
  expect(reply).toMatch(/^CB0004/);
  expect(await run605('FFFF9876543210E00001')).toBe(reply);
  expect(await run605('00009876543210E00001')).toBe('CB23');
  expect(await run(`CA${TPK}*${BDK}605FFFF9876543210E00001126428EB94035AF53B0101${ACCOUNT}%00\x19t`)).toBe(
    `${reply}\x19t`,
  );
});

describe('refuses', () => {
  const cc = (more: { max?: string; block?: string; from?: string; to?: string; account?: string } = {}) => {
    const { max = '12', block = zpkBlock(0, '1234'), from = '01', to = '01', account = ACCOUNT } = more;
    return run(`CC${ZPK}${SINGLE_ZPK}${max}${block}${from}${to}${account}`);
  };

  test('nothing if everything is right', async () => {
    expect(await cc()).toMatch(/^CD0004/);
    expect(await cc({ block: zpkBlock(0, '123456789012') })).toMatch(/^CD0012/);
  });

  test.each(['01', '47'])('format %s to the formats 05 and 03, which have no account', async (from) => {
    for (const to of ['05', '03'])
      expect(await cc({ from, to, block: zpkBlock(from === '01' ? 0 : 3, '1234') })).toBe('CD23');
  });

  test('format 05 to 03', async () => {
    expect(await cc({ from: '05', to: '03', block: zpkBlock(1, '1234') })).toBe('CD23');
  });

  test.each(['02', '04', '34', '35', '41', '00', '99'])('format %s', async (format) => {
    expect(await cc({ from: format })).toBe('CD23');
    expect(await cc({ to: format })).toBe('CD23');
  });

  test('format 48 without an AES key', async () => {
    expect(await cc({ from: '48', account: `${PAN};` })).toBe('CD23');
    expect(await cc({ to: '48', account: `${PAN};` })).toBe('CD27');
  });

  test('a PIN that is longer than the maximum', async () => {
    expect(await cc({ max: '04', block: zpkBlock(0, '12345') })).toBe('CD24');
    expect(await cc({ max: '05', block: zpkBlock(0, '12345') })).toMatch(/^CD0005/);
    expect(await cc({ max: '03' })).toBe('CD24');
  });

  test('blocks of another account, format or key with one code', async () => {
    expect(await cc({ account: '550000025399' })).toBe('CD20');
    expect(await cc({ from: '47' })).toBe('CD20');
    expect(await cc({ from: '03', to: '03' })).toBe('CD20');
    expect(await cc({ block: '0123456789ABCDEF' })).toBe('CD20');
  });

  test('a data key, a TPK and a BDK as a ZPK', async () => {
    expect(await run(`CC${TPK}${ZPK}12${zpkBlock(0, '1234')}0101${ACCOUNT}`)).toBe('CD10');
    expect(await run(`CC${ZPK}${TPK}12${zpkBlock(0, '1234')}0101${ACCOUNT}`)).toBe('CD11');
    expect(await run(`CC${ZPK}${BDK}12${zpkBlock(0, '1234')}0101${ACCOUNT}`)).toBe('CD11');
  });

  test('a ZPK with the flag of a BDK', async () => {
    for (const flag of ['*', '~'])
      expect(await run(`CA${TPK}${flag}${ZPK}A05FFFF9876543210E00001126428EB94035AF53B0101${ACCOUNT}`)).toBe('CB11');
  });

  test.each([
    '',
    'U1EF8',
    ZPK,
    `${ZPK}${ZPK}1`,
    `${ZPK}${ZPK}12${'G'.repeat(16)}0101${ACCOUNT}`,
    `${ZPK}${ZPK}AB${'0'.repeat(16)}0101${ACCOUNT}`,
    `${ZPK}${ZPK}12${'0'.repeat(16)}0101${ACCOUNT.slice(1)}`,
    `${ZPK}${ZPK}12${'0'.repeat(16)}0101${ACCOUNT}1`,
    `${ZPK}${ZPK}12${'0'.repeat(16)}0101${ACCOUNT};`,
    `${ZPK}${ZPK}12${'0'.repeat(16)}010155000002532A`,
  ])('the malformed CC%s', async (fields) => {
    expect(await run(`CC${fields}`)).toBe('CD15');
  });
});

test('reads the requests of hosts with key blocks, recorded', () => {
  const lmks = new Map<string, LmkShape>([...TEST_LMKS, ['01', { scheme: 'keyblock', pinLength: 12 }]]);
  const request =
    'CCS00072P0TB00E0001EA421618B34F5FA1A77F7CF6480111B97CF0FAE7BD77D589EC921EF9S00072P0TB00E00010D869FE84C1F77AE64E0019151533363D4CCE7E1C3F89F3D86115EE812AD72F973446E84E70101850103093936%01';
  const fields = new RequestFields(Buffer.from(request), 2, { ...TEST_SETTINGS, lmks });
  expect(CC.parse(fields)).toMatchObject({
    from: { type: '001', field: { scheme: 'S' } },
    maximum: 12,
    fromFormat: 0,
    toFormat: 0,
    pan: '8501030939360',
  });
  expect(fields.lmk()).toBe('01');
});

test('an AES key in a key block has a PIN block of 32 digits and the whole PAN', () => {
  const header = 'S10096P0AB00E0001';
  const key = header + '0'.repeat(96 - header.length + 1);
  const block = 'AB'.repeat(16);
  const parse = (text: string) => CC.parse(new RequestFields(Buffer.from(text), 2, TEST_SETTINGS));
  const read = parse(`CC${key}${ZPK}12${block}4801${PAN};`);
  expect(read).toMatchObject({ fromFormat: 4, toFormat: 0, pan: PAN, block: hex(block) });
  expect(() => parse(`CC${key}${ZPK}12${block}0101${ACCOUNT}`)).toThrow(expect.objectContaining({ code: '23' }));
  expect(() => parse(`CC${key}${ZPK}12${block}4801${ACCOUNT}`)).toThrow(expect.objectContaining({ code: '15' }));
});
