import { equal, padMethod1, padMethod2, toHex } from '../crypto/bytes.js';
import { isStrong, withOddParity } from '../crypto/des.js';
import { applicationCryptogram } from '../crypto/emv/application-cryptogram.js';
import type { MajorKeyDerivation } from '../crypto/emv/icc-master-key.js';
import type { SessionKeyScheme } from '../crypto/emv/session-key.js';
import { CryptoError } from '../crypto/errors.js';
import { cryptogramKeys } from './emv-keys.js';

/** Tags of the data elements that a search changes. */
const AMOUNT_OTHER = '9F03';
const UNPREDICTABLE_NUMBER = '9F37';
const COUNTER = '9F36';

/** One data element that the card signs, in the order of the card. */
export interface SignedElement {
  /** Tag in upper case, e.g. `9F02`. */
  readonly tag: string;
  readonly value: Buffer;
}

/** The part of the issuer application data (tag 9F10) that the card signs. */
export type IadPart = 'CVR' | 'WHOLE' | 'NONE';

/** A variant of the computation of an application cryptogram. */
export interface ArqcWay {
  readonly scheme: SessionKeyScheme;
  /** Padding method of ISO/IEC 9797-1. */
  readonly padding: 1 | 2;
  readonly iad: IadPart;
  readonly psn: string;
  readonly majorKeyDerivation: MajorKeyDerivation;
  /** Change of the data or the counter, which only an extended search makes. */
  readonly change?: DataChange;
}

/** Changes that an extended search makes, in its order. */
const DATA_CHANGES = ['NO_UNPREDICTABLE_NUMBER', 'NO_COUNTER', 'AMOUNT_OTHER_ZERO', 'COUNTER_SWAPPED'] as const;
export type DataChange = (typeof DATA_CHANGES)[number];

/** A transaction whose cryptogram doesn't verify. */
export interface ArqcCase {
  /** Issuer master key, 16 bytes; stays the caller's to zeroize. */
  readonly issuerKey: Buffer;
  /** 12 to 19 digits. */
  readonly pan: string;
  /** 2 bytes. */
  readonly atc: Buffer;
  /** 4 bytes. */
  readonly un: Buffer;
  /** Issuer application data, up to 32 bytes; it is signed after the other elements. */
  readonly iad: Buffer;
  readonly elements: readonly SignedElement[];
  /** The card's cryptogram, 8 bytes. */
  readonly arqc: Buffer;
  /** The variant that was expected to match. */
  readonly expected: ArqcWay;
}

/** One attempt of a search. */
export interface ArqcAttempt {
  readonly way: ArqcWay;
  readonly cryptogram: Buffer;
  readonly matches: boolean;
  /** Members in which the variant differs from the expected one. */
  readonly differences: readonly (keyof ArqcWay)[];
}

export interface ArqcSearch {
  /** All attempts, beginning with the expected variant. */
  readonly attempts: readonly ArqcAttempt[];
  /** Those that match, with the fewest differences first. */
  readonly matches: readonly ArqcAttempt[];
  /** True if the extended search was needed. */
  readonly isExtended: boolean;
}

const SCHEMES: readonly SessionKeyScheme[] = [
  'EMV_COMMON_SESSION_KEY',
  'MASTERCARD_SESSION_KEY',
  'EMV2000',
  'VISA',
  'UNION_PAY',
];
const MEMBERS = ['scheme', 'padding', 'iad', 'psn', 'majorKeyDerivation', 'change'] as const;

/**
 * Tries the variants of application cryptograms that issuers use, to find out why one doesn't match: 40 combinations of
 * session key, padding, part of the issuer application data and PAN sequence number. If none of them matches, also
 * tries the other derivation of the ICC master key and common mistakes in the data.
 *
 * @throws CryptoError for a key, PAN or element of a wrong length
 */
