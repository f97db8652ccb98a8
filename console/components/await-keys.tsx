import type { ComponentChildren } from 'preact';
import type { Loaded } from '../load.js';
import { type ListedKey, type LoadedKeys, MOST_KEYS } from '../payment-keys.js';
import { count } from '../words.js';
import { Await } from './states.js';

/** Renders fields that offer keys once these are loaded, and says if there are others. */
export function AwaitKeys({
  loaded,
  children,
}: {
  loaded: Loaded<LoadedKeys>;
  children: (keys: readonly ListedKey[]) => ComponentChildren;
}) {
  return (
    <Await loaded={loaded}>
      {({ keys, more }) => (
        <>
          {children(keys)}
          {more && <p class="hint field">Only the first {count(MOST_KEYS, 'key')} of the Region can be chosen here.</p>}
        </>
      )}
    </Await>
  );
}
