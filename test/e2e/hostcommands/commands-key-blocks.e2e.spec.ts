import { CreateAliasCommand } from '@aws-sdk/client-payment-cryptography';
import { KEY_BLOCK, useEveryCommand } from '../../support/every-command.js';
import { createKeyOf } from '../../support/keys.js';

/**
 * Commands under an LMK for key blocks. Nobody but the service can open its blocks, so the host checks that values of
 * one command are right for another, and that each block serves its own purpose alone.
 */
const COMMANDS = [
  ...['A0', 'A4', 'A6', 'A8', 'BA', 'BE', 'BU', 'CA', 'CC', 'CW', 'CY', 'DE', 'DG', 'EA', 'EC', 'G0'],
  ...['JA', 'JE', 'JG', 'M0', 'M2', 'M6', 'M8', 'NG'],
];
const service = useEveryCommand(COMMANDS, {
  '01': { scheme: 'keyblock', key: 'alias/first-lmk' },
  '02': { scheme: 'keyblock', key: 'alias/second-lmk' },
});
const ask = (command: string) => service.ask(command, KEY_BLOCK);

const ACCOUNT = '123456789012';
/** The PAN of the account, as format 4 of ISO 9564-1 has it. */
const PAN = '41234567890128;';
const IBM = '012345678901234592692300000N';
const CARD = '4123456789012345;8701101';

/** Keys by usage, algorithm, mode of use, version and exportability. */
const KEYS = {
  tpk: 'P0T2B00E00',
  zpk: 'P0T2B00E00',
  aesZpk: 'P0A1B00E00',
  tripleAesZpk: 'P0A3B00E00',
  pvk: 'V2T2N00E00',
  ibmPvk: 'V1T2N00E00',
  bdk: 'B0T2X00E00',
  aesBdk: 'B0A1X00E00',
  zmk: 'K0A3B00E00',
  tdesZmk: 'K0T2B00E00',
  cvk: 'C0T2C00E00',
  retail: 'M3T2C00E00',
  cmac: 'M6A1C00E00',
  dek: 'D0T2B00E00',
  cvkToGenerate: 'C0T2G00E00',
  cvkToVerify: 'C0T2V00E00',
  encryptingZpk: 'P0T2E00E00',
  decryptingZpk: 'P0T2D00E00',
  nonExportable: 'P0T2B00N00',
  firstComponent: 'P0T2Bc1E00',
  secondComponent: 'P0T2Bc2E00',
};
type Name = keyof typeof KEYS | 'otherLmk';
const keys = {} as Record<Name, string>;
/** The PIN 1234 under the LMK, and in PIN blocks of formats 0 and 4. */
let pin: string;
let block: string;
let block4: string;

/** Returns the part of a reply that the pattern captures. */
async function captured(command: string, pattern: RegExp): Promise<string> {
  const reply = await ask(command);
  expect(reply).toMatch(pattern);
  return pattern.exec(reply)![1]!;
}

beforeAll(async () => {
  for (const alias of ['alias/first-lmk', 'alias/second-lmk']) {
    const modes = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'];
    const lmk = await createKeyOf(service, { usage: 'TR31_K0_KEY_ENCRYPTION_KEY', algorithm: 'AES_256', modes });
    await service.controlPlane.send(new CreateAliasCommand({ AliasName: alias, KeyArn: lmk.arn }));
  }
  for (const [name, header] of Object.entries(KEYS))
    keys[name as Name] = await captured(`A00FFFS#${header}`, /^A100(S1.*).{6}$/);
  keys.otherLmk = await captured(`A00FFFS%02#${KEYS.zpk}`, /^A100(S1.*).{6}$/);
  pin = await captured(`BA1234FFFFFFFFF${ACCOUNT}`, /^BB00(J[0-9A-F]{32})$/);
  block = await captured(`JG${keys.zpk}01${ACCOUNT}${pin}`, /^JH00([0-9A-F]{16})$/);
  block4 = await captured(`CC${keys.zpk}${keys.aesZpk}12${block}0148${PAN}`, /^CD0004([0-9A-F]{32})48$/);
});

/** Writes CC from one key to another. */
const cc = (from: string, to: string, rest = `${block}0101${ACCOUNT}`) => `CC${from}${to}12${rest}`;

