import { VerificationFailedException } from '../../errors/exceptions.js';
import { cardValue, isCardValue } from '../../payment/dataplane/card-validation/card-values.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply, ReplyField } from '../command.js';
import * as layouts from '../layouts/ry.js';
import { LENGTHS, type Request } from '../layouts/ry.js';
import { attemptOr } from '../verification.js';

/** Key type of a CSCK. */
const CSCK = '402';

/**
 * Calculates or verifies American Express card security codes. The reply to a verification has a digit for each code:
 * `0` right, `1` not present, `2` wrong.
 */
export const RY: HostCommand<Request> = {
  ...layouts.RY,
  operation: 'VerifyCardValidationData',
  isDefault: false,
  execute: (request, host) => (request.claimed ? verify(request, request.claimed, host) : calculate(request, host)),
};

function codesOf({ CardExpiryDate, ServiceCode }: Request) {
  return ServiceCode === undefined
    ? {
        variant: 'AmexCardSecurityCodeVersion1' as const,
        value: cardValue({ name: 'AmexCardSecurityCodeVersion1', value: { CardExpiryDate } }),
      }
    : {
        variant: 'AmexCardSecurityCodeVersion2' as const,
        value: cardValue({ name: 'AmexCardSecurityCodeVersion2', value: { CardExpiryDate, ServiceCode } }),
      };
}

function calculate(request: Request, host: HostCall): Reply | Promise<Reply> {
  const { csck, pan } = request;
  const { variant, value } = codesOf(request);
  const rule = KEY_ARGUMENTS.GenerateCardValidationData.KeyIdentifier[variant];
  return whenReady(host.as('GenerateCardValidationData').key(csck, { type: CSCK, rule }), (key) => ({
    fields: [
      ['mode', '3'],
      ...LENGTHS.map((length): ReplyField => [
        `CSC of ${length} digits`,
        key.use((clear) => value(clear, pan, length)),
      ]),
    ],
  }));
}

function verify(request: Request, claimed: readonly (Buffer | undefined)[], host: HostCall): Reply | Promise<Reply> {
  const { csck, pan } = request;
  const { variant, value } = codesOf(request);
  const rule = KEY_ARGUMENTS.VerifyCardValidationData.KeyIdentifier[variant];
  return whenReady(host.key(csck, { type: CSCK, rule }), (key) => {
    let results = '';
    const reply = (): Reply => ({
      fields: [
        ['mode', '4'],
        ['results', results],
      ],
    });
    return attemptOr(
      host,
      { keyArns: [key.arn], pan },
      () => {
        results = claimed.map((code) => (code ? (isCardValue(key, value, pan, code) ? '0' : '2') : '1')).join('');
        if (results.includes('2'))
          throw new VerificationFailedException('Card security code verification failed.', 'INVALID_VALIDATION_DATA');
        return reply();
      },
      () => ({ ...reply(), code: '01' }),
    );
  });
}
