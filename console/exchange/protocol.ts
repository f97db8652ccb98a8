import { batch, effect, signal } from '@preact/signals';
import type { KeyCheckValueAlgorithm } from '../../src/payment/keys/key-attributes.js';
import { identity } from '../session.js';

/** Something that was done in this tab, for the protocol of an exchange. */
export interface Entry {
  /** Milliseconds since 1970. */
  time: number;
  what: string;
  keyArn: string;
  checkValue: string;
  method?: KeyCheckValueAlgorithm | undefined;
}

/** What was created, imported and exported in this tab, and with whom. */
export const protocol = signal<readonly Entry[]>([]);
export const partner = signal('');
/** What the partner's HSM can do. */
export const abilities = signal<readonly string[]>([]);
/** The key with which the exchange is tried out, and the check value that the partner reports of it. */
export const testKey = signal<{ arn: string; checkValue: string } | undefined>(undefined);
export const reported = signal('');
/** What is pasted to be inspected. */
export const inspected = signal('');

export function note(entry: Omit<Entry, 'time'>): void {
  protocol.value = [...protocol.value, { time: Date.now(), ...entry }];
}

// Signing out forgets all of it.
effect(() => {
  if (identity.value !== undefined) return;
  batch(() => {
    protocol.value = [];
    abilities.value = [];
    testKey.value = undefined;
    for (const text of [partner, reported, inspected]) text.value = '';
  });
});
