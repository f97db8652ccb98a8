import { VerificationFailedException } from '../../errors/exceptions.js';
import { type CardValue, cardValue, isCardValue } from '../../payment/dataplane/card-validation/card-values.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply, ReplyField } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { attemptOr } from '../verification.js';

/** The three card security codes, by their numbers of digits. */
const LENGTHS = [5, 4, 3] as const;
/** Key type of a CSCK. */
const CSCK = '402';

interface Request {
  readonly csck: KeyField;
  readonly variant: 'AmexCardSecurityCodeVersion1' | 'AmexCardSecurityCodeVersion2';
  readonly pan: string;
  readonly value: CardValue;
  /** The codes to verify, undefined for those that aren't present; undefined to calculate them. */
  readonly claimed?: readonly (Buffer | undefined)[];
}

/**
 * Calculates or verifies American Express card security codes. The reply to a verification has a digit for each code:
 * `0` right, `1` not present, `2` wrong.
 */
export const RY: HostCommand<Request> = {
  code: 'RY',
  title: 'Calculate or verify American Express card security codes',
  operation: 'VerifyCardValidationData',
  isDefault: false,
  parse: (fields) => {
    const isVerification = fields.choice('mode', ['3', '4']) === '4';
    const version = fields.choice('flag', ['0', '2']);
    const csck = fields.key('CSCK', { isDouble: true });
    const pan = fields.digits('account number', 19).replace(/^0+/, '');
    if (pan.length < 12) throw new HostError('22', 'account number must have at least 12 digits after the zeros');
    const CardExpiryDate = fields.digits('expiry date', 4);
    const card =
      version === '0'
        ? { variant: 'AmexCardSecurityCodeVersion1' as const, value: version1(CardExpiryDate) }
        : { variant: 'AmexCardSecurityCodeVersion2' as const, value: version2(CardExpiryDate, fields) };
    return {
      csck,
      pan,
      ...card,
      ...(isVerification && { claimed: LENGTHS.map((length) => readCode(fields, length)) }),
    };
  },
  execute: (request, host) => (request.claimed ? verify(request, request.claimed, host) : calculate(request, host)),
};

function version1(CardExpiryDate: string): CardValue {
  return cardValue({ name: 'AmexCardSecurityCodeVersion1', value: { CardExpiryDate } });
}

function version2(CardExpiryDate: string, fields: RequestFields): CardValue {
  const ServiceCode = fields.digits('service code', 3);
  return cardValue({ name: 'AmexCardSecurityCodeVersion2', value: { CardExpiryDate, ServiceCode } });
}

/** Reads a code, which is all `F` if it should not be verified. */
function readCode(fields: RequestFields, length: number): Buffer | undefined {
  const code = fields.hex(`CSC of ${length} digits`, length);
  if (code === 'F'.repeat(length)) return undefined;
  if (!/^[0-9]*$/.test(code)) throw new HostError('15', `CSC of ${length} digits must be decimal digits or all F`);
  return Buffer.from(code);
}

function calculate({ csck, variant, pan, value }: Request, host: HostCall): Reply | Promise<Reply> {
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

function verify(
  { csck, variant, pan, value }: Request,
  claimed: readonly (Buffer | undefined)[],
  host: HostCall,
): Reply | Promise<Reply> {
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
