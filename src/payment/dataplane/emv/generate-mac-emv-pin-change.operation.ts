import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { toHex } from '../../../crypto/bytes.js';
import { tdes } from '../../../crypto/des.js';
import type { SymmetricKey } from '../../../crypto/held-key.js';
import { pinChangeScript } from '../../../crypto/emv/pin-change.js';
import { decryptPinBlock } from '../../../crypto/pin-block.js';
import type { Synchronous } from '../../../provider/crypto-provider.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { type WorkingKey, WorkingKeys } from '../keys/working-keys.js';
import { Verifications } from '../verification/verifications.js';
import { pinChangeRequest } from './pin-change.js';
import type { GenerateMacEmvPinChangeInput, GenerateMacEmvPinChangeOutput } from './pin-change.schema.js';

const PIN_BLOCK_FORMATS = { ISO_FORMAT_0: 0, ISO_FORMAT_1: 1, ISO_FORMAT_3: 3 } as const;

@Injectable()
export class GenerateMacEmvPinChangeOperation {
  constructor(
    private readonly keys: WorkingKeys,
    private readonly verifications: Verifications,
  ) {}

  async execute(call: Call, input: GenerateMacEmvPinChangeInput): Promise<GenerateMacEmvPinChangeOutput> {
    const { profile, card, session, vis } = pinChangeRequest(input.DerivationMethodAttributes);
    const { PinBlockFormat: format } = input;
    const current = vis?.CurrentPinAttributes;
    const message = Buffer.from(input.MessageData, 'hex');

    const rules = KEY_ARGUMENTS.GenerateMacEmvPinChange;
    const find = this.keys.find.bind(this.keys, call);
    const newPek = await find(rules.NewPinPekIdentifier[format], input.NewPinPekIdentifier);
    const smi = await find(
      rules.SecureMessagingIntegrityKeyIdentifier.Emv,
      input.SecureMessagingIntegrityKeyIdentifier,
    );
    const smc = await find(
      rules.SecureMessagingConfidentialityKeyIdentifier.Emv,
      input.SecureMessagingConfidentialityKeyIdentifier,
    );
    const ac = vis && (await find(rules.AuthorizationRequestKeyIdentifier.Emv, vis.AuthorizationRequestKeyIdentifier));
    const currentPek = current && (await find(rules.CurrentPinPekIdentifier[format], current.CurrentPinPekIdentifier));

    const pinIn = (encryptedPinBlock: string, pek: SymmetricKey): string => {
      using cipher = tdes(pek);
      const block = Buffer.from(encryptedPinBlock, 'hex');
      return decryptPinBlock(cipher, PIN_BLOCK_FORMATS[format], { block, pan: card.pan });
    };
    const keyArns = currentPek ? [newPek.arn, currentPek.arn] : [newPek.arn];
    const script = await this.verifications.attempt(call, { keyArns, pan: card.pan }, () =>
      newPek.use((newPekKey) =>
        useIfAny(currentPek, (currentPekKey) =>
          smi.use((integrity) =>
            smc.use((confidentiality) =>
              useIfAny(ac, (applicationCryptogram) => {
                const newPin = pinIn(input.NewEncryptedPinBlock, newPekKey);
                const currentPin = current && currentPekKey && pinIn(current.CurrentEncryptedPinBlock, currentPekKey);
                const keys = { integrity, confidentiality, applicationCryptogram };
                return pinChangeScript(profile, keys, { card, session, newPin, currentPin, message });
              }),
            ),
          ),
        ),
      ),
    );
    return {
      NewPinPekArn: newPek.arn,
      NewPinPekKeyCheckValue: newPek.kcv,
      SecureMessagingIntegrityKeyArn: smi.arn,
      SecureMessagingIntegrityKeyCheckValue: smi.kcv,
      SecureMessagingConfidentialityKeyArn: smc.arn,
      SecureMessagingConfidentialityKeyCheckValue: smc.kcv,
      EncryptedPinBlock: toHex(script.encipheredPinBlock),
      Mac: toHex(script.mac),
      ...(ac && {
        VisaAmexDerivationOutputs: {
          AuthorizationRequestKeyArn: ac.arn,
          AuthorizationRequestKeyCheckValue: ac.kcv,
          ...(currentPek && { CurrentPinPekArn: currentPek.arn, CurrentPinPekKeyCheckValue: currentPek.kcv }),
        },
      }),
    };
  }
}

/** Lends an optional key to one computation, which receives undefined if there is no key. */
function useIfAny<T>(key: WorkingKey | undefined, compute: (key?: SymmetricKey) => Synchronous<T>): T {
  return key ? key.use(compute) : compute();
}
