import { hex, vectors } from '../../test/support/vectors.js';
import {
  type ArqcCase,
  type ArqcWay,
  cryptogramOf,
  cryptogramVersionOf,
  evidenceOf,
  likeliestWays,
  parseTlv,
  readSignedData,
  searchArqc,
  verificationResultsOf,
  whatVersionSays,
} from './arqc-search.js';

const element = (tag: string, value: string) => ({ tag, value: hex(value) });
const EXPECTED: ArqcWay = {
  scheme: 'MASTERCARD_SESSION_KEY',
  padding: 2,
  iad: 'CVR',
  psn: '01',
  majorKeyDerivation: 'EMV_OPTION_A',
};
const ACTUAL: ArqcWay = { ...EXPECTED, scheme: 'EMV_COMMON_SESSION_KEY' };
/** A card whose issuer application data says cryptogram version 14: EMV common session keys. */
const CASE: ArqcCase = {
  issuerKey: hex('263D9EEA20259B7CC2612AADD5EF19CD'),
  pan: '5413330089020011',
  atc: hex('00A7'),
  un: hex('5A3C91E7'),
  iad: hex('0114A50003020000000000000000000000FF'),
  elements: [
    element('9F02', '000000012500'),
    element('9F03', '000000000000'),
    element('9F1A', '0752'),
    element('95', '0000008000'),
    element('5F2A', '0752'),
    element('9A', '261127'),
    element('9C', '00'),
    element('9F37', '5A3C91E7'),
    element('82', '3900'),
    element('9F36', '00A7'),
  ],
  arqc: hex('3BDBEBF8E13C9EBB'),
  expected: EXPECTED,
};
const withArqc = (way: ArqcWay, more: Partial<ArqcCase> = {}): ArqcCase => {
  const given = { ...CASE, ...more };
  return { ...given, arqc: cryptogramOf(given, way) };
};

test('finds the session key that the card used, among 40 variants', () => {
  const { attempts, matches, isExtended } = searchArqc(CASE);
  expect({ tried: attempts.length, isExtended }).toEqual({ tried: 40, isExtended: false });
  expect(attempts[0]?.way).toEqual(EXPECTED);
  expect(matches.map(({ way, differences }) => ({ way, differences }))).toEqual([
    { way: ACTUAL, differences: ['scheme'] },
  ]);
  const cryptograms = attempts.map(({ cryptogram }) => cryptogram.toString('hex').toUpperCase());
  for (const known of [
    'D51F0A3FE93D7BAB',
    '3871965B23F46F72',
    '5B64162A6A8F0E51',
    '57C3CB61B33DD32F',
    'B7E97060A5455C8B',
  ])
    expect(cryptograms).toContain(known);
});

test('reports that the expected variant matches', () => {
  const { matches } = searchArqc({ ...CASE, expected: ACTUAL });
  expect(matches.map(({ differences }) => differences)).toEqual([[]]);
});

test.each<[string, Partial<ArqcWay>]>([
  ['padding method 1', { padding: 1 }],
  ['the whole issuer application data', { iad: 'WHOLE' }],
  ['another sequence number', { psn: '00' }],
  ['no session key', { scheme: 'VISA', padding: 1 }],
  ['UnionPay and another sequence number', { scheme: 'UNION_PAY', psn: '00' }],
])('finds %s', (_, changed) => {
  const { matches, isExtended } = searchArqc(withArqc({ ...EXPECTED, ...changed }));
  expect(isExtended).toBe(false);
  expect(matches[0]?.differences).toEqual(Object.keys(changed));
});

test.each<[string, Partial<ArqcWay>]>([
  ['data without the unpredictable number', { change: 'NO_UNPREDICTABLE_NUMBER' }],
  ['data without the counter', { change: 'NO_COUNTER' }],
  ['a counter with its bytes swapped', { change: 'COUNTER_SWAPPED' }],
  ['no issuer application data', { iad: 'NONE' }],
])('finds in the extended search: %s', (_, changed) => {
  const { matches, isExtended } = searchArqc(withArqc({ ...ACTUAL, ...changed }));
  expect(isExtended).toBe(true);
  expect(matches.map(({ way }) => way)).toContainEqual({ ...ACTUAL, ...changed });
});

test('finds an amount that the card counted as zero, and option B of a long PAN', () => {
  const elements = CASE.elements.map((each) => (each.tag === '9F03' ? element('9F03', '000000000100') : each));
  const zero: ArqcWay = { ...ACTUAL, change: 'AMOUNT_OTHER_ZERO' };
  expect(searchArqc(withArqc(zero, { elements })).matches.map(({ way }) => way)).toContainEqual(zero);
  const optionB: ArqcWay = { ...ACTUAL, majorKeyDerivation: 'EMV_OPTION_B' };
  const { matches } = searchArqc(withArqc(optionB, { pan: '5413330089020011234' }));
  expect(matches.map(({ way }) => way)).toEqual([optionB]);
});

test('finds nothing with another issuer key', () => {
  const { matches, isExtended } = searchArqc({ ...CASE, issuerKey: hex('0123456789ABCDEFFEDCBA9876543210') });
  expect({ matches, isExtended }).toEqual({ matches: [], isExtended: true });
});

