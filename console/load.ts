import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api.js';

/** What a screen or a part of it waits for. */
export type Loaded<Value> =
  | { state: 'loading' }
  | { state: 'ready'; value: Value; reload: () => void }
  | { state: 'failed'; error: ApiError; reload: () => void };

/**
 * Loads a value when the component appears, and again when a dependency changes or `reload` is called, which keeps the
 * value in place until the next one arrives. A result that arrives after the next one was asked for is dropped.
 */
export function useLoad<Value>(load: () => Promise<Value>, dependencies: readonly unknown[]): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ state: 'loading' });
  const [attempt, setAttempt] = useState(0);
  const lastAttempt = useRef(attempt);
  const reload = () => setAttempt((last) => last + 1);
  useEffect(() => {
    let current = true;
    const isReload = attempt !== lastAttempt.current;
    lastAttempt.current = attempt;
    setLoaded((last) => (isReload && last.state === 'ready' ? last : { state: 'loading' }));
    load().then(
      (value) => current && setLoaded({ state: 'ready', value, reload }),
      (thrown: unknown) => {
        if (!(thrown instanceof ApiError)) throw thrown;
        if (current) setLoaded({ state: 'failed', error: thrown, reload });
      },
    );
    return () => {
      current = false;
    };
  }, [...dependencies, attempt]);
  return loaded;
}
