import { createHash } from 'node:crypto';

/** The root domain, the only one. */
export const ROOT_DOMAIN = '00000000-0000-0000-0000-000000000000';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Derives a UUID from unique names: version 8 of RFC 9562, the first 128 bits of SHA-256. */
export function uuidOf(...names: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(names)).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * Formats a time as RFC 3339, in UTC.
 *
 * @param digits fractional digits, as in CipherTrust Manager: 6 in createdAt and synced_at, 9 in updatedAt, 0 in the
 *               members of KMS. Those after the third are zeros.
 */
export function timestamp(time: Date, digits: 0 | 6 | 9): string {
  const [seconds = '', fraction = ''] = time.toISOString().slice(0, -1).split('.');
  return digits === 0 ? `${seconds}Z` : `${seconds}.${fraction.padEnd(digits, '0')}Z`;
}
