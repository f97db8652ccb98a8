import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import type { Principal } from '../../call.js';
import { FreshCache } from '../../changes/fresh-cache.js';
import { Changes } from '../../changes/changes.js';
import { inTime } from '../../changes/in-time.js';
import { whenReady } from '../../when-ready.js';
import { type GrantedCall, granteesOf, requirementsOf } from './grant-scope.js';
import type { NamedGrant } from './grant-tokens.js';
import { KmsGrant } from './kms-grant.entity.js';

/**
 * Maximum number of grants of a key to one principal that are cached and tried one by one, which takes milliseconds. A
 * key may have 50,000, and a grantee may create them for itself.
 */
const MAX_REMEMBERED = 100;

interface GrantsOfKey {
  readonly keyArn: string;
  /** Undefined if there are more than MAX_REMEMBERED. */
  readonly grants?: readonly KmsGrant[];
}

/**
 * Grants by key and grantee, and grants named by tokens, by key and grant.
 */
@Injectable()
export class GrantCache extends FreshCache<GrantsOfKey> {
  constructor(
    private readonly database: DataSource,
    changes: Changes,
  ) {
    super(changes.freshness);
    changes.subscribe(this);
  }

  /**
   * Returns the grants of a key to a principal, its role or its account; of many, one that allows the call.
   *
   * @returns a promise only if they aren't cached
   */
  of(keyArn: string, principal: Principal, granted: GrantedCall): readonly KmsGrant[] | Promise<readonly KmsGrant[]> {
    const { manager } = this.database;
    const name = `${keyArn} ${principal.arn}`;
    const load = async (): Promise<GrantsOfKey> => {
      const grants = await inTime(
        grantsTo(manager, keyArn, principal)
          .limit(MAX_REMEMBERED + 1)
          .getMany(),
      );
      return grants.length > MAX_REMEMBERED ? { keyArn } : { keyArn, grants };
    };
    return whenReady(
      this.known(name)?.value ?? this.read(name, load),
      ({ grants }) => grants ?? inTime(grantsAllowing(manager, keyArn, principal, granted)),
    );
  }

  /** True if a key has a grant; a promise only if that isn't cached. */
  has({ keyArn, grantId }: NamedGrant): boolean | Promise<boolean> {
    const name = `${keyArn} ${grantId}`;
    const load = async (): Promise<GrantsOfKey | null> => {
      const grant = await inTime(this.database.manager.findOneBy(KmsGrant, { keyArn, grantId }));
      return grant && { keyArn, grants: [grant] };
    };
    return whenReady(this.known(name)?.value ?? this.read(name, load), (found) => found !== null);
  }

  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:kms:');
  }

  protected sourceOf({ keyArn }: GrantsOfKey): string {
    return keyArn;
  }
}

function grantsTo(manager: EntityManager, keyArn: string, principal: Principal): SelectQueryBuilder<KmsGrant> {
  return manager
    .createQueryBuilder(KmsGrant, 'grant')
    .where('grant.keyArn = :keyArn AND grant.granteePrincipal IN (:...grantees)', {
      keyArn,
      grantees: granteesOf(principal),
    })
    .orderBy('grant.sequence');
}

const OPERATIONS = `string_to_array("grant"."operations", ',')`;
const SUBSET = `("grant"."constraints"::jsonb -> 'EncryptionContextSubset')`;
const EQUALS = `("grant"."constraints"::jsonb -> 'EncryptionContextEquals')`;

const SOURCE = `("grant"."constraints"::jsonb -> 'SourceArn')`;

/**
 * Returns the oldest grant of a key to a principal, its role or its account that allows a call, if there is one.
 * PostgreSQL evaluates the conditions of `allows`, because many grants may not match.
 *
 * @param granted any operation except RetireGrant, which needs a specific grant
 */
export function grantsAllowing(
  manager: EntityManager,
  keyArn: string,
  principal: Principal,
  granted: GrantedCall,
): Promise<KmsGrant[]> {
  const { operations, included, equal } = requirementsOf(granted);
  const ofContext = `(${SUBSET} IS NULL OR :included::jsonb @> ${SUBSET}) AND (${EQUALS} IS NULL OR :equal::jsonb = ${EQUALS})`;
  return grantsTo(manager, keyArn, principal)
    .andWhere(`${OPERATIONS} @> :operations`, { operations })
    .andWhere(`("grant"."constraints" IS NULL OR (${SOURCE} IS NULL ${included ? `AND ${ofContext}` : ''}))`, {
      included: JSON.stringify(included),
      equal: equal ? JSON.stringify(equal) : null,
    })
    .limit(1)
    .getMany();
}
