import { ValidationException } from '../../errors/exceptions.js';

/** Prefix of tag keys that AWS reserves. */
const RESERVED = 'aws:';
const MAX_TAGS = 50;

/**
 * Checks tags to be added to a key.
 *
 * @param present tag keys that the key already has
 * @throws ValidationException for a reserved or duplicate tag key, or more than 50 tags in all
 */
export function checkTags(tags: readonly { Key: string }[], present: readonly string[] = []): void {
  const names = tags.map(({ Key }) => Key);
  if (names.some((name) => name.toLowerCase().startsWith(RESERVED)))
    throw new ValidationException(`Tag keys that begin with ${RESERVED} are reserved.`);
  if (new Set(names).size < names.length) throw new ValidationException('Each tag key may be given only once.');
  if (new Set([...present, ...names]).size > MAX_TAGS)
    throw new ValidationException(`A key has at most ${MAX_TAGS} tags.`);
}
