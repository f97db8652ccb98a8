import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PrincipalPolicy } from '../access/principal-policy.entity.js';
import { PrincipalRow } from '../access/principal.entity.js';
import { ApprovalGuard } from '../approvals/approval-guard.entity.js';
import { ApprovalTeam } from '../approvals/approval-team.entity.js';
import { lockRules, teamArn } from '../approvals/approval-teams.js';
import { type Fact, type GuardedOperation, GuardedOperations, type Subject } from '../approvals/guarded-operations.js';
import { HOST_OPERATIONS } from '../approvals/host-operations.js';
import { Rules } from '../approvals/rules.js';
import { type Call, scopeOf } from '../call.js';
import { STS } from '../sts/api.js';
import type { AdminOperationName } from './admin-operation.js';
import { ADMIN } from './api.js';
import type { PolicyPath, PrincipalPath } from './admin.schema.js';
import { arnOf } from './principal-path.js';

/**
 * The operations on users and roles, with their guards. Operations that grant access in another way have the same guard
 * as the operation that they could replace.
 */
const ACCESS: readonly (readonly [operation: AdminOperationName, guard: string | undefined, change: string])[] = [
  ['CreatePrincipal', 'CreatePrincipal', 'Creates a user or role.'],
  ['DeletePrincipal', 'DeletePrincipal', 'Deletes the user or role with its policies and access keys.'],
  ['PutPrincipalPolicy', 'PutPrincipalPolicy', 'Adds or replaces a policy of the user or role.'],
  ['DeletePrincipalPolicy', 'PutPrincipalPolicy', 'Deletes a policy of the user or role.'],
  ['CreateAccessKey', 'CreateAccessKey', 'Creates an access key, with which the caller can act as the user or role.'],
  ['RotateAccessKey', 'CreateAccessKey', 'Replaces an access key; the caller gets the new one.'],
  ['UpdateAccessKey', 'CreateAccessKey', 'Activates or deactivates an access key.'],
  ['PutPassword', 'CreateAccessKey', 'Sets the password of the user.'],
  ['DeleteAccessKey', undefined, 'Deletes an access key.'],
  ['DeletePassword', undefined, 'Deletes the password of the user.'],
  ['StartSession', 'StartSession', 'Starts a session, with which the caller can act as the user or role.'],
];

/** Input members and path parameters of the operations on teams and guards. */
interface RulesInput {
  team?: string;
  operation?: string;
}

/** The operations on users, roles, teams and guards, and of commands on the host, that can need approvals. */
@Injectable()
export class GuardedAdminOperations {
  constructor(operations: GuardedOperations) {
    const admin = { api: ADMIN.name, isGlobal: true, requiresTeams: true } as const;
    operations.register(
      ...ACCESS.map(([operation, guard, change]): GuardedOperation => ({
        ...admin,
        operation,
        ...(guard !== undefined && { guard }),
        read: (call, manager) => principal(call, manager, change),
      })),
      { api: STS.name, operation: 'AssumeRole', guard: 'StartSession', isGlobal: true, read: role },
      ...['UpdateTeam', 'DeleteTeam'].map((operation) => ({ ...admin, operation, read: team })),
      ...['PutGuard', 'DeleteGuard'].map((operation) => ({ ...admin, operation, read: guard })),
      ...HOST_OPERATIONS,
    );
  }
}

/** A user or role, whose change needs the approval of the teams that it belongs to. */
async function principal(call: Call, manager: EntityManager, change: string): Promise<Subject> {
  const path = (call.record.requestParameters ?? {}) as PrincipalPath & Partial<PolicyPath>;
  const { Name } = (call.record.input ?? {}) as { Name?: string };
  const arn = arnOf(call, { kind: path.kind, name: Name ?? path.name });
  const found = await manager.findOne(PrincipalRow, { where: { arn }, lock: { mode: 'pessimistic_write' } });
  const facts: Fact[] = [
    { name: 'Change', value: change },
    { name: 'Principal', value: arn },
  ];
  if (!found) return { facts };
  const policy =
    path.policy === undefined
      ? undefined
      : await manager.findOneBy(PrincipalPolicy, { principalArn: arn, name: path.policy });
  const written = call.operation === 'PutPrincipalPolicy' ? JSON.stringify(call.record.input) : undefined;
  const rules = await Rules.read(manager, call.principal.accountId);
  return {
    facts,
    replaces: {
      principal: found.uniqueId,
      ...(policy && { policy: createHash('sha256').update(policy.document).digest('hex') }),
    },
    before: policy?.document,
    after: written,
    teams: rules.teamsOf(found.uniqueId),
  };
}

async function role(call: Call, manager: EntityManager): Promise<Subject> {
  const { RoleArn: arn = '' } = (call.record.input ?? {}) as { RoleArn?: string };
  const found = await manager.findOneBy(PrincipalRow, { arn });
  const facts = [
    { name: 'Change', value: 'Starts a session of the role, with which the caller can act as the role.' },
    { name: 'Principal', value: arn },
  ];
  return { facts, replaces: found?.uniqueId };
}

async function team(call: Call, manager: EntityManager): Promise<Subject> {
  const { team: name = '' } = (call.record.requestParameters ?? {}) as RulesInput;
  const arn = teamArn(scopeOf(call), name);
  const found = await manager.findOne(ApprovalTeam, { where: { arn }, lock: { mode: 'pessimistic_write' } });
  const isUpdate = call.operation === 'UpdateTeam';
  const facts = [
    { name: 'Change', value: isUpdate ? 'Changes the team.' : 'Deletes the team.' },
    { name: 'Team', value: arn },
  ];
  if (!found) return { facts };
  const users = await manager.findBy(
    PrincipalRow,
    found.approvers.map((uniqueId) => ({ uniqueId })),
  );
  const present = {
    Approvers: users.map((user) => user.name).toSorted(),
    MinApprovals: found.minApprovals,
    SessionSeconds: found.sessionSeconds,
  };
  return {
    facts,
    replaces: found.version,
    before: JSON.stringify(present),
    after: isUpdate ? JSON.stringify(call.record.input) : undefined,
    teams: [arn],
  };
}

async function guard(call: Call, manager: EntityManager): Promise<Subject> {
  const { operation = '' } = (call.record.requestParameters ?? {}) as RulesInput;
  const where = { ...scopeOf(call), operation };
  await lockRules(manager, where.accountId);
  const found = await manager.findOne(ApprovalGuard, { where, lock: { mode: 'pessimistic_write' } });
  const isRemoval = call.operation === 'DeleteGuard';
  const facts = [
    { name: 'Change', value: isRemoval ? 'Removes the guard of an operation.' : 'Changes the guard of an operation.' },
    { name: 'Guard', value: operation },
  ];
  if (!found) return { facts };
  const condition: unknown = found.condition === null ? undefined : JSON.parse(found.condition);
  return {
    facts,
    replaces: found.version,
    before: JSON.stringify({ TeamArn: found.teamArn, Condition: condition }),
    after: isRemoval ? undefined : JSON.stringify(call.record.input),
    teams: [found.teamArn],
  };
}
