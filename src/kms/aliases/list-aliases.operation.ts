import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../../call.js';
import { epochSeconds } from '../../http/fields.js';
import { PageTokens } from '../../http/page-tokens.js';
import { identityOf, parseKeyId } from '../keys/key-id.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { pageOf } from '../pages.js';
import type { AliasListEntry, ListAliasesInput, ListAliasesOutput } from './aliases.schema.js';
import type { KmsAlias } from './kms-alias.entity.js';
import { arnOf, KmsAliasRepository } from './kms-alias.repository.js';

const LIMITS = { default: 50, max: 100 };

@Injectable()
export class ListAliasesOperation {
  constructor(
    private readonly aliases: KmsAliasRepository,
    private readonly keys: KmsKeyRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, { KeyId, ...input }: ListAliasesInput): Promise<ListAliasesOutput> {
    const keyArn =
      KeyId === undefined ? undefined : await this.keys.arnOf(call, parseKeyId(KeyId, scopeOf(call), false));
    const { items, paging } = await pageOf(
      call,
      this.tokens,
      ['ListAliases', keyArn],
      { ...input, limits: LIMITS },
      (from) => this.aliases.list(call, { keyArn, ...from }),
      ({ name }) => name,
    );
    return { Aliases: items.map(presentAlias), ...paging };
  }
}

function presentAlias(alias: KmsAlias): AliasListEntry {
  return {
    AliasName: alias.name,
    AliasArn: arnOf(alias),
    TargetKeyId: identityOf(alias.keyArn).keyId,
    CreationDate: epochSeconds(alias.createdAt),
    LastUpdatedDate: epochSeconds(alias.updatedAt),
  };
}
