import { Injectable } from '@nestjs/common';
import type { Call } from '../call.js';
import { equal } from '../crypto/bytes.js';
import { currentMaterial } from '../kms/cryptography/current-material.js';
import { CryptoProvider } from '../provider/crypto-provider.js';
import { whenReady } from '../when-ready.js';
import { internal } from './exceptions.js';
import { integrityValue, open, type OpenMaterial, seal, type Sealed } from './xks-cipher.js';
import type { XksUsage } from './xks-key.entity.js';
import { XksKeys } from './xks-keys.js';
import type { XksEncryptInput, XksEncryptOutput, XksKeyPath } from './xks-proxy.schema.js';

const ENCRYPT: readonly XksUsage[] = ['ENCRYPT'];
const ENCRYPT_AND_DECRYPT: readonly XksUsage[] = ['ENCRYPT', 'DECRYPT'];

@Injectable()
export class XksEncryptOperation {
  constructor(
    private readonly keys: XksKeys,
    private readonly provider: CryptoProvider,
  ) {}

  execute(call: Call, path: XksKeyPath, input: XksEncryptInput): XksEncryptOutput | Promise<XksEncryptOutput> {
    const isChecked = input.ciphertextDataIntegrityValueAlgorithm !== undefined;
    return whenReady(this.keys.usable(call, path, isChecked ? ENCRYPT_AND_DECRYPT : ENCRYPT), (known) => {
      const material = currentMaterial(known);
      const opened = { materialId: material.materialId, held: this.provider.hold(material) };
      const plaintext = Buffer.from(input.plaintext, 'base64');
      const aad = Buffer.from(input.additionalAuthenticatedData ?? '', 'base64');
      try {
        const sealed = seal(opened, plaintext, aad);
        return {
          ciphertext: sealed.ciphertext.toString('base64'),
          initializationVector: sealed.initializationVector.toString('base64'),
          authenticationTag: sealed.authenticationTag.toString('base64'),
          ciphertextMetadata: sealed.ciphertextMetadata.toString('base64'),
          ciphertextDataIntegrityValue: isChecked ? checkedValue(opened, sealed, plaintext, aad) : undefined,
        };
      } finally {
        plaintext.fill(0);
      }
    });
  }
}

/**
 * Computes the integrity value before it decrypts the ciphertext again, so that the value guarantees AWS KMS that the
 * ciphertext decrypts: a bit that flips in between is found (Appendix C of the specification).
 */
function checkedValue({ held }: OpenMaterial, sealed: Sealed, plaintext: Buffer, aad: Buffer): string {
  const value = integrityValue(sealed, aad).toString('base64');
  const opened = open(held, sealed, aad);
  const isIntact = equal(opened, plaintext);
  opened.fill(0);
  if (!isIntact) throw internal();
  return value;
}
