import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { PrincipalRepository } from '../../src/access/principal.repository.js';
import { HostCommands } from '../../src/hostcommands/host-commands.js';
import { allow, policyOf } from './access.js';
import { useService } from './api.js';
import { PayshieldClient, type ClientOptions } from './payshield-client.js';
import { REGION, type TestService } from './service.js';

export const SWITCH = 'arn:aws:iam::000000000000:user/switch';

/** A listener on a free port of 127.0.0.1 as the user `switch`. */
export const listener = (members: object = {}) => ({
  ...{ host: '127.0.0.1', port: 0, region: REGION, principal: SWITCH },
  ...members,
});

/** Writes a configuration with the public test LMK. @returns the environment that names it */
export function payshieldFile(payshield: object, folder = mkdtempSync(join(tmpdir(), 'keyblock-payshield-'))) {
  const file = join(folder, 'payshield.yaml');
  const lmks = { '00': { scheme: 'variant', set: 'test' } };
  writeFileSync(file, stringify({ payshield: { lmks, ...payshield } }, { aliasDuplicateObjects: false }));
  return { KEYBLOCK_PAYSHIELD_FILE: file };
}

export interface HostService extends TestService {
  /** Connects to a listener by its place in the configuration, the first by default. */
  connect: (place?: number, options?: Omit<ClientOptions, 'port'>) => Promise<PayshieldClient>;
  /** Sends one command on a separate connection. */
  ask: (command: string | Buffer, place?: number) => Promise<string>;
}

/** Starts a service with listeners, and the user `switch` with all permissions. */
export function useHostCommands(payshield: object, env: NodeJS.ProcessEnv = {}): HostService {
  const service = useService({ ...payshieldFile(payshield), ...env }) as HostService;
  const clients: PayshieldClient[] = [];
  service.connect = async (place = 0, options = {}) => {
    const port = service.app.get<HostCommands>(HostCommands, { strict: false }).ports[place]!;
    const client = await PayshieldClient.connect({ port, ...options });
    clients.push(client);
    return client;
  };
  service.ask = async (command, place) => {
    const client = await service.connect(place);
    try {
      return await client.ask(command);
    } finally {
      client.close();
    }
  };
  beforeAll(async () => {
    const principals = service.app.get(PrincipalRepository);
    await principals.create('user', 'switch');
    await principals.putPolicy(SWITCH, 'own', policyOf(allow('*')));
  });
  afterAll(() => {
    for (const client of clients) client.close();
  });
  return service;
}
