import { KEY_ARGUMENTS } from '../src/payment/dataplane/keys/key-arguments.js';
import type { KeySummary } from '../src/payment/controlplane/keys/keys.schema.js';
import { checkRequirement, type KeyRequirement } from '../src/payment/keys/key-rules.js';

/** An operation's argument that accepts a key, and the variants of the request in which it does. */
export interface KeyUse {
  operation: string;
  argument: string;
  variants: string[];
}

/** Returns the arguments of the data plane that accept a key, by the table that the service enforces. */
export function argumentsOf(key: Pick<KeySummary, 'KeyAttributes'>): KeyUse[] {
  return Object.entries<Record<string, Record<string, KeyRequirement>>>(KEY_ARGUMENTS).flatMap(
    ([operation, accepted]) =>
      Object.entries(accepted).flatMap(([argument, byVariant]) => {
        const variants = Object.keys(byVariant).filter((variant) => isAccepted(byVariant[variant], key));
        return variants.length === 0 ? [] : [{ operation, argument, variants }];
      }),
  );
}

function isAccepted(needs: KeyRequirement | undefined, { KeyAttributes }: Pick<KeySummary, 'KeyAttributes'>): boolean {
  const { KeyUsage: usage, KeyAlgorithm: algorithm, KeyModesOfUse: modes } = KeyAttributes;
  try {
    if (needs) checkRequirement(needs, { usage, algorithm, modes }, '');
    return needs !== undefined;
  } catch {
    return false;
  }
}
