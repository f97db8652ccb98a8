import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { toHex } from '../../crypto/bytes.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { dataCipher } from './ciphers.js';
import type { DecryptDataInput, DecryptDataOutput } from './data.schema.js';
import { refuseWrappedKey } from './wrapped-key.js';

@Injectable()
export class DecryptDataOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  async execute(call: Call, keyIdentifier: string, input: DecryptDataInput): Promise<DecryptDataOutput> {
    refuseWrappedKey(input.WrappedKey);
    const cipher = dataCipher(input.DecryptionAttributes);
    const ciphertext = Buffer.from(input.CipherText, 'hex');
    const key = await this.keys.getFor(call, { ...cipher.needs, mode: 'Decrypt' }, keyIdentifier);

    const plaintext = this.provider.use(key, (clear) => cipher.decrypt(clear, ciphertext, key.algorithm));
    try {
      return { KeyArn: key.arn, KeyCheckValue: key.kcv, PlainText: toHex(plaintext) };
    } finally {
      plaintext.fill(0);
    }
  }
}
