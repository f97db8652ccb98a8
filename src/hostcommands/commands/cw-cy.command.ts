import { type CardValue, cardValue, requireCardValue } from '../../payment/dataplane/card-validation/card-values.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/cw-cy.js';
import { type Card, LENGTH } from '../layouts/cw-cy.js';
import type { KeyField } from '../layouts/request-fields.js';

/** Key type of a CVK pair. */
const CVK = '402';

/** Generates a CVV or CVC. The host decides on the order of the digits in the expiry date and on the service code. */
export const CW: HostCommand<Card & { readonly cvk: KeyField }> = {
  ...layouts.CW,
  operation: 'GenerateCardValidationData',
  isDefault: true,
  execute: ({ cvk, ...card }, host) =>
    whenReady(
      host.key(cvk, { type: CVK, rule: KEY_ARGUMENTS.GenerateCardValidationData.KeyIdentifier.CardVerificationValue1 }),
      (key) => ({ fields: [['CVV', key.use((clear) => cvv(card)(clear, card.pan, LENGTH))]] }),
    ),
};

/** Verifies a CVV or CVC. */
export const CY: HostCommand<Card & { readonly cvk: KeyField; readonly claimed: Buffer }> = {
  ...layouts.CY,
  operation: 'VerifyCardValidationData',
  isDefault: true,
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

function cvv({ CardExpiryDate, ServiceCode }: Card): CardValue {
  return cardValue({ name: 'CardVerificationValue1', value: { CardExpiryDate, ServiceCode } });
}
