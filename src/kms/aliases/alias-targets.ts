import { ValidationException } from '../../errors/exceptions.js';
import { KEY_SPECS } from '../keys/key-specs.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';

/** Refuses an alias as the target of an alias. @throws ValidationException */
export function requireNoAlias(keyId: string): void {
  if (/^(?:arn:[^:]*:kms:[^:]*:[^:]*:)?alias\//.test(keyId))
    throw new ValidationException('Aliases must refer to keys. Not aliases');
}

/**
 * Checks that callers of an alias can use the new key like the former one.
 *
 * @throws ValidationException
 */
export function requireReplaceable(name: string, former: NewKmsKey, key: NewKmsKey): void {
  if (former.usage !== key.usage)
    throw new ValidationException(
      `Alias ${name} cannot be changed from a CMK with key usage ${former.usage} to a CMK with key usage ${key.usage}. ` +
        'The key usage of the current CMK and the new CMK must be the same.',
    );
  if (typeOf(former) !== typeOf(key))
    throw new ValidationException(
      `Alias ${name} cannot be changed from ${typeOf(former)} CMK to ${typeOf(key)} CMK. ` +
        'The type of the current CMK and the new CMK must be the same.',
    );
}

function typeOf({ spec }: NewKmsKey): string {
  switch (KEY_SPECS[spec].kind) {
    case 'aes':
      return 'a symmetric';
    case 'hmac':
      return 'an HMAC';
    default:
      return 'an asymmetric';
  }
}
