import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { toHex } from '../../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { dataCipher } from './ciphers.js';
import type { EncryptDataInput, EncryptDataOutput } from './data.schema.js';

@Injectable()
export class EncryptDataOperation {
  constructor(private readonly keys: WorkingKeys) {}

  async execute(call: Call, keyIdentifier: string, input: EncryptDataInput): Promise<EncryptDataOutput> {
    const cipher = dataCipher(input.EncryptionAttributes);
    const needs = KEY_ARGUMENTS.EncryptData.KeyIdentifier[cipher.variant];
    const key = await this.keys.find(call, needs, keyIdentifier, input.WrappedKey);

    const ciphertext = cipher.encrypt(key, Buffer.from(input.PlainText, 'hex'));
    return { KeyArn: key.arn, KeyCheckValue: key.kcv, CipherText: toHex(ciphertext) };
  }
}