export function searchArqc(given: ArqcCase): ArqcSearch {
  const { majorKeyDerivation } = given.expected;
  const usual = waysOf(given, majorKeyDerivation);
  const attempts = [given.expected, ...usual.filter((way) => differences(way, given.expected).length > 0)].map((way) =>
    attempt(given, way),
  );
  const found = matchesOf(attempts);
  if (found.length > 0) return { attempts, matches: found, isExtended: false };
  const more = extendedWays(given, usual).map((way) => attempt(given, way));
  return { attempts: [...attempts, ...more], matches: matchesOf(more), isExtended: true };
}

/** Names of the session keys in SessionKeyDerivationAttributes of the API. */
export const SESSION_KEY_NAMES = {
  EMV_COMMON_SESSION_KEY: 'EmvCommon',
  MASTERCARD_SESSION_KEY: 'Mastercard',
  EMV2000: 'Emv2000',
  VISA: 'Visa',
  AMEX: 'Amex',
  UNION_PAY: 'UnionPay',
} as const satisfies Record<SessionKeyScheme, string>;

/** The meaning of a cryptogram version number for the cryptograms of a card. */
export interface CryptogramVersion {
  readonly network: 'Visa' | 'UnionPay' | 'Mastercard';
  readonly versions: readonly number[];
  readonly scheme: SessionKeyScheme;
  readonly padding: 1 | 2;
  readonly iad: IadPart;
}

/**
 * Cryptogram version numbers, as in the issuer application data. Manuals often write Visa's in decimal: 10, 18 and
 * 22. Mastercard's are those of M/Chip.
 */
export const CRYPTOGRAM_VERSIONS: readonly CryptogramVersion[] = [
  { network: 'Visa', versions: [0x0a], scheme: 'VISA', padding: 1, iad: 'CVR' },
  { network: 'Visa', versions: [0x12, 0x16], scheme: 'EMV_COMMON_SESSION_KEY', padding: 2, iad: 'WHOLE' },
  { network: 'UnionPay', versions: [0x01], scheme: 'UNION_PAY', padding: 2, iad: 'CVR' },
  { network: 'Mastercard', versions: [0x10, 0x11], scheme: 'MASTERCARD_SESSION_KEY', padding: 2, iad: 'CVR' },
  { network: 'Mastercard', versions: [0x14, 0x15], scheme: 'EMV_COMMON_SESSION_KEY', padding: 2, iad: 'CVR' },
];

/** Returns the meaning of the cryptogram version in issuer application data; undefined for an unknown version. */
export function whatVersionSays(iad: Buffer): CryptogramVersion | undefined {
  const version = cryptogramVersionOf(iad);
  if (version === undefined) return undefined;
  return CRYPTOGRAM_VERSIONS.find(
    ({ network, versions }) => versions.includes(version) && (network === 'Mastercard') === !isVisaFormat(iad),
  );
}

/**
 * Returns the 40 usual variants, the likeliest first: those with the fewest differences from the cryptogram version or,
 * if that is unknown, from the expected variant.
 */
export function likeliestWays(given: Pick<ArqcCase, 'iad' | 'expected'>): ArqcWay[] {
  const { expected } = given;
  const said = whatVersionSays(given.iad);
  const likeliest = said ? { ...expected, scheme: said.scheme, padding: said.padding, iad: said.iad } : expected;
  const distance = (way: ArqcWay) => differences(way, likeliest).length;
  return waysOf(given, expected.majorKeyDerivation).sort((a, b) => distance(a) - distance(b));
}

/** A property of a case that explains why no variant matches. */
export type ArqcEvidence =
  | 'ISSUER_KEY_PARITY'
  | 'ISSUER_KEY_HALVES'
  | 'VERSION_DIFFERS'
  | 'COUNTER_NOT_SIGNED'
  | 'UNPREDICTABLE_NUMBER_NOT_SIGNED'
  | 'DATA_ALREADY_PADDED';

