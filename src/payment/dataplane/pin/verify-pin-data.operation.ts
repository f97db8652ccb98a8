import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { equal } from '../../../crypto/bytes.js';
import { decryptPinBlock } from '../../../crypto/pin-block.js';
import { VerificationFailedException } from '../../../errors/exceptions.js';
import { memberOf } from '../../../http/fields.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { Verifications } from '../verification/verifications.js';
import { DecimalizationTables } from './decimalization-tables.js';
import { pinVerification } from './pin-algorithms.js';
import { encryptedPinBlock, findPinKey, PIN_BLOCK_FORMATS, requirePanFor, underPinKey } from './pin-blocks.js';
import type { VerifyPinDataInput, VerifyPinDataOutput } from './pin.schema.js';

const RULES = KEY_ARGUMENTS.VerifyPinData;

@Injectable()
export class VerifyPinDataOperation {
  constructor(
    private readonly keys: WorkingKeys,
    private readonly tables: DecimalizationTables,
    private readonly verifications: Verifications,
  ) {}

  async execute(call: Call, input: VerifyPinDataInput): Promise<VerifyPinDataOutput> {
    const { PinBlockFormat: format, PrimaryAccountNumber: pan, PinDataLength: length, DukptAttributes: dukpt } = input;
    this.tables.check(memberOf(input.VerificationAttributes).value);
    const { reference, claimed, validationData } = pinVerification(input.VerificationAttributes);
    const pvk = await this.keys.find(
      call,
      RULES.VerificationKeyIdentifier[reference.key],
      input.VerificationKeyIdentifier,
    );
    const pek = await findPinKey(this.keys, call, RULES.EncryptionKeyIdentifier, {
      identifier: input.EncryptionKeyIdentifier,
      format,
      wrappedKey: input.EncryptionWrappedKey,
      dukpt: dukpt && { ksn: dukpt.KeySerialNumber, keyType: dukpt.DukptDerivationType },
    });
    requirePanFor(format, pan);
    const referenceOf = reference.forPan(pan);
    const block = encryptedPinBlock(format, input.EncryptedPinBlock);

    await this.verifications.attempt(call, { keyArns: [pvk.arn, pek.arn], pan, validationData }, () => {
      const valid = underPinKey(pek, (cipher) =>
        pvk.use((clear) => {
          const pin = decryptPinBlock(cipher, PIN_BLOCK_FORMATS[format], { block, pan });
          // Both checks are always evaluated, so that the timing doesn't reveal which one failed.
          const lengthMatches = length === undefined || pin.length === length;
          return equal(Buffer.from(referenceOf(clear, pin)), Buffer.from(claimed)) && lengthMatches;
        }),
      );
      if (!valid) throw new VerificationFailedException('Pin block verification failed.', 'INVALID_PIN');
    });
    return {
      VerificationKeyArn: pvk.arn,
      VerificationKeyCheckValue: pvk.kcv,
      EncryptionKeyArn: pek.arn,
      EncryptionKeyCheckValue: pek.kcv,
    };
  }
}
