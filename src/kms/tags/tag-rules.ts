import { KmsException } from '../exceptions.js';
import type { Tag } from '../fields.js';

/** Maximum number of tags of a key. */
export const MAX_TAGS = 50;

/**
 * Checks the tags of a request.
 *
 * @param others keys of tags that the key has already
 * @throws KmsException TagException
 */
export function checkTags(tags: readonly Tag[], others: readonly string[] = []): void {
  const keys = tags.map(({ TagKey }) => TagKey);
  if (new Set(keys).size < keys.length) throw new KmsException('TagException', 'Duplicate tag keys');
  if (keys.some((key) => key.toLowerCase().startsWith('aws:')))
    throw new KmsException('TagException', 'Tags beginning with aws: are reserved');
  if (new Set([...others, ...keys]).size > MAX_TAGS) throw new KmsException('TagException', 'Too many tags');
}
