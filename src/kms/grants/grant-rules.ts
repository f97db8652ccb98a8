import type { z } from 'zod';
import { ValidationException } from '../../errors/exceptions.js';
import { KmsException } from '../exceptions.js';
import { isSymmetric } from '../keys/key-specs.js';
import type { EncryptionContext } from '../fields.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import type { CreateGrantInput, GrantOperation } from './grants.schema.js';
import type { GrantConstraints } from './kms-grant.entity.js';

type Operation = z.infer<typeof GrantOperation>;

/** Maximum number of grants per key. */
export const MAX_GRANTS = 50_000;

const MAX_CONTEXT_PAIRS = 8;
const MAX_CONTEXT_CHARACTERS = 384;

const OF_ANY_KEY: readonly Operation[] = ['DescribeKey', 'CreateGrant', 'RetireGrant'];
const ENCRYPTION: readonly Operation[] = ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo'];
const DATA_KEYS: readonly Operation[] = [
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
];

/** The operations that a grant can allow on a key, besides those of any key. */
const BY_USAGE: Record<NewKmsKey['usage'], readonly Operation[]> = {
  ENCRYPT_DECRYPT: [...ENCRYPTION, 'GetPublicKey'],
  SIGN_VERIFY: ['Sign', 'Verify', 'GetPublicKey'],
  KEY_AGREEMENT: ['DeriveSharedSecret', 'GetPublicKey'],
  GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
  ENCAPSULATE_DECAPSULATE: ['Encapsulate', 'Decapsulate', 'GetPublicKey'],
};

/** Returns the operations that a grant of a key can allow. */
export function grantableOn(key: NewKmsKey): readonly Operation[] {
  return [...(isSymmetric(key) ? [...ENCRYPTION, ...DATA_KEYS] : BY_USAGE[key.usage]), ...OF_ANY_KEY];
}

/** The part of an input that names a principal of one of two kinds. */
type Principals = Pick<
  CreateGrantInput,
  'GranteePrincipal' | 'GranteeServicePrincipal' | 'RetiringPrincipal' | 'RetiringServicePrincipal'
>;

/**
 * Checks the parts of CreateGrant's input that don't depend on the key.
 *
 * @throws ValidationException, KmsException InvalidArnException
 */
export function requireGrant(input: CreateGrantInput): void {
  const { GranteeServicePrincipal, RetiringPrincipal, RetiringServicePrincipal, Constraints, Operations } = input;
  requireOneOf(input, 'GranteePrincipal', 'GranteeServicePrincipal');
  const retiring = [RetiringPrincipal, RetiringServicePrincipal].filter((principal) => principal !== undefined);
  if (retiring.length > 1)
    throw new ValidationException('Specify either RetiringPrincipal or RetiringServicePrincipal, not both.');
  if (GranteeServicePrincipal !== undefined && (Constraints?.SourceArn === undefined || retiring.length === 0))
    throw new ValidationException(
      'A grant to a GranteeServicePrincipal needs the constraint SourceArn, and a RetiringPrincipal or RetiringServicePrincipal.',
    );
  if (Operations.length === 0) throw new ValidationException('Operations must name at least one operation.');
  if (Constraints) requireConstraints(Constraints);
  for (const principal of [input.GranteePrincipal, RetiringPrincipal])
    if (principal !== undefined) requirePrincipalArn(principal);
}

/** @throws ValidationException unless the input has exactly one of the two members */
export function requireOneOf(input: Principals, principal: keyof Principals, service: keyof Principals): void {
  if ((input[principal] === undefined) === (input[service] === undefined))
    throw new ValidationException(`Specify either ${principal} or ${service}, and only one of them.`);
}

/** Removes empty contexts, which constrain nothing: Terraform's provider sends one beside the context that is set. */
export function withoutEmptyContexts({
  EncryptionContextSubset,
  EncryptionContextEquals,
  SourceArn,
}: GrantConstraints): GrantConstraints {
  const isSet = (context?: EncryptionContext) => context !== undefined && Object.keys(context).length > 0;
  return {
    ...(isSet(EncryptionContextSubset) && { EncryptionContextSubset }),
    ...(isSet(EncryptionContextEquals) && { EncryptionContextEquals }),
    ...(SourceArn !== undefined && { SourceArn }),
  };
}

/** Checks that at least one constraint is set, so that nobody mistakes the grant for a constrained one. */
function requireConstraints(constraints: GrantConstraints): void {
  const { EncryptionContextEquals, EncryptionContextSubset, SourceArn } = withoutEmptyContexts(constraints);
  if ((EncryptionContextEquals ?? EncryptionContextSubset ?? SourceArn) === undefined)
    throw new ValidationException(
      'Constraints must have at least one constraint: leave the member out for a grant without constraints.',
    );
  for (const context of [EncryptionContextEquals, EncryptionContextSubset]) if (context) requireContext(context);
}

function requireContext(context: EncryptionContext): void {
  if (Object.keys(context).length > MAX_CONTEXT_PAIRS)
    throw new ValidationException(
      `An encryption context in the constraints of a grant has at most ${MAX_CONTEXT_PAIRS} pairs.`,
    );
  if (Object.values(context).some((value) => value.length > MAX_CONTEXT_CHARACTERS))
    throw new ValidationException(
      `A value of an encryption context in the constraints of a grant has at most ${MAX_CONTEXT_CHARACTERS} characters.`,
    );
}

/** Checks the input of CreateGrant against its key. @throws ValidationException */
export function requireGrantFor(key: NewKmsKey, { Operations, Constraints = {} }: CreateGrantInput): void {
  const { EncryptionContextEquals, EncryptionContextSubset } = withoutEmptyContexts(Constraints);
  const grantable = grantableOn(key);
  const others = Operations.filter((operation) => !grantable.includes(operation));
  if (others.length > 0)
    throw new ValidationException(
      `A grant of ${key.arn} can't allow ${[...new Set(others)].join(', ')}: it can allow ${grantable.join(', ')}.`,
    );
  if (!isSymmetric(key) && (EncryptionContextEquals ?? EncryptionContextSubset))
    throw new ValidationException(
      `A grant of ${key.arn} can't have a constraint of the encryption context, because only symmetric encryption keys have one.`,
    );
}

const PRINCIPAL =
  /^arn:aws:(?:iam::\d{12}:(?:root|(?:user|role)\/[\w+=,.@/-]+)|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+|federated-user)\/[\w+=,.@-]+)$/;

/** @throws KmsException InvalidArnException */
export function requirePrincipalArn(principal: string): void {
  if (!PRINCIPAL.test(principal))
    throw new KmsException(
      'InvalidArnException',
      `${principal} is not the ARN of an account, a user, a role or a session.`,
    );
}

const GRANT_ID = /^[0-9a-f]{64}$/;

/** @throws KmsException InvalidGrantIdException */
export function requireGrantId(grantId: string): void {
  if (!GRANT_ID.test(grantId))
    throw new KmsException('InvalidGrantIdException', `${grantId} is not a grant ID: it has 64 hexadecimal digits.`);
}

export function unknownGrant(grantId: string): KmsException {
  return new KmsException('NotFoundException', `Grant ID ${grantId} not found`);
}
