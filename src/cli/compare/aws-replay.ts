import { dataPlanePaths } from '../data-plane-paths.js';
import { EXIT, Failure } from '../failure.js';
import type { Connection } from '../service/signed-fetch.js';
import { jsonObjectOf, type Request, signedFetch } from '../service/signed-fetch.js';
import type { Answer } from './answers.js';
import { type AwsCall, TARGETS } from './pairs.js';

/** KMS operations that compute without changing anything. */
const KMS_OPERATIONS =
  /^(Encrypt|Decrypt|ReEncrypt|GenerateDataKey.*|GenerateMac|VerifyMac|GenerateRandom|Sign|Verify|DeriveSharedSecret|GetPublicKey)$/;

/** Members that differ in every response, or with the SDK. */
const NOT_COMPARED = new Set(['$metadata', 'ResponseMetadata']);

/** Repeats recorded calls of AWS APIs on a service. */
export class AwsReplay {
  /** @param names replacements of whole strings in recorded calls, such as key ARNs */
  constructor(
    private readonly connection: Connection,
    private readonly names: ReadonlyMap<string, string>,
  ) {}

  /** True if a call can be repeated, because it changes nothing. */
  static isRepeatable({ service, operation }: AwsCall): boolean {
    return service === 'payment-cryptography-data' || (service === 'kms' && KMS_OPERATIONS.test(operation));
  }

  /** Repeats a call. @throws Failure if the service can't be reached, or doesn't answer as an AWS API */
  async answer(call: AwsCall): Promise<Answer> {
    const response = await signedFetch(this.connection, this.#request(call));
    const body = jsonObjectOf(await response.text());
    if (!body)
      throw new Failure(EXIT.unavailable, `${this.connection.endpoint} doesn't answer ${call.operation} with JSON.`);
    if (response.ok) return { values: valuesOf(body) };
    const type = response.headers.get('x-amzn-errortype') ?? body['__type'];
    return { error: String(type).replace(/^.*#/, '').replace(/:.*$/, ''), values: new Map() };
  }

  /** Returns the recorded response, with its names replaced. */
  recorded({ output, error }: AwsCall): Answer {
    if (error) return { error: error.name, values: new Map() };
    return { values: valuesOf(this.#renamed(output) as Record<string, unknown>) };
  }

  #request({ service, operation, input }: AwsCall): Request {
    const members = this.#renamed(input) as Record<string, unknown>;
    const target = TARGETS[service];
    if (target !== undefined) {
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${target}.${operation}` };
      return { service, method: 'POST', path: '/', headers, body: JSON.stringify(members) };
    }
    const template = dataPlanePaths().get(operation);
    if (template === undefined) throw new Failure(EXIT.usage, `The data plane has no operation ${operation}.`);
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = members[name];
      Reflect.deleteProperty(members, name);
      return encodeURIComponent(typeof value === 'string' ? value : '');
    });
    const headers = { 'content-type': 'application/json' };
    return { service: 'payment-cryptography', method: 'POST', path, headers, body: JSON.stringify(members) };
  }

  #renamed(value: unknown): unknown {
    if (typeof value === 'string') return this.names.get(value) ?? value;
    if (Array.isArray(value)) return value.map((item) => this.#renamed(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#renamed(member)]));
  }
}

function valuesOf(output: Record<string, unknown>): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const add = (path: string, value: unknown) => {
    if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value)) add(path === '' ? name : `${path}.${name}`, member);
    else values.set(path, String(value));
  };
  for (const [name, member] of Object.entries(output)) if (!NOT_COMPARED.has(name)) add(name, member);
  return values;
}
