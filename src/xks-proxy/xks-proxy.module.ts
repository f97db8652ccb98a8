import { Module } from '@nestjs/common';
import { Changes } from '../changes/changes.js';
import { StoredModule } from '../kms/stored.module.js';
import { XksDecryptOperation } from './decrypt.operation.js';
import { XksEncryptOperation } from './encrypt.operation.js';
import { GetKeyMetadataOperation } from './get-key-metadata.operation.js';
import { XksCredentialCache, XksCredentials } from './xks-credentials.js';
import { XksHealth } from './xks-health.js';
import { XksKeyCache, XksKeys } from './xks-keys.js';
import { XksProxyController } from './xks-proxy.controller.js';
import { XksProxyRepository } from './xks-proxy.repository.js';

/** The XKS proxy: KMS keys of this service for AWS KMS. */
@Module({
  imports: [StoredModule],
  controllers: [XksProxyController],
  providers: [
    XksProxyRepository,
    XksCredentials,
    XksKeys,
    XksHealth,
    GetKeyMetadataOperation,
    XksEncryptOperation,
    XksDecryptOperation,
    {
      provide: XksCredentialCache,
      useFactory: (changes: Changes) => changes.subscribe(new XksCredentialCache(changes.freshness)),
      inject: [Changes],
    },
    {
      provide: XksKeyCache,
      useFactory: (changes: Changes) => changes.subscribe(new XksKeyCache(changes.freshness)),
      inject: [Changes],
    },
  ],
})
export class XksProxyModule {}
