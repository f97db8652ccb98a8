import { z } from 'zod';
import { OTHER_API } from '../../test/support/other-api.js';
import { served } from '../http/operation.js';
import { ControlPlaneOperation } from '../payment/operation.js';
import { SIMULATED_PAYMENT } from './simulated-payment.js';
import { findAction, type SimulatedService } from './simulated-service.js';

const other: SimulatedService = {
  api: OTHER_API,
  actions: { ReEncrypt: ['ReEncryptFrom', 'ReEncryptTo'] },
  resources: { key: { isValid: () => true, description: 'a key' } },
  scopeOf: () => undefined,
  authorized: (_reader, _call, _kind, resource) => Promise.resolve({ action: 'kms:Encrypt', resource }),
  decide: () => ({ allowed: false, by: undefined, lacks: 'identity' }),
};
const SERVICES = [SIMULATED_PAYMENT, other];

const described = { summary: '', description: '', example: '', output: z.object({}) };
const inOther = { ...described, api: OTHER_API, command: '', errors: {} };
class Operations {
  @ControlPlaneOperation({ ...described, name: 'ListKeys', resource: 'nothing' })
  listPaymentKeys(_request: object): object {
    return {};
  }
  @ControlPlaneOperation({ ...described, name: 'GetKey', resource: 'key' })
  getKey(_request: object): object {
    return {};
  }
  @served('ListKeys', { ...inOther, name: 'ListKeys', resource: 'nothing' })
  listOtherKeys(_request: object): object {
    return {};
  }
  @served('Encrypt', { ...inOther, name: 'Encrypt', resource: 'key' })
  encrypt(_request: object): object {
    return {};
  }
  @served('ReEncrypt', { ...inOther, name: 'ReEncrypt', resource: 'key' })
  reEncrypt(_request: object): object {
    return {};
  }
}
// The class is declared only for its decorators.
beforeAll(() => expect(Operations).toBeDefined());

test.each([
  ['GetKey', SIMULATED_PAYMENT, 'GetKey', 'key'],
  ['encrypt', other, 'Encrypt', 'key'],
  ['reencryptfrom', other, 'ReEncryptFrom', 'key'],
  ['kms:ReEncryptTo', other, 'ReEncryptTo', 'key'],
  ['KMS:ListKeys', other, 'ListKeys', 'nothing'],
  ['payment-cryptography:listkeys', SIMULATED_PAYMENT, 'ListKeys', 'nothing'],
])('finds the action %s', (name, service, operation, kind) => {
  expect(findAction(SERVICES, name)).toEqual({ service, operation, kind });
});

test.each([
  ['Sign', 'There is no action Sign.'],
  ['kms:ReEncrypt', 'There is no action kms:ReEncrypt.'],
  ['kms:GetKey', 'There is no action kms:GetKey.'],
  ['s3:GetObject', 'There is no action s3:GetObject.'],
  ['kms:', 'There is no action kms:.'],
  ['*', 'There is no action *.'],
  ['', 'There is no action .'],
  ['ListKeys', 'Several services have an action ListKeys: name one of payment-cryptography:ListKeys, kms:ListKeys.'],
])('refuses %p as unknown or ambiguous', (name, message) => {
  expect(() => findAction(SERVICES, name)).toThrow(message);
});
