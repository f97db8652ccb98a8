import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Call, type Scope, scopeOf } from '../../call.js';
import { ConflictException, ResourceNotFoundException } from '../../errors/exceptions.js';
import { Changes } from '../../changes/changes.js';
import { type MpaOperation, MpaTeamAssociation } from './mpa-team-association.entity.js';

export const DECISIONS = ['approve', 'reject'] as const;
export type Decision = (typeof DECISIONS)[number];

/**
 * The teams that approve protected operations of the caller's account and Region. The first team is in force at once.
 * To change or remove a team, its approval is needed: the change is stored as pending, and the current association
 * stays in force until the operator of the host approves or rejects the change.
 */
@Injectable()
export class MpaTeamAssociationRepository {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
  ) {}

  /** Returns the association of an operation. @throws ResourceNotFoundException if it has none */
  async get(call: Call, action: MpaOperation): Promise<MpaTeamAssociation> {
    const found = await this.database.manager.findOneBy(MpaTeamAssociation, idOf(call, action));
    if (!found) throw new ResourceNotFoundException(action);
    return found;
  }

  /**
   * Associates an operation with its first team, or requests a change to another team. Does nothing if the team is the
   * current one.
   *
   * @throws ConflictException while another change is pending
   */
  async associate(call: Call, action: MpaOperation, teamArn: string): Promise<MpaTeamAssociation> {
    return this.changes.transaction(call, async (manager) => {
      const first = { ...idOf(call, action), teamArn, state: 'ACTIVE' as const, requestedTeamArn: null };
      await manager.createQueryBuilder().insert().into(MpaTeamAssociation).values(first).orIgnore().execute();
      const association = await lockSettled(call, manager, action);
      if (association.teamArn === teamArn) return association;
      return manager.save(Object.assign(association, { state: 'UPDATE_PENDING', requestedTeamArn: teamArn }));
    });
  }

  /**
   * Requests the removal of an association.
   *
   * @throws ResourceNotFoundException if the operation has none, ConflictException while another change is pending
   */
  async disassociate(call: Call, action: MpaOperation): Promise<MpaTeamAssociation> {
    return this.changes.transaction(call, async (manager) => {
      const association = await lockSettled(call, manager, action);
      return manager.save(Object.assign(association, { state: 'DELETE_PENDING' }));
    });
  }

  /**
   * Approves or rejects the pending change of an association.
   *
   * @returns the association in force, or undefined if its removal was approved
   * @throws ResourceNotFoundException if the operation has none, ConflictException if no change is pending
   */
  async settle(call: Call, action: MpaOperation, decision: Decision): Promise<MpaTeamAssociation | undefined> {
    return this.changes.transaction(call, async (manager) => {
      const association = await lock(call, manager, action);
      const { state, requestedTeamArn } = association;
      if (state === 'ACTIVE')
        throw new ConflictException(`No change to the team for ${action} is waiting for approval.`);
      if (decision === 'approve' && state === 'DELETE_PENDING') {
        await manager.remove(association);
        return undefined;
      }
      const teamArn = (decision === 'approve' && requestedTeamArn) || association.teamArn;
      return manager.save(Object.assign(association, { state: 'ACTIVE', teamArn, requestedTeamArn: null }));
    });
  }
}

/** Locks an association until the transaction ends. @throws ResourceNotFoundException */
async function lock(call: Call, manager: EntityManager, action: MpaOperation): Promise<MpaTeamAssociation> {
  const association = await manager.findOne(MpaTeamAssociation, {
    where: idOf(call, action),
    lock: { mode: 'pessimistic_write' },
  });
  if (!association) throw new ResourceNotFoundException(action);
  return association;
}

/** Locks an association without a pending change until the transaction ends. @throws ConflictException */
async function lockSettled(call: Call, manager: EntityManager, action: MpaOperation): Promise<MpaTeamAssociation> {
  const association = await lock(call, manager, action);
  if (association.state !== 'ACTIVE')
    throw new ConflictException(
      `The team for ${action} is in ${association.state} state: a change is waiting for approval.`,
    );
  return association;
}

function idOf(call: Call, action: MpaOperation): Scope & { action: MpaOperation } {
  return { ...scopeOf(call), action };
}
