import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { ValidationException } from '../../errors/exceptions.js';
import { epochSeconds } from '../../http/fields.js';
import { PageTokens } from '../../http/page-tokens.js';
import { pageOf } from '../pages.js';
import { CustomKeyStoreRepository } from './custom-key-store.repository.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import type {
  CustomKeyStoresListEntry,
  DescribeCustomKeyStoresInput,
  DescribeCustomKeyStoresOutput,
} from './stores.schema.js';

const LIMITS = { default: 100, max: 1000 };

@Injectable()
export class DescribeCustomKeyStoresOperation {
  constructor(
    private readonly stores: CustomKeyStoreRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, input: DescribeCustomKeyStoresInput): Promise<DescribeCustomKeyStoresOutput> {
    const { CustomKeyStoreId, CustomKeyStoreName } = input;
    if (CustomKeyStoreId !== undefined && CustomKeyStoreName !== undefined)
      throw new ValidationException('Specify either CustomKeyStoreId or CustomKeyStoreName, not both.');
    if (CustomKeyStoreId !== undefined) return one(await this.stores.get(call, CustomKeyStoreId));
    if (CustomKeyStoreName !== undefined) return one(await this.stores.named(call, CustomKeyStoreName));
    const { items, paging } = await pageOf(
      call,
      this.tokens,
      ['DescribeCustomKeyStores'],
      { ...input, limits: LIMITS },
      (from) => this.stores.list(call, from),
      ({ id }) => id,
    );
    return { CustomKeyStores: items.map(present), ...paging };
  }
}

function one(store: KmsCustomKeyStore): DescribeCustomKeyStoresOutput {
  return { CustomKeyStores: [present(store)], Truncated: false };
}

function present(store: KmsCustomKeyStore): CustomKeyStoresListEntry {
  return {
    CustomKeyStoreId: store.id,
    CustomKeyStoreName: store.name,
    CustomKeyStoreType: store.type,
    ConnectionState: store.connectionState,
    ConnectionErrorCode: (store.connectionErrorCode ?? undefined) as CustomKeyStoresListEntry['ConnectionErrorCode'],
    CreationDate: epochSeconds(store.createdAt),
    ...(store.type === 'AWS_CLOUDHSM'
      ? {
          CloudHsmClusterId: store.clusterId ?? undefined,
          TrustAnchorCertificate: store.trustAnchor ?? undefined,
        }
      : {
          XksProxyConfiguration: {
            Connectivity: store.connectivity ?? undefined,
            AccessKeyId: store.accessKeyId ?? undefined,
            UriEndpoint: store.uriEndpoint ?? undefined,
            UriPath: store.uriPath ?? undefined,
          },
        }),
  };
}
