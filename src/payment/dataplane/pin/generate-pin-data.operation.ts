import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import type { BlockCipher } from '../../../crypto/block-cipher.js';
import { toHex } from '../../../crypto/bytes.js';
import type { SymmetricKey } from '../../../crypto/held-key.js';
import { decryptPinBlock, encryptPinBlock } from '../../../crypto/pin-block.js';
import { memberOf } from '../../../http/fields.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { Verifications } from '../verification/verifications.js';
import { DecimalizationTables } from './decimalization-tables.js';
import { pinGeneration, type PinSource } from './pin-algorithms.js';
import { encryptedPinBlock, PIN_BLOCK_FORMATS, requirePanFor, underPinKey } from './pin-blocks.js';
import type { GeneratePinDataInput, GeneratePinDataOutput } from './pin.schema.js';

const RULES = KEY_ARGUMENTS.GeneratePinData;
const DEFAULT_PIN_LENGTH = 4;

@Injectable()
export class GeneratePinDataOperation {
  constructor(
    private readonly keys: WorkingKeys,
    private readonly tables: DecimalizationTables,
    private readonly verifications: Verifications,
  ) {}

  async execute(call: Call, input: GeneratePinDataInput): Promise<GeneratePinDataOutput> {
    const { PinBlockFormat: format, PrimaryAccountNumber: pan } = input;
    this.tables.check(memberOf(input.GenerationAttributes).value);
    const { reference, source } = pinGeneration(input.GenerationAttributes);
    const pekRules =
      RULES['generate' in source ? 'EncryptionKeyIdentifier' : 'EncryptionKeyIdentifierWithEncryptedPinBlock'];
    const pvk = await this.keys.find(call, RULES.GenerationKeyIdentifier[reference.key], input.GenerationKeyIdentifier);
    const pek = await this.keys.find(call, pekRules[format], input.EncryptionKeyIdentifier, input.EncryptionWrappedKey);
    requirePanFor(format, pan);
    const referenceOf = reference.forPan(pan);
    const pinOf = pinFrom(source, input);

    const { block, value } = await this.verifications.attempt(call, { keyArns: [pek.arn], pan }, () =>
      underPinKey(pek, (cipher) =>
        pvk.use((clear) => {
          const pin = pinOf(clear, cipher);
          const encrypted = encryptPinBlock(cipher, PIN_BLOCK_FORMATS[format], { pin, pan });
          return { block: toHex(encrypted), value: referenceOf(clear, pin) };
        }),
      ),
    );
    return {
      GenerationKeyArn: pvk.arn,
      GenerationKeyCheckValue: pvk.kcv,
      EncryptionKeyArn: pek.arn,
      EncryptionKeyCheckValue: pek.kcv,
      EncryptedPinBlock: block,
      PinData: { [reference.member]: value },
    };
  }
}

/** Returns a function that determines the PIN with both keys. @throws ValidationException for the wrong PIN block length */
function pinFrom(source: PinSource, input: GeneratePinDataInput): (pvk: SymmetricKey, pek: BlockCipher) => string {
  const { PinBlockFormat: format, PrimaryAccountNumber: pan, PinDataLength: length = DEFAULT_PIN_LENGTH } = input;
  if ('generate' in source) return (pvk) => source.generate(pvk, length);
  const block = encryptedPinBlock(format, source.encrypted);
  return (_, pek) => decryptPinBlock(pek, PIN_BLOCK_FORMATS[format], { block, pan });
}
