import { pino } from 'pino';
import { QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { z } from 'zod';
import { OTHER_API } from '../../test/support/other-api.js';
import { ADMIN } from '../admin/api.js';
import { BusyError, CryptoError } from '../crypto/errors.js';
import { CONTROL_PLANE, DATA_PLANE } from '../payment/api.js';
import { PolicyError } from '../policy/policy-error.js';
import type { Api } from '../http/api.js';
import { exceptionOf } from './refusals.js';
import { Body, parametersOf } from '../http/input.js';

const log: string[] = [];
const logger = pino({}, { write: (line: string) => void log.push(line) });

/** Returns an API's response to an error. */
function answer(api: Api, thrown: unknown) {
  const error = exceptionOf(thrown, api, 'request', logger);
  return { status: api.statusOf(error), body: api.bodyOf(error, 'id') as Record<string, unknown> };
}

const Input = z.object({
  KeyId: z.string().min(1).max(9),
  KeySpec: z.enum(['RSA_2048']),
  Name: z.string().max(9).regex(/^a+$/),
});
class Controller {
  execute(input: object): object {
    return input;
  }
}
Body(Input)(Controller.prototype, 'execute', 0);
function violating(input: object): unknown {
  try {
    const body = Buffer.from(JSON.stringify(input));
    return parametersOf(Controller.prototype, 'execute')[0]?.read({ path: {}, query: {}, body });
  } catch (error) {
    return error;
  }
}

describe('invalid input', () => {
  const invalid = violating({ KeySpec: 'RSA', Name: 'b' });

  test('is worded as the called API words it', () => {
    expect(answer(OTHER_API, invalid)).toEqual({
      status: 400,
      body: {
        __type: 'ValidationException',
        message:
          "3 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; " +
          "Value 'RSA' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [RSA_2048]; " +
          "Value 'b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: /^a+$/",
      },
    });
    const message = expect.stringMatching(
      /^3 validation errors detected: \/KeyId is required; \/KeySpec must be one of RSA_2048; \/Name /,
    );
    const { body } = answer(CONTROL_PLANE, invalid);
    expect(body).toEqual({
      __type: 'com.amazonaws.paymentcryptography#ValidationException',
      message,
      Message: message,
    });
  });

  test.each([DATA_PLANE, ADMIN])('lists its members in REST-JSON', (api) => {
    const { body } = answer(api, invalid);
    expect(body['fieldList']).toMatchObject([{ path: '/KeyId' }, { path: '/KeySpec' }, { path: '/Name' }]);
  });

  test('is never logged', () => {
    log.length = 0;
    for (const api of [OTHER_API, CONTROL_PLANE, DATA_PLANE, ADMIN]) answer(api, invalid);
    expect(log).toEqual([]);
  });
});

const INTERNAL = 'InternalServerException 500';
const NO_DATABASE = [
  'ServiceUnavailableException 503',
  'InternalServerException 503',
  'DependencyTimeoutException 503',
];
const MALFORMED = 'MalformedPolicyDocumentException 400';

test.each<[string, unknown, expected: string[]]>([
  ['an unexpected failure', new Error('a secret'), [INTERNAL, INTERNAL, INTERNAL]],
  ['a database that is gone', Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }), NO_DATABASE],
  [
    'a connection that ended before the query',
    new Error('Client has encountered a connection error and is not queryable'),
    NO_DATABASE,
  ],
  ['a connection that was released before the query', new QueryRunnerProviderAlreadyReleasedError(), NO_DATABASE],
  [
    'an invalid policy',
    new PolicyError('INVALID', 'no JSON'),
    ['ValidationException 400', 'ValidationException 400', MALFORMED],
  ],
  [
    'a public policy',
    new PolicyError('PUBLIC', 'open'),
    ['PublicPolicyException 400', 'PublicPolicyException 400', MALFORMED],
  ],
  [
    'a computation for which this process has no capacity',
    new BusyError('256 computations wait'),
    ['ThrottlingException 400', 'ThrottlingException 429', 'ThrottlingException 400'],
  ],
  [
    'a refusal by the cryptography',
    new CryptoError('KEY_LENGTH', 'too short'),
    ['ValidationException 400', 'ValidationException 400', MALFORMED],
  ],
])('%s is answered with an exception of the API', (_, thrown, expected) => {
  const seen = [CONTROL_PLANE, DATA_PLANE, OTHER_API].map((api) => {
    const { status, body } = answer(api, thrown);
    expect(JSON.stringify(body)).not.toContain('a secret');
    return `${String(body['__type']).replace('com.amazonaws.paymentcryptography#', '')} ${status}`;
  });
  expect(seen).toEqual(expected);
});
