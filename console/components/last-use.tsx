import type { ListKeyInventoryOutput } from '../../src/admin/keys.schema.js';
import { agoWords, principalWords } from '../words.js';

/** When a key was used last, and by whom. */
export function LastUse({ of }: { of: ListKeyInventoryOutput['Keys'][number]['LastUsed'] }) {
  if (!of) return <>Never</>;
  return (
    <>
      {agoWords(of.Time)}
      <small>by {principalWords(of.By)}</small>
    </>
  );
}
