import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { toHex } from '../../crypto/bytes.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { dataCipher } from './ciphers.js';
import type { EncryptDataInput, EncryptDataOutput } from './data.schema.js';
import { refuseWrappedKey } from './wrapped-key.js';

@Injectable()
export class EncryptDataOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  async execute(call: Call, keyIdentifier: string, input: EncryptDataInput): Promise<EncryptDataOutput> {
    refuseWrappedKey(input.WrappedKey);
    const cipher = dataCipher(input.EncryptionAttributes);
    const plaintext = Buffer.from(input.PlainText, 'hex');
    const key = await this.keys.getFor(call, { ...cipher.needs, mode: 'Encrypt' }, keyIdentifier);

    const result = this.provider.use(key, (clear) => toHex(cipher.encrypt(clear, plaintext, key.algorithm)));
    return { KeyArn: key.arn, KeyCheckValue: key.kcv, CipherText: result };
  }
}
