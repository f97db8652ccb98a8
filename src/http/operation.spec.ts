import { z } from 'zod';
import { OTHER_API } from '../../test/support/other-api.js';
import { CONTROL_PLANE } from '../payment/api.js';
import { ControlPlaneOperation } from '../payment/operation.js';
import { OperationsController, resourcesOf, served } from './operation.js';

const output = z.object({});
const described = { summary: '', description: '', example: '', output };

test('operations of the same name keep their own API and resource', () => {
  @OperationsController('first')
  class First {
    @ControlPlaneOperation({ ...described, name: 'ListKeys', resource: 'nothing' })
    list(_request: object): Promise<object> {
      return Promise.resolve({});
    }
  }
  @OperationsController('second')
  class Second {
    @served('ListKeys', {
      ...described,
      api: OTHER_API,
      name: 'ListKeys',
      resource: 'account',
      command: '',
      errors: {},
    })
    list(_request: object): Promise<object> {
      return Promise.resolve({});
    }
  }
  expect([new First(), new Second()]).toHaveLength(2);
  expect(resourcesOf(CONTROL_PLANE.name)).toEqual(new Map([['ListKeys', 'nothing']]));
  expect(resourcesOf(OTHER_API.name)).toEqual(new Map([['ListKeys', 'account']]));
  expect(resourcesOf('keyblock').size).toBe(0);
});

type Described = Parameters<typeof ControlPlaneOperation>[0];

test.each([undefined, ''])('an operation whose resource is %p fails when it is declared', (resource) => {
  const operation = { ...described, name: 'ListKeys', resource } as unknown as Described;
  expect(() => ControlPlaneOperation(operation)).toThrow("ListKeys of payment-cryptography doesn't state its resource");
});
