import type { Alias as StoredAlias } from '../../keys/alias.entity.js';
import type { Alias } from './aliases.schema.js';

/** Converts a stored alias for a response. */
export function presentAlias({ name, keyArn }: StoredAlias): Alias {
  return { AliasName: name, KeyArn: keyArn ?? undefined };
}
