import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../../call.js';
import type { Authorizer } from '../../http/authorizer.js';
import { requireAliasName } from '../aliases/alias-names.js';
import { GrantCache } from '../grants/grant-cache.js';
import { GrantTokens, invalidGrantToken } from '../grants/grant-tokens.js';
import { kmsArn, kmsKeyArn } from '../keys/key-id.js';
import type { KmsResource } from '../operation.js';
import { authorize } from './authorize.js';

/** Input members that determine the resource of an operation and the further permissions it needs. */
interface Input {
  AliasName?: string;
  GrantTokens?: readonly string[];
  Tags?: readonly unknown[];
}

/** Authorizes a KMS operation after its input has been validated and before it runs. */
@Injectable()
export class KmsAuthorizer implements Authorizer {
  constructor(
    private readonly tokens: GrantTokens,
    private readonly grants: GrantCache,
  ) {}

  /**
   * Keys are authorized by KmsKeyRepository, which knows their policies. Grants take effect at once, so grant tokens
   * are only validated.
   *
   * @throws AccessDeniedException
   * @throws ValidationException, KmsException NotAuthorizedException for the name of an alias
   * @throws KmsException InvalidGrantTokenException
   */
  authorize(call: Call, resource: KmsResource): Promise<void> | undefined {
    const { AliasName = '', GrantTokens = [], Tags = [] } = (call.record.input ?? {}) as Input;
    if (resource === 'alias') {
      requireAliasName(AliasName);
      authorize(call, { resource: kmsArn({ ...scopeOf(call), resource: AliasName }) });
    }
    if (resource === 'nothing') {
      authorize(call, { resource: '*' });
      if (Tags.length > 0) authorize(call, { resource: kmsKeyArn(scopeOf(call), '*'), operation: 'TagResource' });
    }
    return GrantTokens.length > 0 ? this.#requireGrants(call, GrantTokens) : undefined;
  }

  async #requireGrants(call: Call, tokens: readonly string[]): Promise<void> {
    for (const token of tokens)
      if (!(await this.grants.has(this.tokens.read(token, scopeOf(call))))) throw invalidGrantToken();
  }
}
