import { KmsException } from '../exceptions.js';

/** The name of the one policy that a key has. */
export const POLICY_NAME = 'default';

/** @throws KmsException NotFoundException */
export function requirePolicyName(name: string = POLICY_NAME): void {
  if (name !== POLICY_NAME) throw new KmsException('NotFoundException', 'No such policy exists');
}
