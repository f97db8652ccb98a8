import { DataSource } from 'typeorm';
import { CreateAliasCommand } from '@aws-sdk/client-payment-cryptography';
import { type NewAccessKey, PrincipalRepository } from '../../src/access/principal.repository.js';
import { useService } from './api.js';
import { CMAC_KEY, createKey } from './keys.js';
import { type RawRequest, REGION, type SentRequest, sendUnsigned, target } from './service.js';

/** Requests and checks that the specs of attacks share. */

export const OTHER_REGION = 'us-west-2';
export const ACCOUNT = '000000000000';
export const BODY_LIMIT = 50_000;
export const MESSAGE = '3B313038383439303031';

const TABLES = [
  'keys',
  'aliases',
  'tags',
  'resource_policies',
  'default_replication_regions',
  'replications',
  'approval_guards',
  'principals',
  'principal_policies',
];

export const mac = (KeyIdentifier: string): Partial<RawRequest> => ({
  path: '/mac/generate',
  body: JSON.stringify({ KeyIdentifier, MessageData: MESSAGE, GenerationAttributes: { Algorithm: 'CMAC' } }),
});

export const control = (operation: string, input: object, more: Partial<RawRequest> = {}): Partial<RawRequest> => ({
  headers: target(operation),
  body: JSON.stringify(input),
  ...more,
});

export const createNewKey = control('CreateKey', CMAC_KEY);

export const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

/** Returns a function that removes a header from a signed request. */
export const drop = (name: string) => (sent: SentRequest) => {
  sent.headers = Object.fromEntries(Object.entries(sent.headers).filter(([key]) => key !== name));
};
/** Returns a function that changes a header of a signed request. */
export const header = (name: string, change: (value: string) => string) => (sent: SentRequest) => {
  sent.headers[name] = change(sent.headers[name] ?? '');
};
export const authorization = (change: (value: string) => string) => header('authorization', change);

/** A request on the wire; `lines` are the headers. */
export interface Wire {
  start: string;
  lines: string[];
  body: string;
}

export const text = ({ start, lines, body }: Wire) => `${[start, ...lines].join('\r\n')}\r\n\r\n${body}`;
export const without = (lines: string[], name: string) => lines.filter((line) => !line.startsWith(`${name}:`));

/** Returns the status of each response that arrived on one connection. */
export const statuses = (responses: string) =>
  [...responses.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

/**
 * Starts a service with a key that an attacker is after. Every test must leave the database unchanged and the service
 * serving.
 */
export function useVictim() {
  const service = useService({
    KEYBLOCK_REGIONS: `${REGION},${OTHER_REGION}`,
    KEYBLOCK_BODY_LIMIT_BYTES: String(BODY_LIMIT),
  });
  const attacked = {} as { victim: string; principals: PrincipalRepository };
  let before: string;

  /** Reads everything that a caller could change. */
  async function everything(): Promise<string> {
    const database = service.app.get(DataSource);
    const rows = await Promise.all(
      TABLES.map((table) => database.query(`SELECT row_to_json(t)::text AS row FROM ${table} t ORDER BY 1`)),
    );
    return JSON.stringify(rows);
  }

  /** Records the present content of the database, which tests must not change. */
  const settle = async () => void (before = await everything());

  beforeAll(async () => {
    attacked.principals = service.app.get(PrincipalRepository);
    attacked.victim = (await createKey(service)).KeyArn;
    const alias = { AliasName: 'alias/victim', KeyArn: attacked.victim };
    await service.controlPlane.send(new CreateAliasCommand(alias));
  });
  beforeEach(settle);
  afterEach(async () => {
    expect(await everything()).toBe(before);
    expect((await service.send(mac(attacked.victim))).status).toBe(200);
  });

  return {
    service,
    attacked,
    settle,
    deleteVictim: () => control('DeleteKey', { KeyIdentifier: attacked.victim }),
    /** Creates a user with a policy. @returns an access key of the user */
    async user(name: string, ...statements: object[]): Promise<NewAccessKey> {
      const { arn } = await attacked.principals.create('user', name);
      await attacked.principals.putPolicy(arn, 'own', policy(...statements));
      return attacked.principals.createAccessKey(arn);
    },
    /** Expects a request to fail. @returns the name of the exception */
    async exception(request: Partial<RawRequest>): Promise<string> {
      const { status, headers } = await service.send(request);
      expect(status).not.toBe(200);
      return headers.get('x-amzn-errortype') ?? `${status}`;
    },
    /** Signs a request and writes it out for the wire. */
    async wire(request: Partial<RawRequest>, change: (lines: string[]) => string[] = (lines) => lines): Promise<Wire> {
      const { path, headers, body } = await service.sign(request);
      const lines = [
        `host: ${new URL(service.url).host}`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        `content-length: ${Buffer.byteLength(body)}`,
      ];
      return { start: `POST ${path} HTTP/1.1`, lines: change(lines), body };
    },
    /** Expects the service to be ready, and no request so far to have been an internal error. */
    async expectHealthy() {
      expect((await sendUnsigned(`${service.url}/readyz`, {})).status).toBe(200);
      expect(service.log.filter((line) => line['outcome'] === 'InternalServerException')).toEqual([]);
      expect(service.log.filter((line) => line['msg'] === 'internal error')).toEqual([]);
    },
  };
}
