import { Injectable } from '@nestjs/common';
import type { Call } from '../call.js';
import { whenReady } from '../when-ready.js';
import { usagesOf } from './xks-key.entity.js';
import { isEnabled, XksKeys } from './xks-keys.js';
import type { GetKeyMetadataOutput, XksKeyPath } from './xks-proxy.schema.js';

@Injectable()
export class GetKeyMetadataOperation {
  constructor(private readonly keys: XksKeys) {}

  execute(call: Call, path: XksKeyPath): GetKeyMetadataOutput | Promise<GetKeyMetadataOutput> {
    return whenReady(this.keys.find(call, path), (found) => ({
      keySpec: 'AES_256',
      keyUsage: usagesOf(found.released),
      keyStatus: isEnabled(call, found) ? 'ENABLED' : 'DISABLED',
    }));
  }
}
