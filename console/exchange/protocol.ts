import { batch, effect, signal } from '@preact/signals';
import type { KeyCheckValueAlgorithm } from '../../src/payment/keys/key-attributes.js';
import { identity } from '../session.js';

/** An action in this tab, for the record of an exchange. */
export interface Entry {
  /** Milliseconds since 1970. */
  time: number;
  what: string;
  keyArn: string;
  checkValue: string;
  method?: KeyCheckValueAlgorithm | undefined;
}

/** Record of the keys that this tab created, imported and exported, and of the partner. */
export const protocol = signal<readonly Entry[]>([]);
export const partner = signal('');
/** Exchange methods that the partner's HSM supports. */
export const abilities = signal<readonly string[]>([]);
/** The test key of the exchange, and the check value that the partner reports for it. */
export const testKey = signal<{ arn: string; checkValue: string } | undefined>(undefined);
export const reported = signal('');
/** Text that was pasted into the inspector. */
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
