import { useState } from 'preact/hooks';
import { ApiError } from './api.js';
import { announce } from './components/toast.js';

/** Runs changes, says what they did, and keeps the failure of the last one, to be shown beside its button. */
export function useChange(): {
  failure: ApiError | undefined;
  /** @returns the answer; undefined after a failure. @param done said when it is done */
  run: <Output>(change: () => Promise<Output>, done?: string) => Promise<Output | undefined>;
} {
  const [failure, setFailure] = useState<ApiError>();
  const run = async <Output>(change: () => Promise<Output>, done?: string) => {
    setFailure(undefined);
    try {
      const answer = await change();
      if (done !== undefined) announce(done);
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error);
      return undefined;
    }
  };
  return { failure, run };
}
