import { rootCall } from '../../../test/support/call.js';
import { document, type Elements, identityOf, USER } from '../../../test/support/policy.js';
import { toHex } from '../../crypto/bytes.js';
import { lendBytes } from '../../crypto/held-key.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { HostCall, type HostServices, type KeyNeeds } from '../command.js';
import type { KeyField } from '../layouts/request-fields.js';
import type { Lmks } from './lmks.js';
import { VariantKeys } from './variant-keys.js';
import { VariantLmk } from './variant-lmk.js';

const LMKS: Lmks = new Map([
  ['00', { scheme: 'variant', id: '00', pinLength: 4, lmk: VariantLmk.test() }],
  ['01', { scheme: 'keyblock', id: '01', pinLength: 4, key: 'alias/lmk' }],
]);
const KEYS = new VariantKeys(LMKS);
const ARN = 'arn:aws:keyblock:us-east-1:000000000000:lmk/00';

const host = (lmk = '00', call = rootCall('TranslatePinData')) => new HostCall(call, lmk, {} as HostServices);
const field = (text: string): KeyField => {
  const scheme = /^[0-9A-F]/.test(text) ? 'plain' : (text.charAt(0) as KeyField['scheme']);
  return { name: 'ZPK', scheme, text, value: scheme === 'plain' ? text : text.slice(1) };
};
const PEK = KEY_ARGUMENTS.TranslatePinData.IncomingKeyIdentifier.ISO_FORMAT_0;
const CVK = KEY_ARGUMENTS.GenerateCardValidationData.KeyIdentifier.CardVerificationValue1;
const zpk: KeyNeeds = { type: '001', rule: PEK };

const find = (text: string, needs = zpk, lmk?: string) => KEYS.find(host(lmk), field(text), needs);
const clear = (text: string, needs?: KeyNeeds) => find(text, needs).use<string>((key) => lendBytes(key, toHex));
const refusal = (code: string) => expect.objectContaining({ name: 'HostError', code }) as Error;

const DOUBLE = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const SINGLE = 'BAB32D775A38E4AB';

test('lends a key of the command with its check value and the ARN of the LMK', () => {
  const call = rootCall('TranslatePinData');
  const key = KEYS.find(host('00', call), field(DOUBLE), zpk);
  expect(key).toMatchObject({ arn: ARN, kcv: '6F1E3F', algorithm: 'TDES_2KEY', bytes: 16 });
  expect(clear(DOUBLE)).toBe('C7152C20BC2C830EA7EC9E8334ABE3FE');
  expect(call.record.keyArns).toEqual([ARN]);
});

test('lends a single-length key as a double-length key with equal halves', () => {
  expect(find(SINGLE)).toMatchObject({ kcv: '73936E', algorithm: 'TDES_2KEY', bytes: 8 });
  expect(clear(SINGLE)).toBe('13F10E5D868A529E13F10E5D868A529E');
  expect(clear(`Z${SINGLE}`)).toBe('13F10E5D868A529E13F10E5D868A529E');
});

test('lends a triple-length key', () => {
  const tpk = 'TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D151';
  expect(find(tpk, { ...zpk, type: '002' })).toMatchObject({ algorithm: 'TDES_3KEY', bytes: 24 });
});

test('opens a key once', () => {
  const held = () => find(DOUBLE).use((key) => key);
  expect(held()).toBe(held());
});

test('a key of another type has the parity of random bytes', () => {
  for (const type of ['000', '002', '003', '402', '009'])
    expect(() => find(DOUBLE, { ...zpk, type })).toThrow(refusal('10'));
  expect(() => find(DOUBLE, { ...zpk, type: '002', code: '11' })).toThrow(refusal('11'));
});

test('a key that was opened for one type is not served as another', () => {
  find(DOUBLE);
  expect(() => find(DOUBLE, { ...zpk, type: '402', rule: CVK })).toThrow(refusal('10'));
  expect(() => find(`X${DOUBLE.slice(1)}`)).toThrow(refusal('10'));
});

test.each(['FFF', '00E', ''])('refuses the key type %j', (type) => {
  expect(() => find(DOUBLE, { ...zpk, type })).toThrow(refusal('28'));
});

test('refuses keys of a length that the algorithm does not allow', () => {
  expect(() => find('ZBAB32D775A38E4AB', { type: '001', rule: CVK })).toThrow(refusal('27'));
  const tpk = 'TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D151';
  expect(() => find(tpk, { type: '002', rule: CVK })).toThrow(refusal('27'));
  const iso4 = KEY_ARGUMENTS.TranslatePinData.IncomingKeyIdentifier.ISO_FORMAT_4;
  expect(() => find(DOUBLE, { type: '001', rule: iso4 })).toThrow(refusal('27'));
});

test('refuses an LMK of another scheme and one that does not exist', () => {
  expect(() => find(DOUBLE, zpk, '01')).toThrow(refusal('10'));
  expect(() => find(DOUBLE, zpk, '02')).toThrow(refusal('13'));
});

test.each(['S', 'R', '@'] as const)('refuses a field of scheme %s', (scheme) => {
  expect(() => KEYS.find(host(), { name: 'ZPK', scheme, text: '', value: '' }, zpk)).toThrow(refusal('26'));
});

describe('policies', () => {
  const user = (...statements: Elements[]) => {
    const root = rootCall('TranslatePinData');
    const identity = {
      type: 'User',
      name: 'switch',
      userId: 'AIDA',
      statements: identityOf(document(statements)),
    } as const;
    return host('00', { ...root, principal: { ...root.principal, arn: USER, principalArn: USER, identity } });
  };
  const allow = { Effect: 'Allow', Action: 'payment-cryptography:TranslatePinData', Resource: ARN };

  test('allow the operation on the ARN of the LMK', () => {
    expect(KEYS.find(user(allow), field(DOUBLE), zpk).kcv).toBe('6F1E3F');
  });

  test.each<[string, Elements[]]>([
    ['another operation', [{ ...allow, Action: 'payment-cryptography:VerifyPinData' }]],
    ['another LMK', [{ ...allow, Resource: ARN.replace('lmk/00', 'lmk/01') }]],
    ['the LMK of another account', [{ ...allow, Resource: ARN.replace('000000000000', '111122223333') }]],
    ['keys of Payment Cryptography', [{ ...allow, Resource: 'arn:aws:payment-cryptography:*:*:key/*' }]],
    ['and deny it', [allow, { ...allow, Effect: 'Deny' }]],
  ])('refuse a cached key if they allow %s', (_, statements) => {
    find(DOUBLE);
    expect(() => KEYS.find(user(...statements), field(DOUBLE), zpk)).toThrow(refusal('29'));
  });
});