describe('PINs', () => {
  test('a PIN is the same under the LMK and in each PIN block', async () => {
    expect(await ask(`JE${keys.zpk}${block}01${ACCOUNT}`)).toMatch(/^JF00J[0-9A-F]{32}$/);
    expect(await ask(`BE${keys.zpk}${block}01${ACCOUNT}${pin}`)).toBe('BF00');
    expect(await ask(cc(keys.aesZpk, keys.zpk, `${block4}4801${PAN}`))).toBe(`CD0004${block}01`);
    const other = await captured(cc(keys.aesZpk, keys.tripleAesZpk, `${block4}4848${PAN}`), /^CD0004(.{32})48$/);
    expect(await ask(cc(keys.tripleAesZpk, keys.zpk, `${other}4801${PAN}`))).toBe(`CD0004${block}01`);
  });

  test('JA generates a PIN of the length that it names', async () => {
    const generated = await captured(`JA${PAN}05`, /^JB00(J[0-9A-F]{32})$/);
    expect(await ask(`NG${ACCOUNT}${generated}`)).toMatch(/^NH00[0-9]{5}F*$/);
    expect(await ask(`NG000000000000${generated}`)).toBe('NH14');
  });

  test('DUKPT with AES and back', async () => {
    const ksn = '880123456789012345600000001';
    const onTpk = await captured(`JG${keys.tpk}01${ACCOUNT}${pin}`, /^JH00(.{16})$/);
    const dukpt = await captured(`CA${keys.tpk}${keys.aesBdk}${ksn}12${onTpk}0148${PAN}`, /^CB0004(.{32})48$/);
    expect(await ask(`G0${keys.aesBdk}${keys.zpk}${ksn}${dukpt}4801${PAN}`)).toBe(`G10004${block}01`);
  });

  test('a PVV and an offset are right for PIN blocks of both formats', async () => {
    const pvv = await captured(`DG${keys.pvk}${pin}${ACCOUNT}1`, /^DH00([0-9]{4})$/);
    expect(await ask(`EC${keys.zpk}${keys.pvk}${block}01${ACCOUNT}1${pvv}`)).toBe('ED00');
    expect(await ask(`EC${keys.aesZpk}${keys.pvk}${block4}48${PAN}1${pvv}`)).toBe('ED00');
    const offset = await captured(`DE${keys.ibmPvk}${pin}04${ACCOUNT}${IBM}`, /^DF02([0-9]{4}F{8})$/);
    expect(await ask(`EA${keys.zpk}${keys.ibmPvk}12${block}0104${ACCOUNT}${IBM}${offset}`)).toBe('EB02');
    expect(await ask(`EA${keys.aesZpk}${keys.ibmPvk}12${block4}4804${PAN}${IBM}${offset}`)).toBe('EB02');
  });

  test.each([
    { rest: `4805${PAN}`, error: '23', name: 'ISO 1' },
    { rest: `4803${PAN}`, error: '23', name: 'the format of Diebold' },
    { rest: '480141234567890127;', error: '20', name: 'the PAN with another check digit' },
  ])('CC refuses $name with $error', async ({ rest, error }) => {
    expect(await ask(cc(keys.aesZpk, keys.zpk, `${block4}${rest}`))).toBe(`CD${error}`);
  });
});

describe('purposes of keys', () => {
  test.each<Name>(['cvk', 'retail', 'dek', 'tdesZmk', 'pvk', 'bdk'])('CC refuses %s with A6', async (name) => {
    expect(await ask(cc(keys[name], keys.zpk))).toBe('CDA6');
  });

  test.each<Name>(['zpk', 'tdesZmk', 'retail'])('M2 refuses %s with A6', async (name) => {
    expect(await ask(`M20011FFF${keys[name]}0010${block}`)).toBe('M3A6');
  });

  test('modes of use: a key encrypts, decrypts, generates or verifies as its block says', async () => {
    expect(await ask(cc(keys.encryptingZpk, keys.zpk))).toBe('CDA8');
    expect(await ask(cc(keys.zpk, keys.decryptingZpk))).toBe('CDA8');
    const cvv = await captured(`CW${keys.cvkToGenerate}${CARD}`, /^CX00([0-9]{3})$/);
    expect(await ask(`CY${keys.cvkToGenerate}${cvv}${CARD}`)).toBe('CZA8');
    expect(await ask(`CW${keys.cvkToVerify}${CARD}`)).toBe('CXA8');
  });

  test.each([
    { place: 6, character: 'D', what: 'usage', error: 'A4' },
    { place: 9, character: 'N', what: 'mode of use', error: 'A4' },
    { place: 12, character: 'S', what: 'exportability', error: 'A4' },
    { place: 16, character: '2', what: 'LMK', error: 'A4' },
    { place: 95, character: 'x', what: 'authenticator', error: 'A4' },
  ])('CC refuses a block with another $what with $error', async ({ place, character, error }) => {
    const changed = keys.zpk.slice(0, place) + character + keys.zpk.slice(place + 1);
    expect(changed).not.toBe(keys.zpk);
    expect(await ask(cc(changed, keys.tpk))).toBe(`CD${error}`);
  });

  test('a block opens under its own LMK only', async () => {
    expect(await ask(cc(keys.zpk, keys.otherLmk))).toMatch(/^CD0004.{16}01$/);
    expect(await ask(cc(keys.zpk, `${keys.otherLmk.slice(0, 15)}01${keys.otherLmk.slice(17)}`))).toBe('CDA4');
    expect(await ask(`${cc(keys.zpk, keys.tpk)}%02`)).toBe('CD13');
  });
});

