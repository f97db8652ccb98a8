import type { Principal } from '../call.js';

/** An access key that may sign, with whose it is. */
export interface Credential {
  accessKeyId: string;
  secretAccessKey: string;
  principal: Principal;
  /** Where it is a session's. */
  session?: { tokenHash: Buffer; expiresAt: Date };
}
