import { z } from 'zod';
import { MAX_CHARACTERS, MAX_MEMBERS } from '../../http/bounds.js';

const List = z.array(z.string().max(MAX_CHARACTERS)).max(MAX_MEMBERS).optional();

/** The principals that a key policy names: users and roles by name or ARN, other accounts by id. */
export const Grantees = z.object({
  key_admins: List,
  key_admins_roles: List,
  key_users: List,
  key_users_roles: List,
  external_accounts: List,
});
export type Grantees = z.infer<typeof Grantees>;

const LISTS = Object.keys(Grantees.shape) as (keyof Grantees)[];

/** Empty lists for a key whose policy isn't built from lists. */
export const NO_GRANTEES: Grantees = Object.fromEntries(LISTS.map((list) => [list, []]));

/** Returns the lists that have entries. */
export function granteesOf(grantees: Grantees): Grantees {
  const entries = LISTS.map((list) => [list, grantees[list] ?? []] as const);
  return Object.fromEntries(entries.filter(([, names]) => names.length > 0));
}
