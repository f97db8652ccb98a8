import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { requireNoDryRun } from '../exceptions.js';
import type { Call } from '../../call.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { requireGrant, requireGrantFor, withoutEmptyContexts } from './grant-rules.js';
import { GrantTokens } from './grant-tokens.js';
import type { CreateGrantInput, CreateGrantOutput } from './grants.schema.js';
import { KmsGrantRepository, type NewKmsGrant } from './kms-grant.repository.js';
import { type GrantConstraints, KmsGrant } from './kms-grant.entity.js';

@Injectable()
export class CreateGrantOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly grants: KmsGrantRepository,
    private readonly tokens: GrantTokens,
  ) {}

  execute(call: Call, input: CreateGrantInput): Promise<CreateGrantOutput> {
    requireGrant(input);
    return this.keys.change(call, input.KeyId, {}, async ({ key, manager, changed }) => {
      requireGrantFor(key, input);
      const grant = newGrant(call, key.arn, input);
      const existing = await this.grants.sameAs(manager, grant);
      if (!existing) await this.grants.requireRoom(manager, key.arn);
      requireNoDryRun(input.DryRun);
      if (!existing) {
        await manager.insert(KmsGrant, manager.create(KmsGrant, grant));
        changed();
      }
      const { grantId } = existing ?? grant;
      call.record.created({ keyId: key.arn, grantId });
      return { GrantId: grantId, GrantToken: this.tokens.issue({ keyArn: key.arn, grantId }) };
    });
  }
}

function newGrant(call: Call, keyArn: string, input: CreateGrantInput): NewKmsGrant {
  return {
    keyArn,
    grantId: randomBytes(32).toString('hex'),
    name: input.Name ?? null,
    // requireGrant has checked that one of the two is present.
    granteePrincipal: (input.GranteePrincipal ?? input.GranteeServicePrincipal) as string,
    retiringPrincipal: input.RetiringPrincipal ?? input.RetiringServicePrincipal ?? null,
    operations: [...new Set(input.Operations)],
    constraints: canonical(withoutEmptyContexts(input.Constraints ?? {})),
    createdAt: call.origin.time,
  };
}

/** Returns the same text for the same constraints, so that they can be compared; null for none. */
function canonical({ EncryptionContextSubset, EncryptionContextEquals, SourceArn }: GrantConstraints): string | null {
  const json = JSON.stringify({
    EncryptionContextSubset: sorted(EncryptionContextSubset),
    EncryptionContextEquals: sorted(EncryptionContextEquals),
    SourceArn,
  });
  return json === '{}' ? null : json;
}

function sorted(context: Record<string, string> | undefined): Record<string, string> | undefined {
  return context && Object.fromEntries(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1)));
}
