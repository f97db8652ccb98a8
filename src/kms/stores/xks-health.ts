import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Call } from '../../call.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { XksClient, XksError, type XksProxy } from './xks-client.js';
import { xksConnectionError, xksError } from './xks-errors.js';

const Health = z.object({
  xksProxyFleetSize: z.int().min(1),
  xksProxyVendor: z.string().min(1),
  xksProxyModel: z.string().min(1),
  ekmVendor: z.string().min(1),
  ekmFleetDetails: z
    .array(z.object({ healthStatus: z.enum(['ACTIVE', 'DEGRADED', 'UNAVAILABLE']) }))
    .min(1)
    .max(10),
});

/** Asks external key store proxies whether they can serve. */
@Injectable()
export class XksHealth {
  constructor(
    private readonly client: XksClient,
    private readonly provider: CryptoProvider,
  ) {}

  /**
   * Asks a proxy for its health.
   *
   * @throws XksError also if every external key manager behind it is unavailable
   */
  async check(proxy: XksProxy, kmsOperation: string, kmsRequestId: string): Promise<void> {
    const requestMetadata = { kmsRequestId, kmsOperation };
    const { ekmFleetDetails } = await this.client.call(proxy, '/health', { requestMetadata }, Health);
    if (ekmFleetDetails.every(({ healthStatus }) => healthStatus === 'UNAVAILABLE'))
      throw new XksError('NotReachable', 'Every external key manager behind the proxy is unavailable.');
  }

  /**
   * Checks, for a call that creates or changes a store, that its proxy can serve.
   *
   * @param secretAccessKey raw secret of the proxy's credential
   * @throws KmsException of CreateCustomKeyStore and UpdateCustomKeyStore
   */
  async requireHealthy(call: Call, store: ProxyColumns, secretAccessKey: string): Promise<void> {
    try {
      await this.check(proxyWith(store, secretAccessKey), call.operation, call.requestId);
    } catch (error) {
      throw xksError(error, 'store');
    }
  }

  /** Returns the ConnectionErrorCode of a store whose proxy can't serve; undefined if it can. */
  async connectionError(store: KmsCustomKeyStore): Promise<string | undefined> {
    try {
      await this.check(proxyOf(store, this.provider), 'ConnectCustomKeyStore', randomUUID());
      return undefined;
    } catch (error) {
      if (!(error instanceof XksError)) throw error;
      return xksConnectionError(error);
    }
  }
}

/** Returns the proxy of an external key store, whose row was read with its sealed value. */
export function proxyOf(store: KmsCustomKeyStore, provider: CryptoProvider): XksProxy {
  return proxyWith(
    store,
    provider.use(store, (clear) => clear.toString()),
  );
}

type ProxyColumns = Pick<KmsCustomKeyStore, 'uriEndpoint' | 'uriPath' | 'accessKeyId' | 'region'>;

function proxyWith({ uriEndpoint, uriPath, accessKeyId, region }: ProxyColumns, secretAccessKey: string): XksProxy {
  const address = { endpoint: uriEndpoint ?? '', path: uriPath ?? '' };
  return { ...address, accessKeyId: accessKeyId ?? '', secretAccessKey, region };
}
