import { hex } from '../../test/support/vectors.js';
import { arpcSteps, cryptogramKeys, scriptMacSteps } from './emv-keys.js';

const KEY = hex('263D9EEA20259B7CC2612AADD5EF19CD');
const CARD = { majorKeyDerivation: 'EMV_OPTION_A', pan: '5413330089020011', psn: '01' } as const;
const SESSION = { atc: hex('00A7'), un: hex('5A3C91E7') };
const digits = (bytes: Buffer) => bytes.toString('hex').toUpperCase();

test('shows the derivation of a session key', () => {
  const keys = cryptogramKeys(KEY, CARD, 'EMV_COMMON_SESSION_KEY', SESSION);
  expect(keys.diversification).toBe('1333008902001101');
  expect(digits(keys.iccKey)).toBe('648FFB57DCF1C875D0496116AEA8AE16');
  expect(digits(keys.sessionKey)).toBe('C82094D0F2B90132623DBCE52F61328A');
  expect(keys.sessionInput.map((part) => part.digits)).toEqual(['00A7', 'F0', '0000000000']);
});

test.each([
  ['MASTERCARD_SESSION_KEY', ['00A7', 'F0', '00', '5A3C91E7']],
  ['UNION_PAY', ['000000000000', '00A7']],
  ['EMV2000', ['00A7']],
  ['VISA', []],
  ['AMEX', []],
] as const)('names the diversification data of the session key of %s', (scheme, input) => {
  const { sessionInput, iccKey, sessionKey } = cryptogramKeys(KEY, CARD, scheme, SESSION);
  expect(sessionInput.map((part) => part.digits)).toEqual(input);
  expect(sessionKey.equals(iccKey)).toBe(input.length === 0);
});

test.each([
  ['EMV_COMMON_SESSION_KEY', 'SESSION'],
  ['MASTERCARD_SESSION_KEY', 'ICC_MASTER'],
  ['VISA', 'ICC_MASTER'],
] as const)('computes the response of %s with the key that it prescribes', (scheme, key) => {
  const keys = cryptogramKeys(KEY, CARD, scheme, SESSION);
  const arqc = hex('3BDBEBF8E13C9EBB');
  expect(arpcSteps(keys, scheme, arqc, { method: 1, arc: hex('3030') })).toMatchObject({ key });
  const second = arpcSteps(keys, scheme, arqc, { method: 2, csu: hex('00820000'), proprietary: hex('') });
  expect(second.arpc).toHaveLength(4);
  expect(() => arpcSteps(keys, scheme, arqc, { method: 1, arc: hex('30') })).toThrow('response code');
});

test('names the diversification data of a script key', () => {
  const message = hex('84180000080000A7');
  const cryptogram = { applicationCryptogram: hex('3BDBEBF8E13C9EBB') };
  const common = scriptMacSteps(KEY, CARD, 'EMV_COMMON_SESSION_KEY', cryptogram, message);
  expect(common.sessionInput).toEqual([{ name: 'Application cryptogram', digits: '3BDBEBF8E13C9EBB' }]);
  expect(digits(common.padded)).toBe('84180000080000A78000000000000000');
  const visa = scriptMacSteps(KEY, CARD, 'VISA', SESSION, message);
  expect(visa.sessionInput).toEqual([{ name: 'ATC', digits: '00A7' }]);
  expect(() => scriptMacSteps(KEY, CARD, 'MASTERCARD_SESSION_KEY', SESSION, message)).toThrow('application cryptogram');
});
