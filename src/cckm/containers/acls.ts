import { z } from 'zod';
import type { Call } from '../../call.js';
import { MAX_CHARACTERS } from '../../http/bounds.js';
import { CckmException } from '../errors.js';
import { groupsOf, isAdministrator } from '../groups.js';
import { userUuid } from '../tokens/jwts.js';
import type { ContainerRow } from './container.entity.js';

export const ACL_ACTIONS = [
  'keycreate',
  'keyupdate',
  'keymaterialimport',
  'keymaterialdelete',
  'keyrotate',
  'keydelete',
  'keycanceldelete',
  'keysynchronize',
  'keyupload',
  'viewnative',
  'viewbyok',
  'reportview',
  'reportcreate',
  'reportdelete',
  'reportdownload',
] as const;
export type AclAction = (typeof ACL_ACTIONS)[number];

const text = z.string().max(MAX_CHARACTERS);

/** An entry of a container's ACLs, for a user or a group. */
export const Acl = z
  .object({
    user_id: text.optional().meta({ description: 'As in the JWT, with or without `local|`.' }),
    group: text.optional().meta({ description: '`admin` or `CCKM Users`.' }),
    permit: z.boolean().optional().meta({ description: 'False forbids the actions; true by default.' }),
    actions: z.array(z.enum(ACL_ACTIONS)).max(ACL_ACTIONS.length),
  })
  .meta({ id: 'Acl' });
export type Acl = z.infer<typeof Acl>;

export function aclsOf({ acls }: ContainerRow): Acl[] {
  return JSON.parse(acls) as Acl[];
}

/**
 * Checks that the ACLs of a container permit an action to the caller. ACLs restrict what policies allow and never
 * extend it. A container without entries restricts nobody, and no container restricts administrators.
 *
 * @throws CckmException NCERRForbidden
 */
export function requireAction(call: Call, container: ContainerRow, action: AclAction): void {
  if (!permits(call, container, action))
    throw new CckmException(
      'NCERRForbidden',
      `The ACLs of the KMS ${container.name} do not permit ${action} to ${call.principal.identity?.name ?? call.principal.arn}`,
    );
}

export function permits(call: Call, container: ContainerRow, action: AclAction): boolean {
  const acls = aclsOf(container);
  if (acls.length === 0) return true;
  const about = acls.filter((acl) => acl.actions.includes(action) && isAbout(call, acl));
  const isPermitted = about.length > 0 && about.every(({ permit = true }) => permit);
  return isPermitted || isAdministrator(call);
}

function isAbout(call: Call, { user_id = '', group = '' }: Acl): boolean {
  if (user_id !== '') return user_id.replace(/^local\|/, '') === userUuid(call.principal);
  return groupsOf(call).includes(group);
}
