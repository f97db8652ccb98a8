import { IA5String, PrintableString, Utf8String } from 'asn1js';
import { CryptoError } from '../errors.js';
import { decodeSequence, type Element, Fields, oid, oidValue, sequence, set, TAG } from '../asn1.js';

/**
 * An attribute of a Name, with its short type name from RFC 4514; `serialNumber` and `emailAddress` have no short name
 * there.
 */
export interface NameAttribute {
  type: 'CN' | 'serialNumber' | 'C' | 'L' | 'ST' | 'O' | 'OU' | 'emailAddress';
  value: string;
}

const TEXT_64 = /^[^\p{Cc}\p{Cs}]{1,64}$/u;
const TEXT_128 = /^[^\p{Cc}\p{Cs}]{1,128}$/u;

/**
 * Attribute types, string types, characters and upper bounds of RFC 5280 appendix A.1; the bound of 128 characters for
 * an email address is AWS's.
 */
const ATTRIBUTES = {
  CN: { type: oid('2.5.4.3'), string: Utf8String, allowed: TEXT_64 },
  serialNumber: { type: oid('2.5.4.5'), string: PrintableString, allowed: /^[A-Za-z0-9 '()+,./:=?-]{1,64}$/ },
  C: { type: oid('2.5.4.6'), string: PrintableString, allowed: /^[A-Za-z]{2}$/ },
  L: { type: oid('2.5.4.7'), string: Utf8String, allowed: TEXT_128 },
  ST: { type: oid('2.5.4.8'), string: Utf8String, allowed: TEXT_128 },
  O: { type: oid('2.5.4.10'), string: Utf8String, allowed: TEXT_64 },
  OU: { type: oid('2.5.4.11'), string: Utf8String, allowed: TEXT_64 },
  emailAddress: { type: oid('1.2.840.113549.1.9.1'), string: IA5String, allowed: /^[\x21-\x7e]{1,128}$/ },
} as const;

/**
 * Encodes a Name: RFC 5280 section 4.1.2.4, one attribute per RDN, in the given order.
 *
 * @throws CryptoError CERTIFICATE when a value is empty, is too long or has characters that its string type does not
 *   allow
 */
export function distinguishedName(attributes: readonly NameAttribute[]): Buffer {
  return sequence(...attributes.map((attribute) => set(sequence(...encodeAttribute(attribute)))));
}

function encodeAttribute({ type: name, value }: NameAttribute): [Buffer, Buffer] {
  const { type, string, allowed } = ATTRIBUTES[name];
  if (!allowed.test(value))
    throw new CryptoError(
      'CERTIFICATE',
      `The attribute ${name} is empty, too long, or has characters not allowed in it`,
    );
  return [type, Buffer.from(new string({ value }).toBER())];
}

/** Character encodings of the string types of a Name, RFC 5280 section 4.1.2.4, by tag. */
const STRING_ENCODINGS: Partial<Record<number, 'utf8' | 'latin1'>> = {
  0x0c: 'utf8', // UTF8String
  0x13: 'latin1', // PrintableString
  0x14: 'latin1', // TeletexString
  0x16: 'latin1', // IA5String
};

/**
 * Formats a Name for display, in the order of its encoding: `CN=Alice, O=Example`. A type without a known name appears
 * as its object identifier. A value appears as hexadecimal after `#` if it is of another string type or contains
 * control characters, commas or plus signs.
 *
 * @param name Name, DER
 * @throws CryptoError CERTIFICATE
 */
export function describeName(name: Buffer): string {
  const rdns = decodeSequence(name, 'Name', 'CERTIFICATE');
  const words: string[] = [];
  for (let rdn = rdns.optional(TAG.SET); rdn !== undefined; rdn = rdns.optional(TAG.SET)) {
    if (rdn.children.length === 0)
      throw new CryptoError('CERTIFICATE', 'A RelativeDistinguishedName must not be empty');
    words.push(rdn.children.map(describeAttribute).join(' + '));
  }
  rdns.end();
  return words.join(', ');
}

function describeAttribute({ children }: Element): string {
  const fields = new Fields('AttributeTypeAndValue', children, 'CERTIFICATE');
  const type = fields.take(TAG.OID, 'type');
  const value = children[1];
  if (value === undefined || children.length > 2)
    throw new CryptoError('CERTIFICATE', 'AttributeTypeAndValue must have a type and one value');
  const known = Object.entries(ATTRIBUTES).find(([, attribute]) => attribute.type.equals(type.der));
  const encoding = STRING_ENCODINGS[value.tag];
  const text = encoding && value.content.toString(encoding);
  const readable = text !== undefined && !/[\p{C},+]/u.test(text);
  return `${known?.[0] ?? oidValue(type)}=${readable ? text : `#${value.content.toString('hex')}`}`;
}
