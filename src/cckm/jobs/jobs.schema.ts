import { z } from 'zod';
import { MAX_CHARACTERS, MAX_MEMBERS } from '../../http/bounds.js';
import { envelope } from '../lists.js';
import { Resource } from '../resources.js';

const text = z.string().max(MAX_CHARACTERS);
const Names = z.union([text, z.array(text).max(MAX_MEMBERS)]).optional();

const Job = Resource.extend({
  cloud_name: z.string(),
  overall_status: z.string().meta({ description: '`completed`, or `failed` if a part of it failed.' }),
});

export const StartSynchronizationInput = z
  .object({
    kms: Names.meta({ description: 'Ids or names of KMS containers; a single one may be a string.' }),
    regions: Names.meta({ description: 'All Regions of the containers by default.' }),
    synchronize_all: z.boolean().optional(),
  })
  .meta({ id: 'StartSynchronizationInput', examples: [{ synchronize_all: true }] });
export type StartSynchronizationInput = z.infer<typeof StartSynchronizationInput>;

/** The outcome of a synchronization job in one Region of one container. */
const Pass = z.object({
  kms: z.string(),
  region: z.string(),
  status: z.string(),
  added: z.int(),
  updated: z.int(),
  gone: z.int(),
  remaining: z.int().meta({ description: 'Keys that the job didn’t read: start another job for them.' }),
  error: z.string().optional(),
});
export type Pass = z.infer<typeof Pass>;

export const Synchronization = Job.extend({
  kms: z.array(z.string()),
  synchronize_all: z.boolean(),
  passes: z.array(Pass),
}).meta({ id: 'SynchronizationJob' });
export type Synchronization = z.infer<typeof Synchronization>;
export const Synchronizations = envelope('SynchronizationJobs', Synchronization);

export const StartBulkInput = z
  .object({
    keys: z.array(text).min(1).max(MAX_MEMBERS),
    operation: z.enum(['enablekey', 'disablekey', 'schedulekeydeletion', 'cancelkeydeletion', 'applypolicytemplate']),
    days: z.int().min(7).max(30).optional(),
    policy_template_id: text.optional(),
  })
  .meta({
    id: 'StartBulkInput',
    examples: [{ keys: ['baf58871-2503-4d13-a84a-339aeb8fdfaf'], operation: 'schedulekeydeletion', days: 7 }],
  });
export type StartBulkInput = z.infer<typeof StartBulkInput>;

const Result = z.object({ key_id: z.string(), status: z.string(), error: z.string().optional() });
export type Result = z.infer<typeof Result>;
export const Bulk = Job.extend({ operation: z.string(), results: z.array(Result) }).meta({ id: 'BulkJob' });
export type Bulk = z.infer<typeof Bulk>;
export const Bulks = envelope('BulkJobs', Bulk);
