import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { toHex } from '../../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { dataCipher } from './ciphers.js';
import type { DecryptDataInput, DecryptDataOutput } from './data.schema.js';

@Injectable()
export class DecryptDataOperation {
  constructor(private readonly keys: WorkingKeys) {}

  async execute(call: Call, keyIdentifier: string, input: DecryptDataInput): Promise<DecryptDataOutput> {
    const cipher = dataCipher(input.DecryptionAttributes);
    const needs = KEY_ARGUMENTS.DecryptData.KeyIdentifier[cipher.variant];
    const key = await this.keys.find(call, needs, keyIdentifier, input.WrappedKey);

    const plaintext = cipher.decrypt(key, Buffer.from(input.CipherText, 'hex'));
    try {
      return { KeyArn: key.arn, KeyCheckValue: key.kcv, PlainText: toHex(plaintext) };
    } finally {
      plaintext.fill(0);
    }
  }
}
