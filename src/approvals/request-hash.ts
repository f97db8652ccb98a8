import { createHash } from 'node:crypto';
import { requestParameters } from '../audit/request-parameters.js';
import { type Call, personOf, uniqueIdOf } from '../call.js';
import { hmac } from '../crypto/hmac.js';
import type { Subject } from './guarded-operations.js';

/** Members of inputs that name a key, and their values. The keys that they name are hashed instead. */
const NAMES_KEY = /(?:Identifier|KeyId|KeyArn|ResourceArn)$/i;
const KEY_NAME = /^(?:arn:aws:(?:payment-cryptography|kms):[^:]*:\d{12}:(?:key|alias)\/|alias\/)/;

/**
 * Returns the ARNs of the existing keys that a call has used, each once, in order: aliases are resolved, and a key that the
 * call has just created isn't among them.
 */
export function keysOf({ record }: Call): string[] {
  const created = Object.values(record.responseElements ?? {}).flatMap((members) =>
    typeof members === 'string' ? members : Object.values(members),
  );
  return [...new Set(record.keyArns)].filter((arn) => !created.includes(arn));
}

/**
 * Computes the hash that approvers approve: SHA-256 in hexadecimal of canonical JSON, which states the account, the
 * Region, the operation, the unique ids of the requester and of the principal behind it, the keys that the call has
 * used, the parameters that an audit event may show, and what the call replaces. The whole input, which may have
 * secrets, enters through an HMAC under a secret of the deployment; so the hash differs between deployments.
 *
 * @param secret 32 bytes
 */
export function requestHash(secret: Buffer, call: Call, { replaces }: Pick<Subject, 'replaces'>): string {
  const { api, operation, principal, region, record } = call;
  const input = { ...(record.requestParameters ?? {}), ...(record.input && { input: record.input }) };
  const bytes = Buffer.from(canonicalJson(withoutKeyNames(call, input)));
  const stated = {
    account: principal.accountId,
    region,
    operation: `${api.name}:${operation}`,
    requester: uniqueIdOf(principal),
    person: personOf(principal),
    keys: keysOf(call),
    parameters: shownParameters(call),
    input: hmac('SHA256', secret, Buffer.concat([Buffer.from('approval\0'), bytes]), 32).toString('hex'),
    replaces: replaces ?? null,
  };
  return sha256(canonicalJson(stated));
}

/** @returns 64 hexadecimal digits */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Returns the parameters of a call that an audit event, and so an approver, may see. */
export function shownParameters(call: Call): unknown {
  const { api, record } = call;
  const json = requestParameters(api.audit.members, record.requestParameters ?? {}, record.input);
  return withoutKeyNames(call, JSON.parse(json));
}

/** Writes JSON with the members of every object sorted by name, and without undefined members. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member) || Buffer.isBuffer(member))
      return member;
    return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Replaces the names of keys in the input of a call that has used keys. Other inputs, such as policies, only mention keys. */
function withoutKeyNames(call: Call, input: unknown): unknown {
  return keysOf(call).length === 0 ? input : replaced(input);
}

function replaced(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(replaced);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) => {
      const isKey = typeof member === 'string' && NAMES_KEY.test(name) && KEY_NAME.test(member);
      return [name, isKey ? '(key)' : replaced(member)];
    }),
  );
}
