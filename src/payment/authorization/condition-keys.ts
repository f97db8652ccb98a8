import type { ConditionKeys } from '../../access/request-context.js';
import type { Call } from '../../call.js';

/** A call about a key, as the condition keys of `payment-cryptography` see it. */
interface Asked {
  call: Call;
  /** Names of the key's aliases, as in `alias/pek`; undefined where the resource is no key, or none that exists. */
  aliases?: readonly string[];
  /** The alias that the caller named the key by. */
  requestAlias?: string;
}

/** The members of inputs that conditions ask for; each operation has some of them. */
interface Input {
  KeyAttributes?: { KeyUsage: string; KeyAlgorithm: string; KeyClass: string };
  DeriveKeyUsage?: string;
  KeyMaterial?: Record<string, object | undefined>;
  ExportAttributes?: { ExportDukptInitialKey?: object };
}

/** Condition keys, in lower case. */
const KEYS: Record<string, (asked: Asked) => string | readonly string[] | undefined> = {
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

/** Members of key material that name a key by its role; each is a condition key. */
export const KEY_ROLES = [
  'WrappingKeyIdentifier',
  'PrivateKeyIdentifier',
  'SigningKeyIdentifier',
  'CertificateAuthorityPublicKeyIdentifier',
] as const;

/** The condition key of a role, in lower case. Its values are looked up before policies are asked: see OperationAuthorizer. */
export function roleKey(role: (typeof KEY_ROLES)[number]): string {
  return `payment-cryptography:${role.toLowerCase()}`;
}

/** Answers the condition keys of `payment-cryptography` for a call. */
export function conditionKeysOf(asked: Asked): ConditionKeys {
  return (name) => (Object.hasOwn(KEYS, name) ? KEYS[name]?.(asked) : asked.call.record.conditionKeys?.get(name));
}

function inputOf({ record }: Call): Input {
  return record.input ?? {};
}

/** The one form of key material that a call names, and its members. */
export function keyMaterialOf(call: Call): [form: string, members: object] | undefined {
  const [form] = Object.entries(inputOf(call).KeyMaterial ?? {});
  return form?.[1] && [form[0], form[1]];
}

function keyMaterial(call: Call, operation: string): string | undefined {
  return call.operation === operation ? keyMaterialOf(call)?.[0] : undefined;
}
