import { IA5String, PrintableString, Utf8String } from 'asn1js';
import { CryptoError } from '../errors.js';
import { decodeSequence, type Element, Fields, oid, oidValue, sequence, set, TAG } from '../asn1.js';

/** An attribute of a Name by its short form of RFC 4514, `serialNumber` and `emailAddress` by their long one. */
export interface NameAttribute {
  type: 'CN' | 'serialNumber' | 'C' | 'L' | 'ST' | 'O' | 'OU' | 'emailAddress';
  value: string;
}

const TEXT_64 = /^[^\p{Cc}\p{Cs}]{1,64}$/u;
const TEXT_128 = /^[^\p{Cc}\p{Cs}]{1,128}$/u;

/** Types, strings, characters and upper bounds of RFC 5280 appendix A.1; 128 characters of an address are AWS's bound. */
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
 * Name: RFC 5280 section 4.1.2.4, one attribute per RDN, in the order given.
 *
 * @throws CryptoError CERTIFICATE when a value is empty, too long or not of its string type's characters
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

/** String types of a Name, RFC 5280 section 4.1.2.4, by their tags. */
const STRING_ENCODINGS: Partial<Record<number, 'utf8' | 'latin1'>> = {
  0x0c: 'utf8', // UTF8String
  0x13: 'latin1', // PrintableString
  0x14: 'latin1', // TeletexString
  0x16: 'latin1', // IA5String
};

/**
 * A Name in words, for people: `CN=Alice, O=Example`, in the order of the encoding. Types without a short form are object
 * identifiers; strings of other types are hexadecimal after `#`, and control characters and the comma in a value too.
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
