import { ValidationException } from '../../errors/exceptions.js';
import { KmsException } from '../exceptions.js';

/**
 * Checks the alias name in a request.
 *
 * @throws ValidationException, KmsException NotAuthorizedException
 */
export function requireAliasName(name: string): void {
  if (!/^alias\/./.test(name))
    throw new ValidationException(
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  if (/^alias\/aws(?:\/|$)/.test(name)) throw new KmsException('NotAuthorizedException');
}

/**
 * Checks the name of a new alias, which can't contain all characters that the model allows.
 * @throws ValidationException
 */
export function requireNewAliasName(name: string): void {
  if (name.includes(':')) throw new ValidationException(`${name} contains invalid characters for an alias`);
}
