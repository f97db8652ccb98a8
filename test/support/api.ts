import type { KeyMode, KeyUsage, SymmetricKeyAlgorithm } from '../../src/payment/keys/key-attributes.js';
import { importKeys, type KeyImports, type StoredKey } from './import.js';
import { type RawResponse, REGION, startTestService, target, type TestClock, type TestService } from './service.js';

/** Starts a service before the first test of a spec file and stops it after the last one. */
export function useService(env: NodeJS.ProcessEnv = {}, clock?: TestClock): TestService {
  const service = {} as TestService;
  beforeAll(async () => {
    Object.assign(service, await startTestService(env, clock));
  });
  afterAll(() => service.stop());
  return service;
}

/**
 * An expected exception: its name, its status (400 by default) and its message, as the whole string or as a pattern for
 * a part.
 */
export interface ExpectedError {
  name: string;
  status?: number;
  message?: string | RegExp;
}

type Json = Record<string, unknown>;

/**
 * Returns functions that send signed calls as JSON, because the installed SDKs lack some of the operations and members.
 */
export function apiOf(service: Pick<TestService, 'send'>) {
  /** Calls a data-plane operation by its path, e.g. `mac/generate`. */
  const post = (path: string, input: object): Promise<RawResponse> =>
    service.send({ path: `/${path}`, body: JSON.stringify(input) });

  /** Calls a data-plane operation. @returns the body of the response, whether or not the call succeeded */
  const answerTo = async <Output = Json>(path: string, input: object): Promise<Output> =>
    (await post(path, input)).json as Output;

  /** Calls a control-plane operation by its name, e.g. `CreateKey`. */
  const control = (operation: string, input: object = {}, region = REGION): Promise<RawResponse> =>
    service.send({ headers: target(operation), body: JSON.stringify(input), region });

  /** Expects a data-plane call to succeed. @returns its output */
  async function expectOk<Output = Record<string, string>>(path: string, input: object): Promise<Output> {
    return outputOf(await post(path, input)) as Output;
  }

  /** Expects a control-plane call to succeed. @returns its output */
  async function expectControlOk<Output = Json>(
    operation: string,
    input: object = {},
    region?: string,
  ): Promise<Output> {
    return outputOf(await control(operation, input, region)) as Output;
  }

  /** Expects a data-plane call to fail validation with a message that matches. */
  async function expectInvalid(path: string, input: object, message: string | RegExp): Promise<void> {
    expectError(await post(path, input), { name: 'ValidationException', message: patternOf(message) });
  }

  return { post, answerTo, control, expectOk, expectControlOk, expectInvalid };
}

/** Expects a response to be an exception. */
export function expectError(response: RawResponse, { name, status = 400, message = /^/ }: ExpectedError): void {
  const type = response.headers.get('x-amzn-errortype') ?? response.json['__type'];
  expect({ status: response.status, name: String(type).split('#').at(-1), message: messageOf(response) }).toEqual({
    status,
    name,
    message: typeof message === 'string' ? message : (expect.stringMatching(message) as unknown),
  });
}

/** Expects a control-plane response to be an exception with these members. */
export function expectControlError({ status, json }: RawResponse, name: string, members: object = {}): void {
  expect({ status, ...json }).toMatchObject({
    status: 400,
    __type: `com.amazonaws.paymentcryptography#${name}`,
    Message: expect.any(String) as unknown,
    ...members,
  });
}

/** Matches the ValidationException that the data-plane SDK throws. */
export const invalid = (message: string | RegExp): unknown =>
  expect.objectContaining({
    code: 'ValidationException',
    statusCode: 400,
    message: expect.stringMatching(patternOf(message)) as unknown,
  });

/** Matches the VerificationFailedException that the data-plane SDK throws. */
export const failed = (message: string): unknown =>
  expect.objectContaining({ code: 'VerificationFailedException', statusCode: 400, message });

function outputOf({ status, json }: RawResponse): Json {
  expect({ status, json }).toEqual({ status: 200, json });
  return json;
}

const messageOf = ({ json }: RawResponse) => json['message'] ?? json['Message'];
/** Turns a part of a message into a pattern. */
export const patternOf = (message: string | RegExp) =>
  message instanceof RegExp ? message : new RegExp(message.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));

export const CIPHER: readonly KeyMode[] = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'];
export const ENCRYPT: readonly KeyMode[] = ['Encrypt', 'Wrap'];
export const DECRYPT: readonly KeyMode[] = ['Decrypt', 'Unwrap'];
export const MAC: readonly KeyMode[] = ['Generate', 'Verify'];
const DERIVE: readonly KeyMode[] = ['DeriveKey'];

/** The modes of use that `keyOf` gives to a key, by the first letter of its usage. */
const MODES: Partial<Record<string, readonly KeyMode[]>> = { B: DERIVE, C: MAC, E: DERIVE, M: MAC, V: MAC };

export interface KeyOptions {
  cipher?: 'TDES' | 'AES';
  modes?: readonly KeyMode[];
}

/** Keys with known values in a service. */
export interface KnownKeys extends KeyImports {
  /** Imports a key with a known value on the first call for it. @param clear hexadecimal */
  keyOf: (usage: KeyUsage, clear: string, options?: KeyOptions) => Promise<StoredKey>;
}

/** Lets the tests of a spec file import keys with known values. */
export function useKnownKeys(service: TestService): KnownKeys {
  const keys = {} as KnownKeys;
  beforeAll(async () => {
    Object.assign(keys, await importKeys(service));
  });
  const known = new Map<string, Promise<StoredKey>>();
  keys.keyOf = (usage, clear, { cipher = 'TDES', modes = MODES[usage.charAt('TR31_'.length)] ?? CIPHER } = {}) => {
    const name = [usage, clear, cipher, ...modes].join();
    const key = known.get(name) ?? keys.importKey({ usage, clear, algorithm: algorithmOf(cipher, clear), modes });
    known.set(name, key);
    return key;
  };
  return keys;
}

/** @param clear hexadecimal */
export function algorithmOf(cipher: 'TDES' | 'AES', clear: string): SymmetricKeyAlgorithm {
  const bytes = clear.length / 2;
  return (cipher === 'AES' ? `AES_${8 * bytes}` : `TDES_${bytes / 8}KEY`) as SymmetricKeyAlgorithm;
}
