import { ValidationException } from '../errors/exceptions.js';

/** AWS keeps tag keys that begin so for itself. */
const RESERVED = 'aws:';
const MAX_TAGS = 50;

/**
 * Checks the tags of one key.
 *
 * @throws ValidationException for a reserved key, a key given twice, or more than 50
 */
export function checkTags(tags: readonly { Key: string }[]): void {
  const names = tags.map(({ Key }) => Key);
  if (names.some((name) => name.toLowerCase().startsWith(RESERVED)))
    throw new ValidationException(`Tag keys that begin with ${RESERVED} are reserved.`);
  if (new Set(names).size < names.length) throw new ValidationException('Every tag key may be given once only.');
  if (names.length > MAX_TAGS) throw new ValidationException(`A key has at most ${MAX_TAGS} tags.`);
}