interface ArqcVector {
  imk?: string;
  pan: string;
  panSequenceNumber: string;
  majorKeyDerivation: ArqcWay['majorKeyDerivation'];
  sessionKeyDerivation: string;
  atc?: string;
  un?: string;
  transactionData?: string;
  padding?: string;
  expected: { arqc?: string };
}
const SCHEMES: Record<string, ArqcWay['scheme']> = {
  UNIONPAY: 'UNION_PAY',
  EMV_COMMON: 'EMV_COMMON_SESSION_KEY',
  MASTERCARD: 'MASTERCARD_SESSION_KEY',
  VISA: 'VISA',
  EMV2000: 'EMV2000',
};
const published = vectors<ArqcVector>('emv').filter(
  ({ imk, expected, transactionData, sessionKeyDerivation }) =>
    imk !== undefined &&
    expected.arqc !== undefined &&
    transactionData !== undefined &&
    sessionKeyDerivation in SCHEMES,
);

test.each(published)('$id: matches a published cryptogram', (vector) => {
  const way: ArqcWay = {
    scheme: SCHEMES[vector.sessionKeyDerivation]!,
    padding: vector.padding === 'method2' ? 2 : 1,
    iad: 'NONE',
    psn: vector.panSequenceNumber,
    majorKeyDerivation: vector.majorKeyDerivation,
  };
  const given: ArqcCase = {
    issuerKey: hex(vector.imk!),
    pan: vector.pan,
    atc: hex(vector.atc ?? '0000'),
    un: hex(vector.un ?? '00000000'),
    iad: Buffer.alloc(0),
    elements: [element('', vector.transactionData!)],
    arqc: hex(vector.expected.arqc!),
    expected: { ...way, padding: way.padding === 2 ? 1 : 2 },
  };
  expect(searchArqc(given).matches.map((match) => match.way)).toContainEqual(way);
});

test.each([
  ['Visa', '06010A03A00000', '03A00000', 0x0a],
  ['UnionPay', '07010103A00000010A', '03A00000', 0x01],
  ['M/Chip', '0114A50003020000000000000000000000FF', 'A50003020000', 0x14],
])('reads the verification results and the version of %s', (_, iad, results, version) => {
  expect(verificationResultsOf(hex(iad)).toString('hex').toUpperCase()).toBe(results);
  expect(cryptogramVersionOf(hex(iad))).toBe(version);
});

test('reads TLV data', () => {
  expect(parseTlv(hex('9F0206000000012500950500000080009F36810200A7'))).toEqual([
    element('9F02', '000000012500'),
    element('95', '0000008000'),
    element('9F36', '00A7'),
  ]);
});

test.each([
  ['a value that is cut off', '9F0206000000'],
  ['a tag without a length', '9F02'],
  ['a tag without an end', '9FFFFFFFFF02'],
  ['a length of two bytes', '95820005'],
])('refuses TLV data with %s', (_, data) => {
  expect(() => parseTlv(hex(data))).toThrow(expect.objectContaining({ code: 'DATA_FORMAT' }) as Error);
});

test.each([
  ['0114A50003020000000000000000000000FF', 'Mastercard', 'EMV_COMMON_SESSION_KEY', 'CVR'],
  ['0110A50003020000000000000000000000FF', 'Mastercard', 'MASTERCARD_SESSION_KEY', 'CVR'],
  ['06010A03A00000', 'Visa', 'VISA', 'CVR'],
  ['06011203A00000', 'Visa', 'EMV_COMMON_SESSION_KEY', 'WHOLE'],
  ['07010103A00000010A', 'UnionPay', 'UNION_PAY', 'CVR'],
])('the version in %s is one of %s', (iad, network, scheme, part) => {
  expect(whatVersionSays(hex(iad))).toMatchObject({ network, scheme, iad: part });
});

test.each(['', '01', '0199A5000302000000', '06011103A00000'])('the version in “%s” says nothing', (iad) => {
  expect(whatVersionSays(hex(iad))).toBeUndefined();
});

test('tries the variant that the version states first', () => {
  const ways = likeliestWays(CASE);
  expect(ways).toHaveLength(40);
  expect(ways[0]).toEqual(ACTUAL);
  expect(likeliestWays({ ...CASE, iad: hex('0199A5000302000000') })[0]).toEqual(EXPECTED);
});

test('collects unusual facts about the input', () => {
  const issuerKey = hex('01010101010101010101010101010100');
  const elements = [element('9F02', '0000000125000000')];
  expect(evidenceOf({ ...CASE, issuerKey, elements })).toEqual([
    'ISSUER_KEY_PARITY',
    'ISSUER_KEY_HALVES',
    'VERSION_DIFFERS',
    'COUNTER_NOT_SIGNED',
    'UNPREDICTABLE_NUMBER_NOT_SIGNED',
    'DATA_ALREADY_PADDED',
  ]);
  expect(evidenceOf({ ...CASE, expected: ACTUAL })).toEqual([]);
});

test('uses data that is not TLV unchanged', () => {
  expect(readSignedData(hex('9F360200A7'))).toEqual({ elements: [element('9F36', '00A7')] });
  for (const data of ['000000012500', '9F3602'])
    expect(readSignedData(hex(data))).toMatchObject({
      elements: [element('', data)],
      notTlv: expect.any(String) as string,
    });
});
