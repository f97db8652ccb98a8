import { batch, signal } from '@preact/signals';
import { DEPLOYMENT } from './deployment.js';

/** Time without input after which the console signs out. */
const IDLE_MS = 15 * 60_000;
/** Longest delay that setTimeout takes. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** For temporary credentials only. */
  sessionToken?: string;
}

/** The signed-in principal. */
export interface Identity {
  name: string;
  arn: string;
  /** APIs that the deployment serves, by the prefixes of their actions. */
  apis: readonly string[];
  /** When the session ends, in milliseconds since 1970; absent for credentials that don't expire. */
  expiresAt?: number;
}

/**
 * The only module of the console that holds credentials. They are never stored, and never part of a URL, a title or a
 * message.
 */
let credentials: Credentials | undefined;
let idle: ReturnType<typeof setTimeout> | undefined;
let expiry: ReturnType<typeof setTimeout> | undefined;

/** The signed-in principal; undefined shows the sign-in page. */
export const identity = signal<Identity | undefined>();
/** Reason for an automatic sign-out, for the sign-in page. */
export const signedOutBecause = signal<string | undefined>();
/** The Region selected in the console. */
export const region = signal(DEPLOYMENT.region);

export function currentCredentials(): Credentials | undefined {
  return credentials;
}

/** Keeps credentials that the service has accepted. */
export function signIn(accepted: Credentials, who: Identity): void {
  credentials = accepted;
  // Credentials that these replace may expire earlier.
  clearTimeout(expiry);
  batch(() => {
    identity.value = who;
    signedOutBecause.value = undefined;
  });
  noteInput();
  if (who.expiresAt !== undefined)
    expiry = setTimeout(
      () => signOut('Your session has ended.'),
      Math.min(Math.max(who.expiresAt - Date.now(), 0), LONGEST_DELAY_MS),
    );
}

/** Forgets the credentials. @param reason shown on the sign-in page if the user didn't ask for it */
export function signOut(reason?: string): void {
  credentials = undefined;
  clearTimeout(idle);
  clearTimeout(expiry);
  batch(() => {
    identity.value = undefined;
    signedOutBecause.value = reason;
  });
}

function noteInput(): void {
  if (credentials === undefined) return;
  clearTimeout(idle);
  idle = setTimeout(() => signOut('You were signed out after 15 minutes without input.'), IDLE_MS);
}

for (const type of ['keydown', 'pointerdown']) addEventListener(type, noteInput, { passive: true });
// Otherwise the back/forward cache would keep the page and its memory.
addEventListener('pagehide', () => signOut());
