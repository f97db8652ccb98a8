import { authorize } from '../access/authorize.js';
import type { Call } from '../call.js';
import { AccessDeniedException } from '../errors/exceptions.js';
import { CCKM } from './api.js';

/** The group that ACLs don't bind, as that of the same name in CipherTrust Manager. */
export const ADMINISTRATORS = 'admin';
/** The group of every user. */
export const USERS = 'CCKM Users';

/** Returns the groups of the caller. Whoever may change ACLs is an administrator. */
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