/** Collects unusual properties of a case, the likeliest cause of a wrong cryptogram first. */
export function evidenceOf(given: ArqcCase): ArqcEvidence[] {
  const { issuerKey, atc, un, iad, elements, expected } = given;
  const data = Buffer.concat(elements.map(({ value }) => value));
  const said = whatVersionSays(iad);
  const found: [boolean, ArqcEvidence][] = [
    [!equal(withOddParity(issuerKey), issuerKey), 'ISSUER_KEY_PARITY'],
    [!isStrong(issuerKey), 'ISSUER_KEY_HALVES'],
    [said !== undefined && said.scheme !== expected.scheme, 'VERSION_DIFFERS'],
    [!data.includes(atc), 'COUNTER_NOT_SIGNED'],
    [!data.includes(un), 'UNPREDICTABLE_NUMBER_NOT_SIGNED'],
    [data.length % 8 === 0 && data.length > 0, 'DATA_ALREADY_PADDED'],
  ];
  return found.flatMap(([is, evidence]) => (is ? [evidence] : []));
}

/** True for the format of Visa and UnionPay: length, key index, cryptogram version, then 4 bytes that begin with 03. */
function isVisaFormat(iad: Buffer): boolean {
  return iad.length >= 7 && iad[3] === 0x03;
}

/** Finds the card verification results in issuer application data, whose position depends on the scheme. */
export function verificationResultsOf(iad: Buffer): Buffer {
  if (isVisaFormat(iad)) return iad.subarray(3, 7);
  // M/Chip and EMV CCD: key index and cryptogram version, or format and key index, then 6 bytes and more.
  if (iad.length >= 8) return iad.subarray(2, 8);
  return iad;
}

/** Returns the cryptogram version number in issuer application data; undefined if there is none. */
export function cryptogramVersionOf(iad: Buffer): number | undefined {
  return isVisaFormat(iad) ? iad[2] : iad[1];
}

/** Returns the data that the card signs, without padding. */
export function signedData({ elements, iad }: Pick<ArqcCase, 'elements' | 'iad'>, way: ArqcWay): Buffer {
  const { change } = way;
  const left = elements.filter(
    ({ tag }) =>
      !(change === 'NO_UNPREDICTABLE_NUMBER' && tag === UNPREDICTABLE_NUMBER) &&
      !(change === 'NO_COUNTER' && tag === COUNTER),
  );
  const values = left.map(({ tag, value }) => {
    if (change === 'AMOUNT_OTHER_ZERO' && tag === AMOUNT_OTHER) return Buffer.alloc(value.length);
    return change === 'COUNTER_SWAPPED' && tag === COUNTER ? swapped(value) : value;
  });
  return Buffer.concat([...values, iadPart(iad, way.iad)]);
}

/** A transaction without the expected variant. */
export type ArqcTransaction = Omit<ArqcCase, 'arqc' | 'expected'>;

/** Returns the data that the card signs, padded to whole blocks: TransactionData in the API. */
export function paddedData(given: Pick<ArqcCase, 'elements' | 'iad'>, way: ArqcWay): Buffer {
  const data = signedData(given, way);
  return way.padding === 2 ? padMethod2(data, 8) : padMethod1(data, 8);
}

/** Returns the ATC of a case for one variant, 2 bytes. */
export function counterOf({ atc }: Pick<ArqcCase, 'atc'>, { change }: ArqcWay): Buffer {
  return change === 'COUNTER_SWAPPED' ? swapped(atc) : atc;
}

/** Computes the cryptogram of a case in one variant. @returns 8 bytes */
export function cryptogramOf(given: ArqcTransaction, way: ArqcWay): Buffer {
  const { issuerKey, pan, un } = given;
  const { scheme, majorKeyDerivation, psn } = way;
  const keys = cryptogramKeys(issuerKey, { majorKeyDerivation, pan, psn }, scheme, { atc: counterOf(given, way), un });
  try {
    return applicationCryptogram(keys.sessionKey, paddedData(given, way));
  } finally {
    keys.iccKey.fill(0);
    keys.sessionKey.fill(0);
  }
}

function attempt(given: ArqcCase, way: ArqcWay): ArqcAttempt {
  const cryptogram = cryptogramOf(given, way);
  return {
    way,
    cryptogram,
    matches: equal(cryptogram, given.arqc),
    differences: differences(way, given.expected),
  };
}

