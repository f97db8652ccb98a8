import type { Call } from '../call.js';
import type { Context } from '../policy/pattern.js';

/** What policies may know of the key that is asked for. */
export interface KeyFacts {
  tags: readonly { key: string; value: string }[];
  /** Names, as in `alias/pek`. */
  aliases: readonly string[];
}

/** What is asked, for one resource of a call. */
interface Asked {
  call: Call;
  /** Undefined where the resource is no key, or none that exists. */
  key?: KeyFacts;
  /** The alias that the caller named the key by. */
  requestAlias?: string;
}

/** The members of inputs that conditions ask for; each operation has some of them. */
interface Input {
  Tags?: readonly { Key: string; Value: string }[];
  TagKeys?: readonly string[];
  KeyAttributes?: { KeyUsage: string; KeyAlgorithm: string; KeyClass: string };
  DeriveKeyUsage?: string;
  KeyMaterial?: Record<string, object | undefined>;
  ExportAttributes?: { ExportDukptInitialKey?: object };
}

type Answer = string | readonly string[] | undefined;

/** Condition keys, in lower case. */
const KEYS: Record<string, (asked: Asked) => Answer> = {
  'aws:principalarn': ({ call }) => call.principal.principalArn,
  'aws:principalaccount': ({ call }) => call.principal.accountId,
  'aws:principaltype': ({ call }) => call.principal.identity?.type ?? 'Account',
  'aws:userid': ({ call }) => call.principal.identity?.userId ?? call.principal.accountId,
  'aws:username': ({ call }) => {
    const { identity } = call.principal;
    return identity?.type === 'User' ? identity.name : undefined;
  },
  'aws:tokenissuetime': ({ call }) => call.principal.identity?.sessionIssuedAt?.toISOString(),
  'aws:sourceip': ({ call }) => call.origin.sourceIp,
  'aws:securetransport': ({ call }) => String(call.origin.secureTransport),
  'aws:useragent': ({ call }) => call.origin.userAgent,
  'aws:currenttime': ({ call }) => call.origin.time.toISOString(),
  'aws:epochtime': ({ call }) => String(Math.floor(call.origin.time.getTime() / 1000)),
  'aws:requestedregion': ({ call }) => call.region,
  'aws:resourceaccount': ({ call }) => call.principal.accountId,
  'aws:tagkeys': ({ call }) => inputOf(call).TagKeys ?? inputOf(call).Tags?.map(({ Key }) => Key),
  'payment-cryptography:requestalias': ({ requestAlias }) => requestAlias,
  'payment-cryptography:resourcealiases': ({ key }) => key?.aliases,
  'payment-cryptography:keyusage': ({ call }) => inputOf(call).KeyAttributes?.KeyUsage,
  'payment-cryptography:keyalgorithm': ({ call }) => inputOf(call).KeyAttributes?.KeyAlgorithm,
  'payment-cryptography:keyclass': ({ call }) => inputOf(call).KeyAttributes?.KeyClass,
  'payment-cryptography:derivekeyusage': ({ call }) => inputOf(call).DeriveKeyUsage,
  'payment-cryptography:importkeymaterial': ({ call }) => keyMaterial(call, 'ImportKey'),
  'payment-cryptography:exportkeymaterial': ({ call }) => keyMaterial(call, 'ExportKey'),
  'payment-cryptography:exportdukptinitialkey': ({ call }) =>
    call.operation === 'ExportKey'
      ? String(inputOf(call).ExportAttributes?.ExportDukptInitialKey !== undefined)
      : undefined,
};

/** Members of key material that name a key by its role; each is a condition key. */
export const KEY_ROLES = [
  'WrappingKeyIdentifier',
  'PrivateKeyIdentifier',
  'SigningKeyIdentifier',
  'CertificateAuthorityPublicKeyIdentifier',
] as const;
for (const role of KEY_ROLES)
  KEYS[`payment-cryptography:${role.toLowerCase()}`] = ({ call }) => call.keyRoles?.get(role);

const RESOURCE_TAG = 'aws:resourcetag/';
const REQUEST_TAG = 'aws:requesttag/';

/** Answers the condition keys of a call, as they are asked for and not before. */
export function contextOf(asked: Asked): Context {
  return (name) => {
    const answer = answerOf(asked, name);
    return typeof answer === 'string' ? [answer] : answer;
  };
}

function answerOf(asked: Asked, name: string): Answer {
  if (Object.hasOwn(KEYS, name)) return KEYS[name]?.(asked);
  if (name.startsWith(RESOURCE_TAG)) return tagsNamed(asked.key?.tags, name.slice(RESOURCE_TAG.length));
  if (!name.startsWith(REQUEST_TAG)) return undefined;
  const tags = inputOf(asked.call).Tags?.map(({ Key, Value }) => ({ key: Key, value: Value }));
  return tagsNamed(tags, name.slice(REQUEST_TAG.length));
}

/** Case doesn't count in the names of condition keys, and so several tags may have one name. */
function tagsNamed(tags: KeyFacts['tags'] = [], name: string): readonly string[] | undefined {
  const found = tags.filter(({ key }) => key.toLowerCase() === name).map(({ value }) => value);
  return found.length > 0 ? found : undefined;
}

function inputOf({ input = {} }: Call): Input {
  return input;
}

/** The one form of key material that a call names, and its members. */
export function keyMaterialOf(call: Call): [form: string, members: object] | undefined {
  const [form] = Object.entries(inputOf(call).KeyMaterial ?? {});
  return form?.[1] && [form[0], form[1]];
}

function keyMaterial(call: Call, operation: string): string | undefined {
  return call.operation === operation ? keyMaterialOf(call)?.[0] : undefined;
}
