import type { Pages } from '../load.js';
import { Failure } from './states.js';

/** Button that loads the next page of a list, and the error if that fails. */
export function More<Item>({ pages: { more, isLoading, error }, text }: { pages: Pages<Item>; text: string }) {
  return (
    <>
      {(more || isLoading) && (
        <button type="button" class="btn slim" disabled={isLoading} onClick={more}>
          {isLoading ? 'Loading' : text}
        </button>
      )}
      {error && <Failure error={error} />}
    </>
  );
}
