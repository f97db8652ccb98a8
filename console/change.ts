import { useState } from 'preact/hooks';
import { ApiError } from './api.js';
import { announce } from './components/toast.js';

/** Runs changes, reports their effect, and keeps the last error, which is shown beside the button. */
export function useChange(): {
  failure: ApiError | undefined;
  /** @returns the response; undefined after an error. @param done message after success */
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