function differences(way: ArqcWay, expected: ArqcWay): (keyof ArqcWay)[] {
  return MEMBERS.filter((member) => way[member] !== expected[member]);
}

function matchesOf(attempts: readonly ArqcAttempt[]): ArqcAttempt[] {
  return attempts.filter(({ matches }) => matches).sort((a, b) => a.differences.length - b.differences.length);
}

/** The usual ways. Variants that sign the same data are tried once. */
function waysOf(
  { iad, expected }: Pick<ArqcCase, 'iad' | 'expected'>,
  majorKeyDerivation: MajorKeyDerivation,
): ArqcWay[] {
  const parts: readonly IadPart[] = iad.length === 0 ? ['NONE'] : ['CVR', 'WHOLE'];
  const sequenceNumbers = [...new Set([expected.psn, '00'])];
  return SCHEMES.flatMap((scheme) =>
    parts.flatMap((part) =>
      ([2, 1] as const).flatMap((padding) =>
        sequenceNumbers.map((psn) => ({ scheme, padding, iad: part, psn, majorKeyDerivation })),
      ),
    ),
  );
}

function extendedWays(given: ArqcCase, usual: readonly ArqcWay[]): ArqcWay[] {
  const other = given.expected.majorKeyDerivation === 'EMV_OPTION_A' ? 'EMV_OPTION_B' : 'EMV_OPTION_A';
  // Option B is for PANs of more than 16 digits.
  const derived = other === 'EMV_OPTION_B' && given.pan.length <= 16 ? [] : waysOf(given, other);
  const withoutIad = usual.filter(({ iad }) => iad === 'CVR').map((way) => ({ ...way, iad: 'NONE' as const }));
  const changed = DATA_CHANGES.flatMap((change) => usual.map((way) => ({ ...way, change })));
  return [...derived, ...withoutIad, ...changed].filter((way) => signedData(given, way).length > 0);
}

function iadPart(iad: Buffer, part: IadPart): Buffer {
  if (part === 'NONE') return Buffer.alloc(0);
  return part === 'WHOLE' ? iad : verificationResultsOf(iad);
}

function swapped(counter: Buffer): Buffer {
  return Buffer.from(counter).reverse();
}

/**
 * Reads the data that a card signs: tags, lengths and values, or otherwise as values only, in one element without a
 * tag.
 *
 * @returns the elements, and the reason why they aren't parsed as TLV
 */
export function readSignedData(data: Buffer): { elements: SignedElement[]; notTlv?: string } {
  const plain = (notTlv: string) => ({ elements: [{ tag: '', value: data }], notTlv });
  try {
    const elements = parseTlv(data);
    return elements.some(({ tag }) => tag === '00') ? plain('00 is not a tag') : { elements };
  } catch (error) {
    if (error instanceof CryptoError) return plain(error.message);
    throw error;
  }
}

/**
 * Reads signed data as tags, lengths and values (BER-TLV).
 *
 * @throws CryptoError DATA_FORMAT with the offset
 */
export function parseTlv(data: Buffer): SignedElement[] {
  const elements: SignedElement[] = [];
  let at = 0;
  const malformed = (what: string) => new CryptoError('DATA_FORMAT', `TLV data: ${what} at byte ${at}`, at);
  const byte = (): number => {
    const value = data[at];
    if (value === undefined) throw malformed('ends');
    at += 1;
    return value;
  };
  while (at < data.length) {
    const tagStart = at;
    if ((byte() & 0x1f) === 0x1f)
      while ((byte() & 0x80) !== 0) if (at - tagStart > 3) throw malformed('a tag is too long');
    const tag = toHex(data.subarray(tagStart, at));
    let length = byte();
    if (length === 0x81) length = byte();
    else if (length > 0x81) throw malformed('a length is too long');
    if (at + length > data.length) throw malformed(`${tag} is longer than the data`);
    elements.push({ tag, value: data.subarray(at, at + length) });
    at += length;
  }
  return elements;
}
