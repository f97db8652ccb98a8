import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { type CardValue, cardValue, requireCardValue } from '../../payment/dataplane/card-validation/card-values.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import type { KeyField, RequestFields } from '../request-fields.js';

/** Digits of a CVV. */
const LENGTH = 3;
/** Key type of a CVK pair. */
const CVK = '402';

interface Card {
  readonly pan: string;
  readonly CardExpiryDate: string;
  readonly ServiceCode: string;
}

/** Generates a CVV or CVC. The host decides on the order of the digits in the expiry date and on the service code. */
export const CW: HostCommand<Card & { readonly cvk: KeyField }> = {
  code: 'CW',
  title: 'Generate a CVV',
  operation: 'GenerateCardValidationData',
  isDefault: true,
  parse: (fields) => ({ cvk: readCvk(fields), ...readCard(fields) }),
  execute: ({ cvk, ...card }, host) =>
    whenReady(
      host.key(cvk, { type: CVK, rule: KEY_ARGUMENTS.GenerateCardValidationData.KeyIdentifier.CardVerificationValue1 }),
      (key) => ({ fields: [['CVV', key.use((clear) => cvv(card)(clear, card.pan, LENGTH))]] }),
    ),
};

/** Verifies a CVV or CVC. */
export const CY: HostCommand<Card & { readonly cvk: KeyField; readonly claimed: Buffer }> = {
  code: 'CY',
  title: 'Verify a CVV',
  operation: 'VerifyCardValidationData',
  isDefault: true,
  parse: (fields) => ({
    cvk: readCvk(fields),
    claimed: Buffer.from(fields.digits('CVV', LENGTH)),
    ...readCard(fields),
  }),
  execute: ({ cvk, claimed, ...card }, host) =>
    whenReady(
      host.key(cvk, { type: CVK, rule: KEY_ARGUMENTS.VerifyCardValidationData.KeyIdentifier.CardVerificationValue1 }),
      (key) =>
        host.services.verifications.attempt(host.call, { keyArns: [key.arn], pan: card.pan }, () => {
          requireCardValue(key, cvv(card), card.pan, claimed);
          return { fields: [] };
        }),
    ),
};

function readCvk(fields: RequestFields): KeyField {
  return fields.key('CVK', { isDouble: true });
}

function readCard(fields: RequestFields): Card {
  const pan = fields.digitsUntil('account number', ';', { least: 12, most: 19 });
  return { pan, CardExpiryDate: fields.digits('expiry date', 4), ServiceCode: fields.digits('service code', 3) };
}

function cvv({ CardExpiryDate, ServiceCode }: Card): CardValue {
  return cardValue({ name: 'CardVerificationValue1', value: { CardExpiryDate, ServiceCode } });
}
