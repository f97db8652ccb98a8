import { z } from 'zod';
import { MAX_CHARACTERS } from '../http/bounds.js';
import { sensitive } from '../http/fields.js';
import { Blob, blob } from '../kms/fields.js';

/** Requests and responses as in the XKS proxy API specification. Members that aren't in it are ignored: AWS KMS may add some. */

/** Maximum number of bytes of a plaintext; the specification demands that 4,300 are accepted. */
const MAX_PLAINTEXT = 8192;
/** Maximum number of bytes of additional authenticated data; the specification demands that 8,192 are accepted. */
const MAX_AAD = 8192;

const text = () => z.string().min(1).max(MAX_CHARACTERS);

/** Binary data of one of these lengths. */
const bytes = (...lengths: readonly number[]) =>
  blob(0, Math.max(...lengths)).refine(
    (value) => lengths.includes(Buffer.byteLength(value, 'base64')),
    `must be base64 of ${lengths.join(' or ')} bytes`,
  );

const caller = {
  awsPrincipalArn: text().meta({ description: 'The ARN, or the name of an AWS service.' }),
  awsSourceVpc: text().optional(),
  awsSourceVpce: text().optional(),
  kmsOperation: text().meta({ description: 'The operation of AWS KMS that led to this call. Every name is accepted.' }),
  kmsRequestId: text().meta({
    description: 'Identifies the call in CloudTrail of AWS; it is in the audit event, too.',
  }),
  kmsViaService: text().optional(),
};

const MetadataOfKeyMetadata = z.object({ ...caller, kmsKeyArn: text().optional() }).meta({ id: 'KeyRequestMetadata' });
const MetadataOfCryptography = z.object({ ...caller, kmsKeyArn: text() }).meta({ id: 'RequestMetadata' });
const { kmsOperation, kmsRequestId } = caller;
const MetadataOfHealth = z.object({ kmsOperation, kmsRequestId }).meta({ id: 'HealthRequestMetadata' });

const Aad = blob(0, MAX_AAD).optional();
const Algorithm = z.enum(['AES_GCM']);

export const XksPath = z.object({ prefix: z.string().max(MAX_CHARACTERS) });
export type XksPath = z.infer<typeof XksPath>;

export const XksKeyPath = z.object({
  prefix: z.string().max(MAX_CHARACTERS),
  xksKeyId: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[A-Za-z0-9._-]+$/, 'must be letters, digits, hyphens, underscores and periods'),
});
export type XksKeyPath = z.infer<typeof XksKeyPath>;

export const GetKeyMetadataInput = z
  .object({ requestMetadata: MetadataOfKeyMetadata })
  .meta({ id: 'GetKeyMetadataInput' });
export type GetKeyMetadataInput = z.infer<typeof GetKeyMetadataInput>;
export const GetKeyMetadataOutput = z
  .object({
    keySpec: z.enum(['AES_256']),
    keyUsage: z.array(z.enum(['ENCRYPT', 'DECRYPT'])),
    keyStatus: z.enum(['ENABLED', 'DISABLED']),
  })
  .meta({ id: 'GetKeyMetadataOutput' });
export type GetKeyMetadataOutput = z.infer<typeof GetKeyMetadataOutput>;

export const XksEncryptInput = z
  .object({
    requestMetadata: MetadataOfCryptography,
    plaintext: sensitive(blob(1, MAX_PLAINTEXT)),
    encryptionAlgorithm: Algorithm,
    additionalAuthenticatedData: Aad,
    ciphertextDataIntegrityValueAlgorithm: z.enum(['SHA_256']).optional(),
  })
  .meta({ id: 'EncryptInput' });
export type XksEncryptInput = z.infer<typeof XksEncryptInput>;
export const XksEncryptOutput = z
  .object({
    ciphertext: Blob,
    initializationVector: Blob,
    authenticationTag: Blob,
    ciphertextMetadata: Blob,
    ciphertextDataIntegrityValue: Blob.optional(),
  })
  .meta({ id: 'EncryptOutput' });
export type XksEncryptOutput = z.infer<typeof XksEncryptOutput>;

export const XksDecryptInput = z
  .object({
    requestMetadata: MetadataOfCryptography,
    ciphertext: blob(1, MAX_PLAINTEXT),
    initializationVector: bytes(12, 16),
    authenticationTag: bytes(16),
    ciphertextMetadata: blob(0, 20).optional(),
    encryptionAlgorithm: Algorithm,
    additionalAuthenticatedData: Aad,
  })
  .meta({ id: 'DecryptInput' });
export type XksDecryptInput = z.infer<typeof XksDecryptInput>;
export const XksDecryptOutput = z.object({ plaintext: sensitive(Blob) }).meta({ id: 'DecryptOutput' });
export type XksDecryptOutput = z.infer<typeof XksDecryptOutput>;

export const GetHealthStatusInput = z
  .object({ requestMetadata: MetadataOfHealth })
  .meta({ id: 'GetHealthStatusInput' });
export type GetHealthStatusInput = z.infer<typeof GetHealthStatusInput>;
export const GetHealthStatusOutput = z
  .object({
    xksProxyFleetSize: z.int(),
    xksProxyVendor: z.string(),
    xksProxyModel: z.string(),
    ekmVendor: z.string(),
    ekmFleetDetails: z.array(
      z.object({
        id: z.string(),
        model: z.string(),
        healthStatus: z.enum(['ACTIVE', 'DEGRADED', 'UNAVAILABLE']),
      }),
    ),
  })
  .meta({ id: 'GetHealthStatusOutput' });
export type GetHealthStatusOutput = z.infer<typeof GetHealthStatusOutput>;
