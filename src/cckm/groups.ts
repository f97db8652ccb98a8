import { authorize } from '../access/authorize.js';
import type { Call } from '../call.js';
import { AccessDeniedException } from '../errors/exceptions.js';
import { CCKM } from './api.js';

/** The group of administrators, whom ACLs don't restrict. CipherTrust Manager uses the same name. */
export const ADMINISTRATORS = 'admin';
/** The group of every user. */
export const USERS = 'CCKM Users';

/** Returns the groups of the caller. A caller who may change ACLs is an administrator. */
export function groupsOf(call: Call): readonly string[] {
  return isAdministrator(call) ? [ADMINISTRATORS, USERS] : [USERS];
}

export function isAdministrator(call: Call): boolean {
  try {
    authorize(call, { action: `${CCKM.name}:UpdateAcls`, resource: '*' });
    return true;
  } catch (error) {
    if (error instanceof AccessDeniedException) return false;
    throw error;
  }
}
