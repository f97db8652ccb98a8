import { Injectable } from '@nestjs/common';
import type { Call } from '../call.js';
import { isPresent } from '../kms/keys/key-state.js';
import type { KnownKey } from '../kms/keys/kms-key-cache.js';
import { CryptoProvider } from '../provider/crypto-provider.js';
import { whenReady } from '../when-ready.js';
import { invalidCiphertext, materialOf, open, type Sealed } from './xks-cipher.js';
import type { XksUsage } from './xks-key.entity.js';
import { XksKeys } from './xks-keys.js';
import type { XksDecryptInput, XksDecryptOutput, XksKeyPath } from './xks-proxy.schema.js';

const DECRYPT: readonly XksUsage[] = ['DECRYPT'];

@Injectable()
export class XksDecryptOperation {
  constructor(
    private readonly keys: XksKeys,
    private readonly provider: CryptoProvider,
  ) {}

  execute(call: Call, path: XksKeyPath, input: XksDecryptInput): XksDecryptOutput | Promise<XksDecryptOutput> {
    const sealed = {
      ciphertext: Buffer.from(input.ciphertext, 'base64'),
      initializationVector: Buffer.from(input.initializationVector, 'base64'),
      authenticationTag: Buffer.from(input.authenticationTag, 'base64'),
      ciphertextMetadata: Buffer.from(input.ciphertextMetadata ?? '', 'base64'),
    };
    const aad = Buffer.from(input.additionalAuthenticatedData ?? '', 'base64');
    return whenReady(this.keys.usable(call, path, DECRYPT, materialOf(sealed)), (known) => {
      const plaintext = this.#open(call, known, sealed, aad);
      const output = { plaintext: plaintext.toString('base64') };
      plaintext.fill(0);
      return output;
    });
  }

  /** Decrypts a ciphertext under the material that it names, which may be one from before a rotation. */
  #open(call: Call, { materials }: KnownKey, sealed: Sealed, aad: Buffer): Buffer {
    const materialId = materialOf(sealed);
    const material = materials.find((each) => materialId !== undefined && each.materialId.startsWith(materialId));
    if (!material || !isPresent(material, call.origin.time)) throw invalidCiphertext();
    return open(this.provider.hold(material), sealed, aad);
  }
}
