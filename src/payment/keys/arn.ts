import { randomInt } from 'node:crypto';
import type { Scope } from '../../call.js';

const KEY_ARN =
  /^arn:aws:payment-cryptography:([a-z]{2}-[a-z]{1,16}-[0-9]+):([0-9]{12}):(key\/[0-9a-zA-Z]{16,64}|alias\/[a-zA-Z0-9/_-]+)$/;
const KEY_ID = /^[0-9a-zA-Z]{16,64}$/;
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A parsed key identifier. */
export interface Identifier extends Scope {
  /** `key/…` or `alias/…` */
  resource: string;
}

export function resourceArn({ region, accountId, resource }: Identifier): string {
  return `arn:aws:payment-cryptography:${region}:${accountId}:${resource}`;
}

/** Returns true for what may be the id of a key: 16 to 64 letters and digits. */
export function isKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

/** Returns the ARN of a key. @param keyId 16 to 64 letters and digits */
export function keyArn(scope: Scope, keyId: string): string {
  return resourceArn({ ...scope, resource: `key/${keyId}` });
}

/** Returns the ARN of the key with the same id in another Region. */
export function keyArnIn(region: string, arn: string): string {
  return arn.replace(/^(arn:aws:payment-cryptography:)[^:]+/, `$1${region}`);
}

/** Returns a random id for a key or a token: 16 lower-case letters and digits. */
export function newId(): string {
  return Array.from({ length: 16 }, () => ID_ALPHABET.charAt(randomInt(ID_ALPHABET.length))).join('');
}

/**
 * Parses a key ARN, alias ARN or alias name that matches the model's pattern.
 *
 * @param scope account and Region of an alias name
 */
export function parseIdentifier(identifier: string, scope: Scope): Identifier {
  const [, region, accountId, resource] = KEY_ARN.exec(identifier) ?? [];
  if (region === undefined || accountId === undefined || resource === undefined)
    return { region: scope.region, accountId: scope.accountId, resource: identifier };
  return { region, accountId, resource };
}
