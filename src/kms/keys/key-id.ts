import { randomBytes, randomUUID } from 'node:crypto';
import type { Scope } from '../../call.js';
import { KmsException } from '../exceptions.js';

const KEY_ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;
/** ARN of a key, which most calls use. */
const KEY_ARN =
  /^arn:aws:kms:([^:]*):(\d{12}):(key\/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}))$/;
const ALIAS = /^alias\/[a-zA-Z0-9:/_-]+$/;

/** A parsed key identifier. */
export interface KmsIdentifier extends Scope {
  /** `key/…` or `alias/…` */
  resource: string;
}

export function kmsArn({ region, accountId, resource }: KmsIdentifier): string {
  return `arn:aws:kms:${region}:${accountId}:${resource}`;
}

export function kmsKeyArn(scope: Scope, keyId: string): string {
  return kmsArn({ ...scope, resource: `key/${keyId}` });
}

/** Returns the ARN of the related key in another Region. */
export function arnInRegion(region: string, arn: string): string {
  return arn.replace(/^(arn:aws:kms:)[^:]+/, `$1${region}`);
}

/** Returns the account and the key id of a key's ARN. */
export function identityOf(arn: string): { accountId: string; keyId: string } {
  const [, , , , accountId = '', resource = ''] = arn.split(':');
  return { accountId, keyId: resource.slice('key/'.length) };
}

/** True for the id that related keys in several Regions share. */
export function isMultiRegionId(keyId: string): boolean {
  return keyId.startsWith('mrk-');
}

export function newKeyId(isMultiRegion: boolean): string {
  return isMultiRegion ? `mrk-${randomBytes(16).toString('hex')}` : randomUUID();
}

/**
 * Parses a key id, key ARN, alias name or alias ARN.
 *
 * @param scope account and Region of the call
 * @param takesAlias true if the operation accepts aliases
 * @throws KmsException NotFoundException or InvalidArnException
 */
export function parseKeyId(identifier: string, scope: Scope, takesAlias: boolean): KmsIdentifier {
  const [, region, accountId = '', key = ''] = KEY_ARN.exec(identifier) ?? [];
  if (region === scope.region) return { region, accountId, resource: key };
  if (KEY_ID.test(identifier))
    return { region: scope.region, accountId: scope.accountId, resource: `key/${identifier}` };
  const parsed = identifier.startsWith('arn:') ? parseArn(identifier, scope) : { ...scope, resource: identifier };
  const { resource } = parsed;
  if (takesAlias && ALIAS.test(resource)) return parsed;
  throw new KmsException('NotFoundException', `Invalid keyId '${identifier}'`);
}

function parseArn(arn: string, scope: Scope): KmsIdentifier {
  const [, partition, service, region = '', accountId = '', ...rest] = arn.split(':');
  const resource = rest.join(':');
  const isKms = partition === 'aws' && service === 'kms' && /^\d{12}$/.test(accountId);
  if (!isKms || !/^(?:key|alias)\/./.test(resource))
    throw new KmsException('InvalidArnException', `${arn} is not the ARN of a key or an alias.`);
  if (region !== scope.region) throw new KmsException('NotFoundException', `Invalid arn ${region}`);
  return { region, accountId, resource };
}
