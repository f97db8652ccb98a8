import Fastify from 'fastify';
import { pino } from 'pino';
import { z } from 'zod';
import { OTHER_API } from '../../test/support/other-api.js';
import { ADMIN } from '../admin/api.js';
import { CryptoError } from '../crypto/errors.js';
import { CONTROL_PLANE, DATA_PLANE } from '../payment/api.js';
import { PolicyError } from '../policy/policy-error.js';
import type { Api } from './api.js';
import { ServiceExceptionFilter } from './exception.filter.js';
import { Body, readersOf } from './input.js';

const log: string[] = [];
const filter = new ServiceExceptionFilter(pino({}, { write: (line: string) => void log.push(line) }), () => []);

/** The answer of an API to an error. */
async function answer(api: Api, thrown: unknown) {
  const fastify = Fastify();
  fastify.decorateRequest('api');
  fastify.get('/', (request, reply) => {
    request.api = api;
    filter.answer(thrown, request, reply);
    return reply;
  });
  const { statusCode, headers, json } = await fastify.inject({ url: '/' });
  return { status: statusCode, contentType: headers['content-type'], body: json<Record<string, unknown>>() };
}

const Input = z.object({ KeyId: z.string().min(1), KeySpec: z.enum(['RSA_2048']), Name: z.string().regex(/^a+$/) });
class Controller {
  execute(input: object): object {
    return input;
  }
}
Body(Input)(Controller.prototype, 'execute', 0);
function violating(input: object): unknown {
  try {
    return readersOf(Controller.prototype, 'execute')[0]?.(Buffer.from(JSON.stringify(input)));
  } catch (error) {
    return error;
  }
}

describe('invalid input', () => {
  const invalid = violating({ KeySpec: 'RSA', Name: 'b' });

  test('is worded by the API that is called', async () => {
    expect(await answer(OTHER_API, invalid)).toEqual({
      status: 400,
      contentType: expect.stringContaining('application/x-amz-json-1.1'),
      body: {
        __type: 'ValidationException',
        message:
          "3 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; " +
          "Value 'RSA' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [RSA_2048]; " +
          "Value 'b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: /^a+$/",
      },
    });
    const message = expect.stringMatching(/^3 validation errors detected: \/KeyId is required; \/KeySpec must be one of RSA_2048; \/Name /); // prettier-ignore
    const { body } = await answer(CONTROL_PLANE, invalid);
    expect(body).toEqual({
      __type: 'com.amazonaws.paymentcryptography#ValidationException',
      message,
      Message: message,
    });
  });

  test.each([DATA_PLANE, ADMIN])('lists its members in REST-JSON', async (api) => {
    const { body } = await answer(api, invalid);
    expect(body['fieldList']).toMatchObject([{ path: '/KeyId' }, { path: '/KeySpec' }, { path: '/Name' }]);
  });

  test('is never logged', () => expect(log).toEqual([]));
});

test.each<[string, unknown, Record<'control' | 'data' | 'other', string>]>([
  ['an unexpected failure', new Error('a secret'), { control: 'InternalServerException 500', data: 'InternalServerException 500', other: 'InternalServerException 500' }],
  ['a database that is gone', Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }), { control: 'ServiceUnavailableException 503', data: 'InternalServerException 500', other: 'DependencyTimeoutException 503' }],
  ['an invalid policy', new PolicyError('INVALID', 'no JSON'), { control: 'ValidationException 400', data: 'ValidationException 400', other: 'MalformedPolicyDocumentException 400' }],
  ['a public policy', new PolicyError('PUBLIC', 'open'), { control: 'PublicPolicyException 400', data: 'PublicPolicyException 400', other: 'MalformedPolicyDocumentException 400' }],
  ['a refusal of the cryptography', new CryptoError('KEY_LENGTH', 'too short'), { control: 'ValidationException 400', data: 'ValidationException 400', other: 'MalformedPolicyDocumentException 400' }],
])('%s is an exception of the API', async (_, thrown, expected) => {
  const seen = async (api: Api) => {
    const { status, body } = await answer(api, thrown);
    expect(JSON.stringify(body)).not.toContain('a secret');
    return `${String(body['__type']).replace('com.amazonaws.paymentcryptography#', '')} ${status}`;
  };
  expect({ control: await seen(CONTROL_PLANE), data: await seen(DATA_PLANE), other: await seen(OTHER_API) }).toEqual(expected);
}); // prettier-ignore
