import type { Principal } from '../call.js';

/** An active access key and its principal. */
export interface Credential {
  accessKeyId: string;
  secretAccessKey: string;
  principal: Principal;
  /** Present for a temporary access key. */
  session?: { tokenHash: Buffer; expiresAt: Date };
}
