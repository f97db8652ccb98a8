import { z } from 'zod';
import { MAX_CHARACTERS } from '../http/bounds.js';
import { NextToken, Timestamp } from '../http/fields.js';

const text = (description: string) => z.string().min(1).max(MAX_CHARACTERS).optional().meta({ description });
/** Query parameters arrive as text. The limit is that of a date. */
const time = (description: string) =>
  z.coerce.number<string>().min(0).max(8_640_000_000_000).optional().meta({ description });

export const ListAuditEventsQuery = z.object({
  From: time('Earliest time, in seconds since 1970-01-01T00:00:00Z.'),
  To: time('Latest time, in seconds since 1970-01-01T00:00:00Z.'),
  Caller: text('ARN of the root, a user, a role or a session of a role, or the ID of an access key.'),
  Operation: text('`eventName` of the event, e.g. ExportKey.'),
  Source: text('`eventSource` of the event, e.g. kms.amazonaws.com, cckm or hostcommands.'),
  Key: text('ARN of a key that the call used.'),
  Outcome: text('`served`, `refused`, or the name of an exception.'),
  Changes: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'true for operations that change something; all by default.' }),
  RequestId: text('`x-amzn-RequestId` of the response.'),
  MaxResults: z.coerce.number<string>().int().min(1).max(100).optional().meta({
    description: 'Maximum number of events per page; 50 by default.',
  }),
  NextToken: NextToken.optional().meta({ description: 'NextToken from the previous page.' }),
});
export type ListAuditEventsQuery = z.infer<typeof ListAuditEventsQuery>;

export const ListAuditEventsOutput = z
  .object({
    Events: z
      .array(z.looseObject({}))
      .meta({ description: 'Events in their original form, which is that of AWS CloudTrail.' }),
    NextToken: NextToken.optional(),
    Complete: z.boolean().meta({
      description: 'false if the call ended at its limit of events or time: more events may be found with NextToken.',
    }),
    DataEventSinks: z.array(z.string()).optional().meta({
      description:
        'Destinations of the data plane’s events, as in KEYBLOCK_AUDIT, if they are not stored in the table and therefore not in this list.',
    }),
  })
  .meta({ id: 'ListAuditEventsOutput' });
export type ListAuditEventsOutput = z.infer<typeof ListAuditEventsOutput>;

const VerifiedChain = z
  .object({
    Chain: z.int(),
    Host: z.string().optional(),
    Pid: z.int().optional(),
    Elsewhere: z.boolean().optional().meta({
      description: 'true if its events are on a stream: only its entry in the database was checked.',
    }),
    Events: z.int().meta({ description: 'Number of events that were checked, up to the fault if there is one.' }),
    From: Timestamp.optional().meta({ description: 'Time of the first event.' }),
    To: Timestamp.optional().meta({ description: 'Time of the last event that was checked.' }),
    Head: z.object({ Sequence: z.int(), Hash: z.string() }),
    Fault: z
      .object({
        Kind: z.enum(['edited', 'removed', 'inserted', 'end missing', 'chain missing', 'not signed', 'reported']).meta({
          description:
            '`reported` if the fault is known only from the first event of a later chain; `not signed` occurs in copies only.',
        }),
        Sequence: z.int().optional(),
        What: z.string(),
      })
      .optional(),
  })
  .meta({ id: 'VerifiedChain' });

export const AuditVerificationOutput = z
  .object({
    State: z.enum(['NONE', 'RUNNING', 'INTACT', 'BROKEN', 'FAILED', 'INTERRUPTED', 'MODIFIED']).meta({
      description:
        'NONE before the first verification; FAILED after an error, which is in the node’s log; INTERRUPTED if the node stopped; ' +
        'MODIFIED if the result in the database was edited.',
    }),
    Started: Timestamp.optional(),
    Ended: Timestamp.optional(),
    StartedBy: z.string().optional(),
    ChainCount: z.int().optional(),
    FaultyCount: z.int().optional(),
    EventCount: z.int().optional(),
    Fault: z.string().optional().meta({ description: 'Fault of the set of chains as a whole.' }),
    Chains: z
      .array(VerifiedChain)
      .optional()
      .meta({ description: 'At most 1,000: first the chains with faults, then the newest.' }),
  })
  .meta({ id: 'AuditVerificationOutput' });
export type AuditVerificationOutput = z.infer<typeof AuditVerificationOutput>;
