import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { whenReady } from '../../when-ready.js';
import { requireNoDryRun } from '../exceptions.js';
import { ciphertextOf, Ciphertexts } from './ciphertexts.js';
import type { ReEncryptInput, ReEncryptOutput } from './re-encrypt.schema.js';

const MEMBERS = { keyId: 'SourceKeyId', algorithm: 'SourceEncryptionAlgorithm' };

@Injectable()
export class ReEncryptOperation {
  constructor(private readonly ciphertexts: Ciphertexts) {}

  execute(call: Call, input: ReEncryptInput): ReEncryptOutput | Promise<ReEncryptOutput> {
    const blob = ciphertextOf(input);
    const source = {
      operation: 'ReEncryptFrom',
      blob,
      keyId: input.SourceKeyId,
      members: MEMBERS,
      algorithm: input.SourceEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
      context: input.SourceEncryptionContext,
      destinationKeyId: input.DestinationKeyId,
    };
    const destination = {
      operation: 'ReEncryptTo',
      algorithm: input.DestinationEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
      context: input.DestinationEncryptionContext,
    };
    return whenReady(this.ciphertexts.keyOf(call, source), (from) =>
      whenReady(this.ciphertexts.destination(call, input.DestinationKeyId, destination, from), (to) => {
        requireNoDryRun(blob === undefined);
        return whenReady(this.ciphertexts.open(call, from, source, blob as Buffer), ({ plaintext, materialId }) => {
          try {
            this.ciphertexts.requireSize(to, destination.algorithm, plaintext);
            requireNoDryRun(input.DryRun);
          } catch (error) {
            plaintext.fill(0);
            throw error;
          }
          return whenReady(this.ciphertexts.seal(call, to, destination, plaintext), (sealed) => {
            plaintext.fill(0);
            return {
              CiphertextBlob: sealed.blob.toString('base64'),
              SourceKeyId: from.key.arn,
              KeyId: to.key.arn,
              SourceEncryptionAlgorithm: source.algorithm,
              DestinationEncryptionAlgorithm: destination.algorithm,
              SourceKeyMaterialId: materialId,
              DestinationKeyMaterialId: sealed.materialId,
            };
          });
        });
      }),
    );
  }
}
