import type { Alias as StoredAlias } from '../../keys/alias.entity.js';
import type { Alias } from './aliases.schema.js';

/** A stored alias as answers show it. */
export function presentAlias({ name, keyArn }: StoredAlias): Alias {
  return { AliasName: name, KeyArn: keyArn ?? undefined };
}
