import { usageCode } from '../src/payment/keys/key-block-attributes.js';
import type { KeyAlgorithm, KeyModesOfUse, KeyUsage } from '../src/payment/keys/key-attributes.js';

/** Short names of usages, by their code in a key block header. */
const USAGES: Readonly<Record<string, string>> = {
  B0: 'DUKPT base derivation',
  C0: 'Card verification',
  D0: 'Data encryption',
  D1: 'Data encryption, asymmetric',
  E0: 'EMV cryptograms',
  E1: 'EMV confidentiality',
  E2: 'EMV integrity',
  E4: 'EMV dynamic numbers',
  E5: 'EMV personalization',
  E6: 'EMV, other',
  K0: 'Key encryption',
  K1: 'Key block protection',
  K2: 'TR-34 transport',
  K3: 'Key agreement',
  M0: 'ISO 16609 MAC',
  M1: 'ISO 9797-1 MAC, algorithm 1',
  M3: 'Retail MAC',
  M6: 'CMAC',
  M7: 'HMAC',
  P0: 'PIN encryption',
  P1: 'PIN generation',
  S0: 'Digital signature',
  V1: 'IBM 3624 PIN verification',
  V2: 'Visa PIN verification',
};

export function usageWords(usage: KeyUsage): string {
  return USAGES[usageCode(usage)] ?? usage;
}

/** E.g. TDES 2-key, AES-128, HMAC SHA-256, NIST P-256. */
export function algorithmWords(algorithm: KeyAlgorithm): string {
  return algorithm
    .replace(/^TDES_(\d)KEY$/, 'TDES $1-key')
    .replace(/^(AES|RSA)_/, '$1-')
    .replace(/^HMAC_SHA/, 'HMAC SHA-')
    .replace(/^ECC_NIST_P/, 'NIST P-');
}

/** E.g. `encrypt, decrypt`. */
export function modeWords(modes: KeyModesOfUse): string {
  const names = Object.entries(modes).flatMap(([name, set]) => (set ? [name] : []));
  return names.map((name) => name.replace(/(?<=.)[A-Z]/g, ' $&').toLowerCase()).join(', ');
}

/** E.g. `12 Sep 2026, 08:31 UTC`. @param seconds since 1970, as in the API */
export function timeWords(seconds: number): string {
  const time = new Date(1000 * seconds).toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
  });
  return `${time} UTC`;
}

/** E.g. `08:31:05 UTC`. @param ms since 1970 */
export function timeOfDay(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}

/** E.g. `08:31 UTC`. @param ms since 1970 */
export function minuteOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 16)} UTC`;
}

/** E.g. `just now`, `4 min ago`, `6 h ago`, `yesterday`, `9 days ago`. @param seconds since 1970, as in the API */
export function agoWords(seconds: number, now = Date.now()): string {
  const minutes = Math.floor((now / 1000 - seconds) / 60);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  const days = Math.floor(minutes / (24 * 60));
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

/** The last part of a principal's ARN: name of the user, the role and its session, or root. */
export function principalWords(arn: string): string {
  return arn.replace(/^.*?:(?:user\/|role\/|assumed-role\/)?(?=[^:]*$)/, '');
}

/** E.g. `in 2 days`, `in 5 hours`, `today`. @param seconds since 1970, as in the API */
export function untilWords(seconds: number, now = Date.now()): string {
  const hours = Math.max(0, Math.ceil((1000 * seconds - now) / 3_600_000));
  return hours >= 48 ? `in ${Math.floor(hours / 24)} days` : `in ${count(hours, 'hour')}`;
}

export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString('en-GB')} ${number === 1 ? noun : plural}`;
}

/** E.g. `5F0C…E1A4`. */
export function shortHash(hash: string): string {
  return hash === '' ? 'nowhere' : `${hash.slice(0, 4)}…${hash.slice(-4)}`.toUpperCase();
}
