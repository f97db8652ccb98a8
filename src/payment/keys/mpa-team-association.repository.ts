import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Call, type Scope, scopeOf } from '../../call.js';
import { ConflictException, ResourceNotFoundException } from '../../errors/exceptions.js';
import { Changes } from '../../changes/changes.js';
import { type MpaOperation, MpaTeamAssociation } from './mpa-team-association.entity.js';

/**
 * The teams that approve protected operations of the caller's account and Region. A first team is in force at once. To
 * change it or to do without needs its approval: the wish is kept and the association stays in force as it is. Nobody
 * approves yet, so a wish stays one.
 */
@Injectable()
export class MpaTeamAssociationRepository {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
  ) {}

  /** @throws ResourceNotFoundException where the operation has no team */
  async get(call: Call, action: MpaOperation): Promise<MpaTeamAssociation> {
    const found = await this.database.manager.findOneBy(MpaTeamAssociation, idOf(call, action));
    if (!found) throw new ResourceNotFoundException(action);
    return found;
  }

  /**
   * Gives an operation its first team, or wishes for another one. The team that it has is no change.
   *
   * @throws ConflictException while another wish waits for approval
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
   * Wishes to do without a team.
   *
   * @throws ResourceNotFoundException where the operation has none, ConflictException while another wish waits
   */
  async disassociate(call: Call, action: MpaOperation): Promise<MpaTeamAssociation> {
    return this.changes.transaction(call, async (manager) => {
      const association = await lockSettled(call, manager, action);
      return manager.save(Object.assign(association, { state: 'DELETE_PENDING' }));
    });
  }
}

/** The association for no one else to change until the transaction ends, when nothing of it waits for approval. */
async function lockSettled(call: Call, manager: EntityManager, action: MpaOperation): Promise<MpaTeamAssociation> {
  const association = await manager.findOne(MpaTeamAssociation, {
    where: idOf(call, action),
    lock: { mode: 'pessimistic_write' },
  });
  if (!association) throw new ResourceNotFoundException(action);
  if (association.state !== 'ACTIVE')
    throw new ConflictException(`The team of ${action} is in ${association.state} state: a change waits for approval.`);
  return association;
}

function idOf(call: Call, action: MpaOperation): Scope & { action: MpaOperation } {
  return { ...scopeOf(call), action };
}
