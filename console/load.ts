import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api.js';

/** A value that a screen or a part of it waits for. */
export type Loaded<Value> = { reload: () => void } & (
  | { state: 'loading' }
  /** `at` is the time when the value arrived; `stale` is the error of a later attempt to load it. */
  | { state: 'ready'; value: Value; at: number; stale?: ApiError }
  | { state: 'failed'; error: ApiError }
);

/**
 * Loads a value when the component appears, and again when a dependency changes or `reload` is called. A reload keeps
 * the current value until the next one arrives, even if the reload fails. A result that arrives after a newer request
 * is dropped.
 */
export function useLoad<Value>(load: () => Promise<Value>, dependencies: readonly unknown[]): Loaded<Value> {
  const [attempt, setAttempt] = useState(0);
  const lastAttempt = useRef(attempt);
  const reload = () => setAttempt((last) => last + 1);
  const [loaded, setLoaded] = useState<Loaded<Value>>({ state: 'loading', reload });
  useEffect(() => {
    let current = true;
    const isReload = attempt !== lastAttempt.current;
    lastAttempt.current = attempt;
    setLoaded((last) => (isReload && last.state === 'ready' ? last : { state: 'loading', reload }));
    load().then(
      (value) => current && setLoaded({ state: 'ready', value, at: Date.now(), reload }),
      (thrown: unknown) => {
        if (!current) return;
        const error = errorOf(thrown);
        setLoaded((last) => (last.state === 'ready' ? { ...last, stale: error } : { state: 'failed', error, reload }));
      },
    );
    return () => {
      current = false;
    };
  }, [...dependencies, attempt]);
  return loaded;
}

/** Returns an error that can be shown. Any other than one of the API comes from a response of another form than expected. */
function errorOf(thrown: unknown): ApiError {
  return thrown instanceof ApiError
    ? thrown
    : new ApiError('ResponseError', `The response could not be read: ${String(thrown)}`, '');
}

/** Some items of a list, and the token of those that follow. */
export interface Page<Item> {
  items: readonly Item[];
  next?: string | undefined;
}

/** The pages of a list that have been loaded. */
export interface Pages<Item> {
  items: readonly Item[];
  /** Loads the next page; undefined after the last one, and while a page is being loaded. */
  more?: (() => void) | undefined;
  isLoading: boolean;
  /** Error of the attempt to load the next page. */
  error?: ApiError | undefined;
}

/** Loads a list page by page, from its beginning when a dependency changes. @param load loads the page of a token */
export function usePages<Item, First extends Page<Item>>(
  load: (token?: string) => Promise<First>,
  dependencies: readonly unknown[],
): { loaded: Loaded<First>; pages: Pages<Item> } {
  const loaded = useLoad(() => load(), dependencies);
  const first = loaded.state === 'ready' ? loaded.value : undefined;
  const [later, setLater] = useState<Later<Item>>({ of: undefined, items: [] });
  // If the list was reloaded in the meantime, these pages belong to the old first page and aren't shown.
  const own: Later<Item> = later.of === first ? later : { of: first, items: [], next: first?.next };
  const { next } = own;
  const more = async () => {
    setLater({ ...own, isLoading: true });
    const update = (changed: Later<Item>) => setLater((last) => (last.of === first ? changed : last));
    try {
      const page = await load(next);
      update({ of: first, items: [...own.items, ...page.items], next: page.next });
    } catch (thrown) {
      update({ ...own, error: errorOf(thrown) });
    }
  };
  return {
    loaded,
    pages: {
      items: [...(first?.items ?? []), ...own.items],
      more: next === undefined || own.isLoading === true ? undefined : () => void more(),
      isLoading: own.isLoading === true,
      error: own.error,
    },
  };
}

/** The pages of a list after the first. */
interface Later<Item> extends Page<Item> {
  /** That first page. */
  of: unknown;
  isLoading?: boolean;
  error?: ApiError;
}

/** Returns a value once it has been stable for a while, so that a search starts when the user stops typing. */
export function useSettled<Value>(value: Value, ms = 250): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** Calls a function repeatedly while the page is visible. @param ms interval between calls; undefined for no calls */
export function usePolling(poll: () => void, ms: number | undefined): void {
  const latest = useRef(poll);
  latest.current = poll;
  useEffect(() => {
    if (ms === undefined) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') latest.current();
    }, ms);
    return () => clearInterval(timer);
  }, [ms]);
}
