import type { ConditionKeys, TagFact } from '../../access/request-context.js';
import type { Call } from '../../call.js';

/** Source of the values of the `payment-cryptography` condition keys. */
interface ConditionSource {
  call: Call;
  /** Names of the key's aliases, e.g. `alias/pek`; undefined if the resource is not a key or does not exist. */
  aliases?: readonly string[];
  /** Alias by which the caller named the key. */
  requestAlias?: string;
}

/** Input members that condition keys read; each operation has some of them. */
interface Input {
  Tags?: readonly { Key: string; Value: string }[];
  KeyAttributes?: { KeyUsage: string; KeyAlgorithm: string; KeyClass: string };
  DeriveKeyUsage?: string;
  KeyMaterial?: Record<string, object | undefined>;
  ExportAttributes?: { ExportDukptInitialKey?: object };
}

/** Values of the condition keys, by the key's name in lower case. */
const KEYS: Record<string, (source: ConditionSource) => string | readonly string[] | undefined> = {
  'payment-cryptography:requestalias': ({ requestAlias }) => requestAlias,
  'payment-cryptography:resourcealiases': ({ aliases }) => aliases,
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

/** Key material members that name a key by its role. For each there is a condition key of the same name. */
export const KEY_ROLES = [
  'WrappingKeyIdentifier',
  'PrivateKeyIdentifier',
  'SigningKeyIdentifier',
  'CertificateAuthorityPublicKeyIdentifier',
] as const;

/**
 * Returns the name of a role's condition key, in lower case. OperationAuthorizer looks up its values before it
 * evaluates policies.
 */
export function roleKey(role: (typeof KEY_ROLES)[number]): string {
  return `payment-cryptography:${role.toLowerCase()}`;
}

/** Returns a function that looks up `payment-cryptography` condition keys, by name in lower case, for one call. */
export function conditionKeysOf(source: ConditionSource): ConditionKeys {
  return (name) => (Object.hasOwn(KEYS, name) ? KEYS[name]?.(source) : source.call.record.conditionKeys?.get(name));
}

/** Reads the tags in an input, for `aws:RequestTag` and `aws:TagKeys`. */
export function requestTags({ Tags }: Input): readonly TagFact[] | undefined {
  return Tags?.map(({ Key, Value }) => ({ key: Key, value: Value }));
}

function inputOf({ record }: Call): Input {
  return record.input ?? {};
}

/** Returns the one form of key material in the input, with its members. */
export function keyMaterialOf(call: Call): [form: string, members: object] | undefined {
  const [form] = Object.entries(inputOf(call).KeyMaterial ?? {});
  return form?.[1] && [form[0], form[1]];
}

function keyMaterial(call: Call, operation: string): string | undefined {
  return call.operation === operation ? keyMaterialOf(call)?.[0] : undefined;
}
