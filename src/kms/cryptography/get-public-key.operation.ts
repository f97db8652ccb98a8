import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { whenReady } from '../../when-ready.js';
import { KmsException } from '../exceptions.js';
import { ALGORITHM_MEMBERS, algorithmsOf, isAsymmetric } from '../keys/key-specs.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { encodedPublicKey } from './key-halves.js';
import type { GetPublicKeyInput, GetPublicKeyOutput } from './public-key.schema.js';

@Injectable()
export class GetPublicKeyOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  execute(call: Call, { KeyId }: GetPublicKeyInput): GetPublicKeyOutput | Promise<GetPublicKeyOutput> {
    return whenReady(this.keys.usable(call, KeyId, { takesAlias: true }), ({ key }) => {
      const { arn, spec, usage } = key;
      if (!isAsymmetric(key))
        throw new KmsException('UnsupportedOperationException', `${arn} has KeySpec ${spec}, which has no public key.`);
      return {
        KeyId: arn,
        PublicKey: encodedPublicKey(key).toString('base64'),
        CustomerMasterKeySpec: spec,
        KeySpec: spec,
        KeyUsage: usage,
        [ALGORITHM_MEMBERS[usage]]: algorithmsOf(key),
      };
    });
  }
}
