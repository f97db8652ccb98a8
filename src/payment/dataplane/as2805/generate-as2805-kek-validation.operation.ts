import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { type KekValidationMask, kekValidationRequest, kekValidationResponse } from '../../../crypto/as2805.js';
import { toHex } from '../../../crypto/bytes.js';
import { generateTdesKey } from '../../../crypto/des.js';
import { lend } from '../../../crypto/emv/key.js';
import { lendBytes } from '../../../crypto/held-key.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { memberOf } from '../../../http/fields.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import type {
  GenerateAs2805KekValidationInput,
  GenerateAs2805KekValidationOutput,
  KekValidationRequest,
} from './as2805.schema.js';

type KekValidationType = GenerateAs2805KekValidationInput['KekValidationType'];

/** Random key and its inverse, encrypted under the send and receive variants of the KEK. */
interface KekValidation {
  randomKeySend: Buffer;
  randomKeyReceive: Buffer;
}

const RULES = KEY_ARGUMENTS.GenerateAs2805KekValidation.KeyIdentifier;

@Injectable()
export class GenerateAs2805KekValidationOperation {
  constructor(private readonly keys: WorkingKeys) {}

  async execute(
    call: Call,
    { KeyIdentifier, KekValidationType, RandomKeySendVariantMask: mask }: GenerateAs2805KekValidationInput,
  ): Promise<GenerateAs2805KekValidationOutput> {
    const rule = RULES[KekValidationType.KekValidationRequest ? 'KekValidationRequest' : 'KekValidationResponse'];
    const key = await this.keys.find(call, rule, KeyIdentifier);
    const validate = kekValidation(KekValidationType);

    const { randomKeySend, randomKeyReceive } = key.use((held) => lendBytes(held, (kek) => validate({ kek, mask })));
    return {
      KeyArn: key.arn,
      KeyCheckValue: key.kcv,
      RandomKeySend: toHex(randomKeySend),
      RandomKeyReceive: toHex(randomKeyReceive),
    };
  }
}

type Validate = (under: { kek: Buffer; mask: KekValidationMask }) => KekValidation;

function kekValidation(type: KekValidationType): Validate {
  const { name, value } = memberOf(type);
  if (name === 'KekValidationResponse') {
    const randomKeySend = Buffer.from(value.RandomKeySend, 'hex');
    return (under) => ({ randomKeySend, randomKeyReceive: kekValidationResponse(under, randomKeySend) });
  }
  const bytes = randomKeyBytes(value);
  return (under) => lend(generateTdesKey(bytes), (randomKey) => kekValidationRequest(under, randomKey));
}

const ALGORITHM_BYTES: Partial<Record<KekValidationRequest['DeriveKeyAlgorithm'], 16 | 24>> = {
  TDES_2KEY: 16,
  TDES_3KEY: 24,
};
const MAX_BYTES = { BYTES_8: 8, BYTES_16: 16, BYTES_24: 24 } as const;

/**
 * Returns the key length of the algorithm in bytes, at most RandomKeyMaxLength.
 *
 * @throws ValidationException unless it is TDES
 */
function randomKeyBytes({ DeriveKeyAlgorithm, RandomKeyMaxLength }: KekValidationRequest): 8 | 16 | 24 {
  const bytes = ALGORITHM_BYTES[DeriveKeyAlgorithm];
  if (bytes === undefined)
    throw new ValidationException(
      `The DeriveKeyAlgorithm ${DeriveKeyAlgorithm} is invalid for a KEK validation: use TDES_2KEY or TDES_3KEY.`,
    );
  const maxBytes = RandomKeyMaxLength ? MAX_BYTES[RandomKeyMaxLength] : bytes;
  return maxBytes < bytes ? maxBytes : bytes;
}