test('MACs, data and check values', async () => {
  const mac = await captured(`M600160FFF${keys.cmac}0003abc`, /^M700([0-9A-F]{16})$/);
  expect(await ask(`M800160FFF${keys.cmac}0003abc${mac}`)).toBe('M900');
  expect(await ask(`M800160FFF${keys.cmac}0003abd${mac}`)).toBe('M901');
  expect(await ask(`M600110FFF${keys.retail}0008abcdefgh`)).toBe('M7A6');
  const data = '0123456789ABCDEF';
  const encrypted = await captured(`M00011FFF${keys.dek}0010${data}`, /^M1000010([0-9A-F]{16})$/);
  expect(await ask(`M20011FFF${keys.dek}0010${encrypted}`)).toBe(`M3000010${data}`);
  const value = await captured(`BUFFF${keys.dek};FFF;001`, /^BV00([0-9A-F]{6})$/);
  const zeros = await captured(`M00011FFF${keys.dek}0010${'0'.repeat(16)}`, /^M1000010([0-9A-F]{16})$/);
  expect(value).toBe(zeros.slice(0, 6));
});

describe('import and export', () => {
  test('A6 imports what A8 exports, but not with another usage', async () => {
    const exported = await captured(`A8FFF${keys.zmk}${keys.zpk}R`, /^A900(RD\d{4}P0TB00E.*).{6}$/);
    const imported = await captured(`A6FFF${keys.zmk}${exported}S`, /^A700(S10096P0TB00E0001.*).{6}$/);
    expect(await ask(cc(imported, keys.zpk))).toBe(`CD0004${block}01`);
    expect(await ask(`A6FFF${keys.zmk}${exported.replace('P0', 'D0')}S`)).toBe('A7A4');
    expect(await ask(`A6FFF${keys.zmk}${exported}S#D0T2B00E00`)).toBe('A7A6');
  });

  test.each<{ name: string; zmk: Name; key: Name; fields: string; error: string }>([
    { name: 'a key that is not exportable', zmk: 'zmk', key: 'nonExportable', fields: 'R', error: 'AA' },
    { name: 'a scheme without attributes', zmk: 'tdesZmk', key: 'zpk', fields: 'U', error: 'AA' },
    { name: 'another usage', zmk: 'zmk', key: 'zpk', fields: 'R#D0T2B00E00', error: 'A6' },
    { name: 'an AES key under a TDES key', zmk: 'tdesZmk', key: 'tripleAesZpk', fields: 'R', error: 'BB' },
  ])('A8 refuses $name with $error', async ({ zmk, key, fields, error }) => {
    expect(await ask(`A8FFF${keys[zmk]}${keys[key]}${fields}`)).toBe(`A9${error}`);
  });

  test('components form keys with A4, and are no keys themselves', async () => {
    expect(await ask(`A42FFFS${keys.firstComponent}${keys.zpk}`)).toBe('A5A9');
    expect(await ask(cc(keys.firstComponent, keys.zpk))).toBe('CDA9');
    const three = `A43FFFS${keys.firstComponent}${keys.secondComponent}`;
    const third = await captured('A00FFFS#P0T2Bc3E00', /^A100(S1.*).{6}$/);
    expect(await ask(`${three}${third}`)).toMatch(/^A500S10096P0TB00E0001/);
  });

  test.each([
    ['A00FFFU#K0T2B00E00', '26'],
    ['A00FFFS', '15'],
    ['A00FFFS#ZZT2B00E00', 'A6'],
    ['A00FFFS#P0T9B00E00', 'A7'],
    ['A00FFFS#P0T2Q00E00', 'A8'],
    ['A00FFFS#P0T2B00Q00', 'AA'],
  ])('%s is refused with %s', async (command, error) => {
    expect(await ask(command)).toBe(`A1${error}`);
  });
});
