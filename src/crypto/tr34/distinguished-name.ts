import { IA5String, PrintableString, Utf8String } from 'asn1js';
import { CryptoError } from '../errors.js';
import { oid, sequence, set } from './asn1.js';

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
