import type { ListKeyInventoryOutput } from '../../src/admin/keys.schema.js';
import { agoWords, principalWords } from '../words.js';

/** Time and caller of a key's last use. */
export function LastUse({ of }: { of: ListKeyInventoryOutput['Keys'][number]['LastUsed'] }) {
  if (!of) return <>Never</>;
  return (
    <>
      {agoWords(of.Time)}
      <small>by {principalWords(of.By)}</small>
    </>
  );
}
