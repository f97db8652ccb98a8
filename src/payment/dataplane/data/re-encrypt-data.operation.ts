import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { toHex } from '../../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { reEncryptionCipher } from './ciphers.js';
import type { ReEncryptDataInput, ReEncryptDataOutput } from './data.schema.js';

const { IncomingKeyIdentifier, OutgoingKeyIdentifier } = KEY_ARGUMENTS.ReEncryptData;

@Injectable()
export class ReEncryptDataOperation {
  constructor(private readonly keys: WorkingKeys) {}

  async execute(call: Call, incomingKeyIdentifier: string, input: ReEncryptDataInput): Promise<ReEncryptDataOutput> {
    const from = reEncryptionCipher(input.IncomingEncryptionAttributes);
    const to = reEncryptionCipher(input.OutgoingEncryptionAttributes);
    const incomingNeeds = IncomingKeyIdentifier[from.variant];
    const outgoingNeeds = OutgoingKeyIdentifier[to.variant];
    const incoming = await this.keys.find(call, incomingNeeds, incomingKeyIdentifier, input.IncomingWrappedKey);
    const outgoing = await this.keys.find(call, outgoingNeeds, input.OutgoingKeyIdentifier, input.OutgoingWrappedKey);

    const plaintext = from.decrypt(incoming, Buffer.from(input.CipherText, 'hex'));
    try {
      return { KeyArn: outgoing.arn, KeyCheckValue: outgoing.kcv, CipherText: toHex(to.encrypt(outgoing, plaintext)) };
    } finally {
      plaintext.fill(0);
    }
  }
}
