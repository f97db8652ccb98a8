import type { ConditionKeys, TagFact } from '../../access/request-context.js';
import type { Call } from '../../call.js';
import type { EncryptionContext } from '../fields.js';
import { withoutEmptyContexts } from '../grants/grant-rules.js';
import type { GrantConstraints } from '../grants/kms-grant.entity.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';

/** Source of the values of the `kms` condition keys. */
interface ConditionSource {
  call: Call;
  key?: NewKmsKey;
  /** Names of the key's aliases. */
  aliases?: readonly string[];
  /** Alias by which the caller named the key. */
  requestAlias?: string;
  /** Operation to authorize: the call's, or one of ReEncrypt's halves. */
  operation: string;
  encryptionContext?: EncryptionContext;
  /** For ReEncrypt: true if both keys are the same. */
  isOnSameKey?: boolean;
}

type Answer = string | readonly string[] | undefined;

/** Input members that condition keys read; each operation has some of them. */
interface Input {
  BypassPolicyLockoutSafetyCheck?: boolean;
  Constraints?: GrantConstraints;
  CustomerMasterKeySpec?: string;
  EncryptionAlgorithm?: string;
  ExpirationModel?: string;
  GranteePrincipal?: string;
  KeyAgreementAlgorithm?: string;
  KeyPairSpec?: string;
  KeySpec?: string;
  KeyUsage?: string;
  MacAlgorithm?: string;
  MessageType?: string;
  MultiRegion?: boolean;
  Operations?: readonly string[];
  Origin?: string;
  PendingWindowInDays?: number;
  PrimaryRegion?: string;
  ReplicaRegion?: string;
  RetiringPrincipal?: string;
  RotationPeriodInDays?: number;
  SigningAlgorithm?: string;
  SourceEncryptionAlgorithm?: string;
  DestinationEncryptionAlgorithm?: string;
  Tags?: readonly { TagKey: string; TagValue: string }[];
  ValidTo?: number;
  WrappingAlgorithm?: string;
  WrappingKeySpec?: string;
}

const inputOf = ({ record }: Call): Input => record.input ?? {};
type TextMember = { [M in keyof Input]-?: Input[M] extends string | undefined ? M : never }[keyof Input];
const member = (name: TextMember) => (source: ConditionSource) => inputOf(source.call)[name];
/** Specific to one operation; other operations may have inputs with the same members. */
const only =
  (operation: string, answer: (input: Input) => Answer) =>
  ({ call }: ConditionSource): Answer =>
    call.operation === operation ? answer(inputOf(call)) : undefined;

/** A property of the key or, for CreateKey, of the request. */
const property =
  (ofKey: (key: NewKmsKey) => string | undefined, ofRequest: (input: Input) => string | undefined) =>
  ({ call, key }: ConditionSource): Answer => {
    if (key) return ofKey(key);
    return call.operation === 'CreateKey' ? ofRequest(inputOf(call)) : undefined;
  };

const specOf = property(
  ({ spec }) => spec,
  ({ KeySpec, CustomerMasterKeySpec }) => KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT',
);
const usageOf = property(
  ({ usage }) => usage,
  ({ KeyUsage }) => KeyUsage ?? 'ENCRYPT_DECRYPT',
);

