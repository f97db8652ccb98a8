import { z } from 'zod';
import { SESSION_STATES } from '../approvals/approval-session.entity.js';
import { map, MAX_CHARACTERS } from '../http/bounds.js';
import { EXAMPLE_SCOPE, NextToken, sensitive, Timestamp, wellFormed } from '../http/fields.js';

const EXAMPLE_TEAM = 'custodians';
const EXAMPLE_TEAM_ARN = `arn:aws:mpa:${EXAMPLE_SCOPE.region}:${EXAMPLE_SCOPE.accountId}:approval-team/${EXAMPLE_TEAM}`;
const EXAMPLE_HASH = '3f9a'.padEnd(64, '0');
/** Maximum number of values of a guard's condition key, and of condition keys of an operator. */
const MAX_CONDITION = 20;

const TeamName = z
  .string()
  .min(1)
  .max(64)
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/,
    'must begin with a letter or digit, and have only letters, digits, ".", "_" and "-"',
  )
  .meta({ description: 'Name of the team.', example: EXAMPLE_TEAM });
const TeamArn = z
  .string()
  .max(200)
  .regex(
    /^arn:aws:mpa:[a-z0-9-]{1,20}:\d{12}:approval-team\/[a-zA-Z0-9._-]{1,64}$/,
    'must be the ARN of an approval team',
  );
const Operation = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Z]\w*$/, 'must be the name of an operation');
const Comment = sensitive(wellFormed(z.string().max(200)));
const RequestHash = z
  .string()
  .min(64)
  .max(64)
  .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits in lower case');

const members = {
  Approvers: z
    .array(wellFormed(z.string().min(1).max(64)))
    .min(2)
    .max(20)
    .meta({ description: 'Names of users.' }),
  MinApprovals: z
    .int()
    .min(1)
    .max(20)
    .meta({ description: 'Approvals that a request needs. The requester doesn’t count.' }),
  SessionSeconds: z
    .int()
    .min(3600)
    .max(604_800)
    .default(86_400)
    .meta({ description: 'Time in which the approvers must decide.' }),
};
const EXAMPLE_MEMBERS = { Approvers: ['custodian-1', 'custodian-2'], MinApprovals: 1 };

export const CreateTeamInput = z
  .object({ Name: TeamName, ...members })
  .meta({ id: 'CreateTeamInput', examples: [{ Name: 'vault', ...EXAMPLE_MEMBERS }] });
export type CreateTeamInput = z.infer<typeof CreateTeamInput>;

export const UpdateTeamInput = z.object(members).meta({ id: 'UpdateTeamInput', examples: [EXAMPLE_MEMBERS] });
export type UpdateTeamInput = z.infer<typeof UpdateTeamInput>;

export const TeamPath = z.object({ team: TeamName });
export type TeamPath = z.infer<typeof TeamPath>;

const Team = z
  .object({
    TeamArn: z.string(),
    Name: z.string(),
    Approvers: z.array(
      z.object({
        UniqueId: z.string(),
        Name: z.string().optional().meta({ description: 'Absent if the user was deleted.' }),
      }),
    ),
    MinApprovals: z.int(),
    SessionSeconds: z.int(),
    CreateTimestamp: Timestamp,
  })
  .meta({ id: 'ApprovalTeam' });
export type Team = z.infer<typeof Team>;

export const TeamOutput = z.object({ Team }).meta({ id: 'TeamOutput' });
export type TeamOutput = z.infer<typeof TeamOutput>;
export const ListTeamsOutput = z.object({ Teams: z.array(Team) }).meta({ id: 'ListTeamsOutput' });
export type ListTeamsOutput = z.infer<typeof ListTeamsOutput>;

export const GuardPath = z.object({ operation: Operation.meta({ example: 'ExportKey' }) });
export type GuardPath = z.infer<typeof GuardPath>;

const Condition = map(
  z.string().max(64),
  map(z.string().max(256), z.array(z.string().max(256)).min(1).max(MAX_CONDITION), MAX_CONDITION),
  MAX_CONDITION,
).meta({
  description:
    'Condition block of the policy language: operators, condition keys, and values, one of which must match. All elements must match. ' +
    'Without a condition, the guard applies to every call of the operation.',
});

export const PutGuardInput = z.object({ TeamArn, Condition: Condition.optional() }).meta({
  id: 'PutGuardInput',
  examples: [{ TeamArn: EXAMPLE_TEAM_ARN, Condition: { StringEquals: { 'aws:ResourceTag/tier': ['production'] } } }],
});
export type PutGuardInput = z.infer<typeof PutGuardInput>;

const Guard = z
  .object({ Operation, TeamArn: z.string(), Condition: Condition.optional() })
  .meta({ id: 'ApprovalGuard' });
