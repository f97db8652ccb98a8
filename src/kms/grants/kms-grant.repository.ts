import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull, Like, MoreThan, Raw } from 'typeorm';
import { type Call, scopeOf } from '../../call.js';
import { LimitExceededException } from '../exceptions.js';
import { kmsKeyArn } from '../keys/key-id.js';
import { MAX_GRANTS } from './grant-rules.js';
import { KmsGrant } from './kms-grant.entity.js';

/** A grant before it is stored. */
export type NewKmsGrant = Omit<KmsGrant, 'sequence' | 'mac'>;

/** A page of a list: the grants after a position, which is a `sequence`. */
interface From {
  after?: string;
  limit: number;
}

const COUNT = `SELECT count(*)::int AS count FROM (SELECT FROM kms_grants WHERE key_arn = $1 LIMIT $2) AS counted`;

/** The stored grants. Keys are authorized by the operations. */
@Injectable()
export class KmsGrantRepository {
  constructor(private readonly database: DataSource) {}

  /** Returns a page of the grants of a key, from the oldest. */
  ofKey(
    keyArn: string,
    filter: Partial<Pick<KmsGrant, 'grantId' | 'granteePrincipal'>>,
    { after, limit }: From,
  ): Promise<KmsGrant[]> {
    return this.database.manager.find(KmsGrant, {
      where: { keyArn, ...filter, ...(after !== undefined && { sequence: MoreThan(after) }) },
      order: { sequence: 'ASC' },
      take: limit + 1,
    });
  }

  /** Returns a page of the grants in the call's Region that a principal may retire, from the oldest. */
  retirableBy(call: Call, retiringPrincipal: string, { after, limit }: From): Promise<KmsGrant[]> {
    return this.database.manager.find(KmsGrant, {
      where: {
        retiringPrincipal,
        keyArn: Like(kmsKeyArn(scopeOf(call), '%')),
        ...(after !== undefined && { sequence: MoreThan(after) }),
      },
      order: { sequence: 'ASC' },
      take: limit + 1,
    });
  }

  /** Returns the grant with the same name and contents as a new one. The key is locked. */
  async sameAs(manager: EntityManager, grant: NewKmsGrant): Promise<KmsGrant | null> {
    const { keyArn, name, granteePrincipal, retiringPrincipal, constraints } = grant;
    if (name === null) return null;
    return manager.findOneBy(KmsGrant, {
      keyArn,
      granteePrincipal,
      name,
      retiringPrincipal: retiringPrincipal ?? IsNull(),
      constraints: constraints ?? IsNull(),
      // The operations of a grant have no duplicates.
      operations: Raw(
        (column) => `string_to_array(${column}, ',') @> :operations AND string_to_array(${column}, ',') <@ :operations`,
        { operations: grant.operations },
      ),
    });
  }

  /** Checks that a locked key may have another grant. @throws LimitExceededException */
  async requireRoom(manager: EntityManager, keyArn: string): Promise<void> {
    const [found] = await manager.query<{ count: number }[]>(COUNT, [keyArn, MAX_GRANTS]);
    if (found && found.count >= MAX_GRANTS)
      throw new LimitExceededException(
        `${keyArn} has the ${MAX_GRANTS} grants that a key may have: retire or revoke some.`,
      );
  }
}

/** Locks a grant until the end of the transaction. */
export function lockGrant(
  manager: EntityManager,
  { keyArn, grantId }: Pick<KmsGrant, 'keyArn' | 'grantId'>,
): Promise<KmsGrant | null> {
  return manager.findOne(KmsGrant, { where: { keyArn, grantId }, lock: { mode: 'pessimistic_write' } });
}
