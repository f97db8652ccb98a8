import { batch, signal } from '@preact/signals';
import { DEPLOYMENT } from './deployment.js';

/** Time without input after which the console signs out. */
const IDLE_MS = 15 * 60_000;
/** Time between checks if the session is over. One timer for the whole period would stop while the computer sleeps. */
const CHECK_MS = 10_000;
/** Time before the end of a session at which the console warns. */
const WARNING_MS = 5 * 60_000;

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
/** Time of the last input, in milliseconds since 1970. */
let lastInputAt = 0;
let calls = new AbortController();

/** The signed-in principal; undefined shows the sign-in page. */
export const identity = signal<Identity | undefined>();
/** Reason for an automatic sign-out, for the sign-in page. */
export const signedOutBecause = signal<string | undefined>();
/** True in the last minutes of the session. */
export const endsSoon = signal(false);
/** The Region selected in the console. */
export const region = signal(DEPLOYMENT.region);

export function currentCredentials(): Credentials | undefined {
  return credentials;
}

/** Aborts the calls that are running when the user signs out. */
export function callsSignal(): AbortSignal {
  return calls.signal;
}

/** Keeps credentials that the service has accepted. */
export function signIn(accepted: Credentials, who: Identity): void {
  credentials = accepted;
  lastInputAt = Date.now();
  batch(() => {
    identity.value = who;
    signedOutBecause.value = undefined;
  });
  checkTime();
}

/**
 * Forgets the credentials. Calls that are running end without a result, so that their changes aren't continued, nor
 * reported to, whoever signs in next.
 *
 * @param reason shown on the sign-in page if the user didn't ask for it
 */
export function signOut(reason?: string): void {
  credentials = undefined;
  calls.abort();
  calls = new AbortController();
  batch(() => {
    identity.value = undefined;
    signedOutBecause.value = reason;
  });
}

/** Signs out if the session has ended, or if there was no input for too long. */
function checkTime(): void {
  const who = identity.value;
  if (who === undefined) return;
  const now = Date.now();
  const left = (who.expiresAt ?? Infinity) - now;
  endsSoon.value = left <= WARNING_MS;
  if (now - lastInputAt >= IDLE_MS) signOut('You were signed out after 15 minutes without input.');
  else if (left <= 0) signOut('Your session has ended.');
}

function noteInput(): void {
  checkTime();
  lastInputAt = Date.now();
}

setInterval(checkTime, CHECK_MS);
for (const type of ['keydown', 'pointerdown']) addEventListener(type, noteInput, { passive: true });
// Otherwise the back/forward cache would keep the page and its memory.
addEventListener('pagehide', () => signOut());
