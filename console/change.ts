import { useRef, useState } from 'preact/hooks';
import { ApiError } from './api.js';
import { announce } from './components/toast.js';

/**
 * Runs changes one at a time, reports their effect, and keeps the last error, which is shown beside the button. A change
 * that is asked for while another is running isn't made: a second click must not create a second key.
 */
export function useChange(): {
  failure: ApiError | undefined;
  /** @returns the response; undefined after an error, or if a change is running. @param done message after success */
  run: <Output>(change: () => Promise<Output>, done?: string) => Promise<Output | undefined>;
} {
  const [failure, setFailure] = useState<ApiError>();
  const isRunning = useRef(false);
  const run = async <Output>(change: () => Promise<Output>, done?: string) => {
    if (isRunning.current) {
      announce('The last change is still running');
      return undefined;
    }
    isRunning.current = true;
    setFailure(undefined);
    try {
      const answer = await change();
      if (done !== undefined) announce(done);
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error);
      return undefined;
    } finally {
      isRunning.current = false;
    }
  };
  return { failure, run };
}

/**
 * Returns a function that makes sure that a text is still the one that is being edited, because saving would undo the
 * change of someone else. It throws an ApiError once for each such change: then the user knows of it, and may replace it.
 *
 * @param load reads the text
 */
export function useUnchanged(load: () => Promise<string>): (edited: string) => Promise<void> {
  const reported = useRef<string | undefined>(undefined);
  return async (edited) => {
    const present = await load();
    if (present === edited || present === reported.current) return;
    reported.current = present;
    throw new ApiError(
      'Changed meanwhile',
      'Someone else has changed it since you read it. Save again to replace their change, or cancel to read it.',
      '',
    );
  };
}

/**
 * Creates keys with aliases. If only the alias fails, the next attempt creates only the alias, and no second key.
 *
 * @param of the inputs of the key; once they differ, the next attempt creates another key
 */
export function useKeyWithAlias<Key>(of: string): {
  /** True if the key of these inputs exists, but not its alias. */
  needsAlias: boolean;
  /**
   * Both functions return undefined after an error.
   *
   * @param createAlias absent for a key without an alias
   * @returns the key, once it has its alias
   */
  create: (
    createKey: () => Promise<Key | undefined>,
    createAlias?: (key: Key) => Promise<unknown>,
  ) => Promise<Key | undefined>;
} {
  const [unnamed, setUnnamed] = useState<{ key: Key; of: string }>();
  const known = unnamed?.of === of ? unnamed.key : undefined;
  return {
    needsAlias: known !== undefined,
    create: async (createKey, createAlias) => {
      const key = known ?? (await createKey());
      if (key === undefined) return undefined;
      const isNamed = !createAlias || (await createAlias(key)) !== undefined;
      setUnnamed(isNamed ? undefined : { key, of });
      return isNamed ? key : undefined;
    },
  };
}
