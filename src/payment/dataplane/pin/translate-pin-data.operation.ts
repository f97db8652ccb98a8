import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { toHex } from '../../../crypto/bytes.js';
import { translatePinBlock } from '../../../crypto/pin-block.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { memberOf } from '../../../http/fields.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { Verifications } from '../verification/verifications.js';
import {
  as2805PinKey,
  encryptedPinBlock,
  findPinKey,
  PIN_BLOCK_FORMATS,
  type PinBlockFormatName,
  underPinKey,
} from './pin-blocks.js';
import type {
  DukptDerivationAttributes,
  TranslatePinDataInput,
  TranslatePinDataOutput,
  TranslationIsoFormats,
} from './pin.schema.js';

const RULES = KEY_ARGUMENTS.TranslatePinData;

@Injectable()
export class TranslatePinDataOperation {
  constructor(
    private readonly keys: WorkingKeys,
    private readonly verifications: Verifications,
  ) {}

  async execute(call: Call, input: TranslatePinDataInput): Promise<TranslatePinDataOutput> {
    const from = sideOf(input.IncomingTranslationAttributes);
    const to = sideOf(input.OutgoingTranslationAttributes);
    checkAs2805(input);
    const found = await findPinKey(this.keys, call, RULES.IncomingKeyIdentifier, {
      identifier: input.IncomingKeyIdentifier,
      format: from.format,
      wrappedKey: input.IncomingWrappedKey,
      dukpt: dukptOf(input.IncomingDukptAttributes),
    });
    const outgoing = await findPinKey(this.keys, call, RULES.OutgoingKeyIdentifier, {
      identifier: input.OutgoingKeyIdentifier,
      format: to.format,
      wrappedKey: input.OutgoingWrappedKey,
      dukpt: dukptOf(input.OutgoingDukptAttributes),
    });
    const block = encryptedPinBlock(from.format, input.EncryptedPinBlock);

    const as2805 = input.IncomingAs2805Attributes;
    const incoming = as2805
      ? as2805PinKey(found, { stan: as2805.SystemTraceAuditNumber, amount: as2805.TransactionAmount })
      : found;
    const attempt = { keyArns: [incoming.arn], pan: from.pan ?? to.pan };
    const translated = await this.verifications.attempt(call, attempt, () =>
      underPinKey(incoming, (incomingCipher) =>
        underPinKey(outgoing, (outgoingCipher) =>
          translatePinBlock(
            block,
            { cipher: incomingCipher, format: PIN_BLOCK_FORMATS[from.format], pan: from.pan },
            { cipher: outgoingCipher, format: PIN_BLOCK_FORMATS[to.format], pan: to.pan },
          ),
        ),
      ),
    );
    return { PinBlock: toHex(translated), KeyArn: outgoing.arn, KeyCheckValue: outgoing.kcv };
  }
}

interface Side {
  format: PinBlockFormatName;
  pan?: string;
}

const FORMATS = {
  IsoFormat0: 'ISO_FORMAT_0',
  IsoFormat1: 'ISO_FORMAT_1',
  IsoFormat3: 'ISO_FORMAT_3',
  IsoFormat4: 'ISO_FORMAT_4',
  As2805Format0: 'AS2805_FORMAT_0',
} as const satisfies Record<keyof TranslationIsoFormats, PinBlockFormatName>;

function sideOf(attributes: TranslationIsoFormats): Side {
  const { name, value } = memberOf(attributes);
  return { format: FORMATS[name], pan: 'PrimaryAccountNumber' in value ? value.PrimaryAccountNumber : undefined };
}

function dukptOf(attributes: DukptDerivationAttributes | undefined) {
  if (attributes === undefined) return undefined;
  const { KeySerialNumber: ksn, DukptKeyDerivationType: keyType, DukptKeyVariant: variant } = attributes;
  return { ksn, keyType, variant };
}

/**
 * Checks that the attributes that derive the key of an AS 2805 transaction are given with AS 2805 blocks only. AWS's
 * documentation and samples call such a block IsoFormat0, which has the same layout.
 */
function checkAs2805(input: TranslatePinDataInput): void {
  const { IncomingAs2805Attributes, IncomingDukptAttributes } = input;
  const { As2805Format0, IsoFormat0 } = input.IncomingTranslationAttributes;
  if (As2805Format0 && !IncomingAs2805Attributes)
    throw new ValidationException('IncomingAs2805Attributes is required where the incoming format is As2805Format0.');
  if (IncomingAs2805Attributes && !As2805Format0 && !IsoFormat0)
    throw new ValidationException(
      'IncomingAs2805Attributes is allowed only with the incoming formats As2805Format0 and IsoFormat0.',
    );
  if (IncomingAs2805Attributes && IncomingDukptAttributes)
    throw new ValidationException(
      'IncomingAs2805Attributes and IncomingDukptAttributes can not be combined: give one of them.',
    );
}
