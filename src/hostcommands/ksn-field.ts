import { HostError } from './host-error.js';
import type { RequestFields } from './request-fields.js';

/** Digits of a transaction counter: 21 bits of a TDES KSN, 32 bits of an AES one. */
const TDES_COUNTER = 5;
const AES_COUNTER = 8;
/** Digits of a whole KSN. */
const TDES_KSN = 20;
const AES_KSN = 24;

/**
 * Reads the descriptor of a KSN, the KSN and all fields after it. The descriptor has the numbers of digits of the
 * identifiers of the BDK, the sub-key and the device. Some hosts send a KSN whole, with the `F` on its left that the
 * descriptor doesn't count; only the fields after it tell.
 *
 * @param rest receives the KSN, 20 (TDES) or 24 (AES) digits; called again where the KSN is read in another way
 */
export function readKsn<T>(fields: RequestFields, rest: (ksn: string) => T): T {
  const descriptor = fields.hex('KSN descriptor', 3);
  const identifiers = Array.from(descriptor, (digit) => parseInt(digit, 16)).reduce((sum, length) => sum + length);
  const read = (digits: number) => () => rest(fields.hex('KSN', digits).padStart(TDES_KSN, 'F'));
  const tdes = identifiers + TDES_COUNTER;
  if (tdes === TDES_KSN) return read(TDES_KSN)();
  if (tdes < TDES_KSN) return fields.firstComplete(read(tdes), read(TDES_KSN));
  if (identifiers + AES_COUNTER === AES_KSN) return read(AES_KSN)();
  throw new HostError('15', `KSN descriptor: ${descriptor} is the length of no KSN`);
}