export type Guard = z.infer<typeof Guard>;
export const GuardOutput = z.object({ Guard }).meta({ id: 'GuardOutput' });
export type GuardOutput = z.infer<typeof GuardOutput>;
export const ListGuardsOutput = z
  .object({
    Guards: z.array(Guard),
    Guardable: z.array(z.string()).meta({ description: 'Operations that can be guarded.' }),
  })
  .meta({ id: 'ListGuardsOutput' });
export type ListGuardsOutput = z.infer<typeof ListGuardsOutput>;

/** The team's name and the session's id, so that the team is known before the session is looked up. */
const SessionId = z
  .string()
  .min(28)
  .max(91)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*:[A-Z2-7]{26}$/, 'must be the id of a session: TEAM:ID')
  .meta({
    description: 'Id of the session. curl 7.88 and 8.8 don’t encode its colon for the signature.',
    example: `${EXAMPLE_TEAM}:ABCDEFGHIJKLMNOPQRSTUVWXYZ`,
  });
export const ApprovalPath = z.object({ id: SessionId });
export type ApprovalPath = z.infer<typeof ApprovalPath>;

export const ListApprovalsQuery = z.object({
  State: z.enum(SESSION_STATES).optional().meta({ description: 'Only sessions in this state; all by default.' }),
  MaxResults: z.coerce.number<string>().int().min(1).max(100).optional().meta({
    description: 'Maximum number of sessions per page; 50 by default.',
  }),
  NextToken: NextToken.optional().meta({ description: 'NextToken from the previous page.' }),
});
export type ListApprovalsQuery = z.infer<typeof ListApprovalsQuery>;

export const VoteInput = z
  .object({
    RequestHash: RequestHash.meta({
      description:
        'Hash of the request, as returned by GetApproval: it ensures that the vote is for the request that was read.',
    }),
    Comment: Comment.optional(),
  })
  .meta({ id: 'VoteInput', examples: [{ RequestHash: EXAMPLE_HASH }] });
export type VoteInput = z.infer<typeof VoteInput>;

const summary = {
  Id: SessionId,
  SessionArn: z.string(),
  TeamArn: z.string(),
  Operation: z.string().meta({ description: 'API and operation, e.g. payment-cryptography:DeleteKey.' }),
  Requester: z.string().meta({ description: 'ARN of the root, a user, a role or a session of a role.' }),
  RequestHash: z.string(),
  State: z.enum(SESSION_STATES).meta({
    description:
      'PENDING until it is approved, denied, cancelled or expired. APPROVED for an hour, in which the requester must repeat the call. ' +
      'EXECUTED once the call has taken effect.',
  }),
  StatusMessage: z.string().optional(),
  Approvals: z.int().meta({ description: 'Votes to approve so far.' }),
  MinApprovals: z.int(),
  CreateTimestamp: Timestamp,
  ExpirationTimestamp: Timestamp.meta({ description: 'End of the time to vote.' }),
  ApprovedUntil: Timestamp.optional().meta({ description: 'End of the time to repeat the call.' }),
  MayVote: z.boolean().meta({ description: 'true if the caller can vote.' }),
  OwnVote: z.enum(['APPROVE', 'DENY']).optional().meta({ description: 'The caller’s vote so far.' }),
};

const ApprovalSummary = z.object(summary).meta({ id: 'ApprovalSummary' });
export type ApprovalSummary = z.infer<typeof ApprovalSummary>;

export const ListApprovalsOutput = z
  .object({ Approvals: z.array(ApprovalSummary), NextToken: NextToken.optional() })
  .meta({ id: 'ListApprovalsOutput' });
export type ListApprovalsOutput = z.infer<typeof ListApprovalsOutput>;

const Approval = z
  .object({
    ...summary,
    Barrier: z.string().optional().meta({ description: 'Reason why the caller can’t vote.' }),
    Comment: z.string().optional().meta({ description: 'Comment of the requester.' }),
    Facts: z
      .array(z.object({ Name: z.string(), Value: z.string() }))
      .meta({ description: 'Description of the change.' }),
    Resources: z.array(z.string()).meta({ description: 'ARNs of the keys of the request, with their descriptions.' }),
    Parameters: z.looseObject({}).meta({ description: 'Parameters of the call, as audit events show them.' }),
    Before: z.string().optional().meta({ description: 'The document that the call replaces or deletes, as JSON.' }),
    After: z.string().optional().meta({ description: 'The new document, as JSON.' }),
    Executes: z.boolean().meta({
      description: 'true if the service executes the call on the last vote; false if the requester repeats it.',
    }),
    BreakGlassReason: z.string().optional(),
    Votes: z.array(
      z.object({
        Voter: z.string(),
        Decision: z.enum(['APPROVE', 'DENY']),
        Comment: z.string().max(MAX_CHARACTERS).optional(),
        Timestamp,
      }),
    ),
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof Approval>;

export const ApprovalOutput = z.object({ Approval }).meta({ id: 'ApprovalOutput' });
export type ApprovalOutput = z.infer<typeof ApprovalOutput>;