/** Values of the condition keys, by the key's name in lower case. */
const KEYS: Record<string, (source: ConditionSource) => Answer> = {
  'kms:calleraccount': ({ call }) => call.principal.accountId,
  'kms:requestalias': ({ requestAlias }) => requestAlias,
  'kms:resourcealiases': ({ aliases }) => aliases,
  'kms:keyspec': specOf,
  'kms:customermasterkeyspec': specOf,
  'kms:keyusage': usageOf,
  'kms:customermasterkeyusage': usageOf,
  'kms:keyorigin': property(
    ({ origin }) => origin,
    ({ Origin }) => Origin ?? 'AWS_KMS',
  ),
  'kms:multiregion': property(
    ({ primaryRegion }) => String(primaryRegion !== null),
    ({ MultiRegion = false }) => String(MultiRegion),
  ),
  'kms:multiregionkeytype': property(
    ({ primaryRegion, region }) => {
      if (primaryRegion === null) return undefined;
      return primaryRegion === region ? 'PRIMARY' : 'REPLICA';
    },
    ({ MultiRegion }) => (MultiRegion ? 'PRIMARY' : undefined),
  ),
  'kms:primaryregion': member('PrimaryRegion'),
  'kms:replicaregion': member('ReplicaRegion'),
  'kms:encryptioncontextkeys': (source) => {
    const context = contextOf(source);
    return context && Object.keys(context);
  },
  'kms:encryptionalgorithm': encryptionAlgorithm,
  'kms:reencryptonsamekey': ({ isOnSameKey }) => (isOnSameKey === undefined ? undefined : String(isOnSameKey)),
  'kms:signingalgorithm': member('SigningAlgorithm'),
  'kms:macalgorithm': member('MacAlgorithm'),
  'kms:keyagreementalgorithm': member('KeyAgreementAlgorithm'),
  'kms:messagetype': ({ call }) =>
    /^(?:Sign|Verify)$/.test(call.operation) ? (inputOf(call).MessageType ?? 'RAW') : undefined,
  'kms:datakeypairspec': member('KeyPairSpec'),
  'kms:grantoperations': only('CreateGrant', ({ Operations }) => Operations),
  'kms:granteeprincipal': only('CreateGrant', ({ GranteePrincipal }) => GranteePrincipal),
  'kms:retiringprincipal': only('CreateGrant', ({ RetiringPrincipal }) => RetiringPrincipal),
  'kms:grantconstrainttype': only(
    'CreateGrant',
    ({ Constraints }) => Constraints && Object.keys(withoutEmptyContexts(Constraints)),
  ),
  'kms:grantisforawsresource': only('CreateGrant', () => 'false'),
  'kms:bypasspolicylockoutsafetycheck': ({ call }) =>
    /^(?:CreateKey|PutKeyPolicy|ReplicateKey)$/.test(call.operation)
      ? String(inputOf(call).BypassPolicyLockoutSafetyCheck ?? false)
      : undefined,
  'kms:schedulekeydeletionpendingwindowindays': only('ScheduleKeyDeletion', ({ PendingWindowInDays = 30 }) =>
    String(PendingWindowInDays),
  ),
  'kms:rotationperiodindays': only('EnableKeyRotation', ({ RotationPeriodInDays = 365 }) =>
    String(RotationPeriodInDays),
  ),
  'kms:expirationmodel': only('ImportKeyMaterial', ({ ExpirationModel = 'KEY_MATERIAL_EXPIRES' }) => ExpirationModel),
  // In seconds, which date and numeric operators accept.
  'kms:validto': only('ImportKeyMaterial', ({ ValidTo }) => ValidTo?.toFixed(3)),
  'kms:wrappingalgorithm': member('WrappingAlgorithm'),
  'kms:wrappingkeyspec': member('WrappingKeySpec'),
};

const CONTEXT = 'kms:encryptioncontext:';

/** Returns a function that looks up `kms` condition keys, by name in lower case, for one call. */
export function conditionKeysOf(source: ConditionSource): ConditionKeys {
  return (name) => {
    if (name.startsWith(CONTEXT)) return contextValues(contextOf(source) ?? {}, name.slice(CONTEXT.length));
    return Object.hasOwn(KEYS, name) ? KEYS[name]?.(source) : undefined;
  };
}

/** The encryption context of the call; for CreateGrant, the one that the constraints of the new grant require. */
function contextOf({ call, operation, encryptionContext }: ConditionSource): EncryptionContext | undefined {
  const { Constraints } = inputOf(call);
  if (operation !== 'CreateGrant' || !Constraints) return encryptionContext;
  const { EncryptionContextSubset, EncryptionContextEquals } = withoutEmptyContexts(Constraints);
  if (!EncryptionContextSubset && !EncryptionContextEquals) return undefined;
  return { ...EncryptionContextSubset, ...EncryptionContextEquals };
}

/** Names of condition keys are case-insensitive, so several pairs of the context may match one. */
function contextValues(context: EncryptionContext, name: string): Answer {
  const found = Object.entries(context)
    .filter(([key]) => key.toLowerCase() === name)
    .map(([, value]) => value);
  return found.length > 0 ? found : undefined;
}

/** Reads the tags in an input, for `aws:RequestTag` and `aws:TagKeys`. */
export function requestTags({ Tags }: Input): readonly TagFact[] | undefined {
  return Tags?.map(({ TagKey, TagValue }) => ({ key: TagKey, value: TagValue }));
}

/** The algorithm of the request; by default that of symmetric keys. */
function encryptionAlgorithm({ call, operation }: ConditionSource): Answer {
  const { EncryptionAlgorithm, SourceEncryptionAlgorithm, DestinationEncryptionAlgorithm } = inputOf(call);
  if (operation === 'ReEncryptFrom') return SourceEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT';
  if (operation === 'ReEncryptTo') return DestinationEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT';
  return /^(?:Encrypt|Decrypt|GenerateDataKey)/.test(operation)
    ? (EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT')
    : undefined;
}
