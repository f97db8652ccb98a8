import { z } from 'zod';
import { NextToken, Timestamp } from '../http/fields.js';
import { demoKeyId } from '../payment/fields.js';
import { KEY_SORTS } from './key-pages.js';

const text = (description: string) => z.string().min(1).max(322).optional().meta({ description });

/** Query parameters, which arrive as text. */
export const ListKeyInventoryQuery = z.object({
  Api: z.enum(['payment-cryptography', 'kms']).optional().meta({
    description: 'API that the keys belong to: payment keys, which are the default, or KMS keys.',
  }),
  Usage: text('Usage, e.g. TR31_M6_ISO_9797_5_CMAC_KEY or, of KMS keys, ENCRYPT_DECRYPT.'),
  Algorithm: text('Algorithm, e.g. AES_128 or, of KMS keys, the key spec, e.g. SYMMETRIC_DEFAULT.'),
  State: text('State, e.g. CREATE_COMPLETE or, of KMS keys, PendingDeletion.'),
  Exportable: z.enum(['true', 'false']).optional().meta({ description: 'For payment keys only.' }),
  Query: text(
    'Text in an alias, a tag, the ARN or the description of a KMS key, or the beginning of the check value of a payment key, in any case.',
  ),
  Sort: z
    .enum(KEY_SORTS)
    .optional()
    .meta({
      description:
        'Order: Oldest, which is the default, and Newest by creation; Alias, keys without one last; LongestUnused, unused keys first; ' +
        'LastUsed, the latest use first.',
    }),
  UnusedDays: z.coerce.number<string>().int().min(1).max(3650).optional().meta({
    description: 'Keys that no call has used for this number of days.',
  }),
  MaxResults: z.coerce.number<string>().int().min(1).max(200).optional().meta({
    description: 'Maximum number of keys per page; 50 by default.',
  }),
  NextToken: NextToken.optional().meta({ description: 'NextToken from the previous page.' }),
});
export type ListKeyInventoryQuery = z.infer<typeof ListKeyInventoryQuery>;

const LastUsed = z
  .object({ Time: Timestamp, Operation: z.string(), By: z.string() })
  .meta({ id: 'LastUsed', description: 'Last call that was served; written within a minute.' });

const Tags = z.array(z.object({ Key: z.string(), Value: z.string() }));

const InventoryKmsKey = z
  .object({
    KeyArn: z.string(),
    Aliases: z.array(z.string()),
    Description: z.string(),
    KeySpec: z.string(),
    KeyUsage: z.string(),
    KeyState: z.string(),
    Origin: z.string(),
    CustomKeyStoreId: z.string().optional(),
    MultiRegion: z.boolean(),
    RotationPeriodInDays: z.int().optional().meta({ description: 'Absent while automatic rotation is off.' }),
    NextRotationDate: Timestamp.optional(),
    CreateTimestamp: Timestamp,
    DeletionDate: Timestamp.optional(),
    LastUsed: LastUsed.optional(),
    Tags,
  })
  .meta({ id: 'InventoryKmsKey' });

export const ListKeyInventoryOutput = z
  .object({
    Keys: z.array(
      z.object({
        KeyArn: z.string(),
        Aliases: z.array(z.string()),
        KeyAttributes: z.looseObject({ KeyUsage: z.string(), KeyClass: z.string(), KeyAlgorithm: z.string() }),
        KeyState: z.string(),
        Enabled: z.boolean(),
        Exportable: z.boolean(),
        KeyCheckValue: z.string(),
        KeyOrigin: z.string(),
        CreateTimestamp: Timestamp,
        LastUsed: LastUsed.optional(),
        DeletePendingTimestamp: Timestamp.optional(),
        PrimaryRegion: z.string().optional().meta({ description: 'Region of the primary key, if there are replicas.' }),
        Replication: z.array(
          z.object({
            Region: z.string(),
            Status: z.string(),
            Message: z.string().optional(),
            Due: Timestamp.optional().meta({
              description: 'Due time of the next attempt to update the replica; absent if the replica is up to date.',
            }),
            Attempts: z.int().meta({ description: 'Attempts since the last change of the key.' }),
          }),
        ),
        Tags,
      }),
    ),
    KmsKeys: z.array(InventoryKmsKey).optional().meta({ description: 'Present if Api is kms; Keys is then empty.' }),
    NextToken: NextToken.optional(),
  })
  .meta({ id: 'ListKeyInventoryOutput' });
export type ListKeyInventoryOutput = z.infer<typeof ListKeyInventoryOutput>;

const counts = z.array(z.object({ Name: z.string(), Count: z.int() }));
export const GetKeyCountsOutput = z
  .object({
    ByUsage: counts,
    ByState: counts,
    Total: z.int(),
    Complete: z.boolean().meta({ description: 'false if the call ended at its limit of 20,000 keys or two seconds.' }),
  })
  .meta({ id: 'GetKeyCountsOutput' });
export type GetKeyCountsOutput = z.infer<typeof GetKeyCountsOutput>;

export const KeyPath = z.object({
  id: z
    .string()
    .max(64)
    .regex(/^[0-9a-zA-Z]{16,64}$/, 'must be the id of a key, 16 to 64 letters and digits')
    .meta({ description: 'The part of the ARN after `key/`.', example: demoKeyId('mac') }),
});
export type KeyPath = z.infer<typeof KeyPath>;
export const GetKeyUseQuery = z.object({
  Days: z.coerce.number<string>().int().min(1).max(90).optional().meta({ description: 'Days, 30 by default.' }),
});
export type GetKeyUseQuery = z.infer<typeof GetKeyUseQuery>;
export const GetKeyUseOutput = z
  .object({
    LastUsed: LastUsed.optional(),
    Days: z.array(z.object({ Date: z.string(), Operation: z.string(), Served: z.int(), Refused: z.int() })),
  })
  .meta({ id: 'GetKeyUseOutput' });
export type GetKeyUseOutput = z.infer<typeof GetKeyUseOutput>;
