import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { type DatabaseStore, MASTER_KEY, newStore } from '../../../support/database.js';
import { clients, idOf, keyblock } from '../../../support/master-key.js';
import { type ServiceProcess, spawnService } from '../../../support/process.js';
import { serviceEnv } from '../../../support/service.js';
import { compileShim, describeWithSoftHsm, newSoftHsm, PIN, SOFTHSM, type SoftHsm } from '../../../support/softhsm.js';

const SECRETS = new RegExp(`${PIN}|${MASTER_KEY}`, 'i');

describeWithSoftHsm('a master key that a token encrypts', () => {
  let softHsm: SoftHsm;
  let pinFile: string;
  let serial: string;
  const stores: DatabaseStore[] = [];
  const started: ServiceProcess[] = [];

  beforeAll(() => {
    softHsm = newSoftHsm();
    serial = softHsm.init('payments');
    softHsm.init('spare');
    pinFile = join(softHsm.tokens, '..', 'pin');
    writeFileSync(pinFile, `${PIN}\n`);
  });
  afterEach(async () => {
    for (const { child, ended } of started.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    for (const store of stores.splice(0)) await store.remove();
  });
  afterAll(() => softHsm.remove());

  function uri({ token = 'payments', object = 'keyblock-master', module = SOFTHSM, pin = `file:${pinFile}` } = {}) {
    return `pkcs11:token=${token};object=${object}?module-path=${module}&pin-source=${pin}`;
  }

  /** The environment of a service whose master key a token encrypts. */
  function tokenEnv(named = uri()): NodeJS.ProcessEnv {
    return { KEYBLOCK_MASTER_KEY: '', KEYBLOCK_MASTER_KEY_TOKEN: named, ...softHsm.env };
  }

  async function emptyStore(): Promise<DatabaseStore> {
    const store = await newStore({ schema: 'none' });
    stores.push(store);
    return store;
  }

  function start(store: DatabaseStore, env: NodeJS.ProcessEnv): ServiceProcess {
    const service = spawnService({ ...serviceEnv(store), ...env });
    started.push(service);
    return service;
  }

  async function stop(service: ServiceProcess): Promise<void> {
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(`${service.output()}${service.log()}`).not.toMatch(SECRETS);
  }

  /** Runs `keyblock master-key`. @returns what it prints */
  async function command(store: DatabaseStore, args: string[], env: NodeJS.ProcessEnv, code = 0): Promise<string> {
    const run = keyblock(store, args, { ...softHsm.env, ...env });
    expect([await run.ended, run.output()]).toEqual([code, expect.any(String)]);
    expect(run.output()).not.toMatch(SECRETS);
    return run.output();
  }

  async function rows<T extends object>(store: DatabaseStore, sql: string): Promise<T[]> {
    const client = new pg.Client({ connectionString: store.env.DATABASE_URL });
    await client.connect();
    try {
      return (await client.query<T>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  const events = async (store: DatabaseStore) => {
    const found = await rows<{ event: string }>(store, 'SELECT event::text FROM audit_events');
    return found.map(({ event }) => event).join('\n');
  };

  describe('on the token "payments"', () => {
    beforeAll(async () => {
      const store = await emptyStore();
      expect(await command(store, ['token-init', '--token', uri()], {})).toContain(serial);
    });

    test('is made at the first start, and opens the database at the next', async () => {
      const store = await emptyStore();
      const first = start(store, tokenEnv());
      const { create, mac } = clients(await first.listening);
      const key = await create();
      const expected = await mac(key);
      expect(await (await fetch(`${await first.listening}/readyz`)).json()).toMatchObject({ token: 'reachable' });
      await stop(first);
      expect(first.log()).toContain('"msg":"master key from token"');
      const second = start(store, tokenEnv());
      expect(await clients(await second.listening).mac(key)).toBe(expected);
      await stop(second);
      expect(await events(store)).toMatch(/MasterKeyWrapped[\s\S]*TokenConnected/);
      expect(await events(store)).not.toMatch(SECRETS);
    });

    test('that was in a file moves to the token and back, and no row is resealed', async () => {
      const store = await emptyStore();
      const before = start(store, {});
      const { create, mac } = clients(await before.listening);
      const key = await create();
      const expected = await mac(key);
      await stop(before);
      const sealed = () => rows<{ sealed: Buffer }>(store, 'SELECT sealed FROM keys ORDER BY arn');
      const bytes = await sealed();

      await command(store, ['to-token', '--token', uri()], {});
      const inToken = start(store, tokenEnv());
      expect(await clients(await inToken.listening).mac(key)).toBe(expected);
      await stop(inToken);

      const file = join(store.env.KEYBLOCK_DATA_DIR, 'master-key-again');
      await command(store, ['from-token', '--file', file], tokenEnv());
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, 'utf8')).toBe(`${MASTER_KEY}\n`);
      expect(await command(store, ['from-token', '--file', file], tokenEnv(), 4)).toContain('already exists');
      const after = start(store, { KEYBLOCK_MASTER_KEY: '', KEYBLOCK_MASTER_KEY_FILE: file });
      expect(await clients(await after.listening).mac(key)).toBe(expected);
      await stop(after);
      expect(await sealed()).toEqual(bytes);
      const named = await rows<{ name: string; parameters: object }>(
        store,
        `SELECT event ->> 'eventName' AS name, event -> 'requestParameters' AS parameters FROM audit_events
          WHERE event ->> 'eventName' ~ '^MasterKey' ORDER BY chain, sequence`,
      );
      const masterKey = idOf(Buffer.from(MASTER_KEY, 'hex'));
      const parameters = { masterKey, token: 'payments', serial, tokenKey: 'keyblock-master' };
      expect(named).toEqual([
        { name: 'MasterKeyWrapped', parameters },
        { name: 'MasterKeyUnwrapped', parameters },
      ]);
    });

    test('is replaced while the service runs', async () => {
      const store = await emptyStore();
      const service = start(store, tokenEnv());
      const { create, mac } = clients(await service.listening);
      const key = await create();
      const expected = await mac(key);
      expect(await command(store, ['rotate'], tokenEnv())).toContain('is retired');
      expect(await mac(key)).toBe(expected);
      await stop(service);
      const [envelope, ...others] = await rows<{ master_key_id: string }>(store, 'SELECT * FROM master_key_envelopes');
      expect(others).toEqual([]);
      const [active] = await rows<{ id: string }>(store, `SELECT id FROM master_key WHERE state = 'ACTIVE'`);
      expect(envelope!.master_key_id).toBe(active!.id);
      const again = start(store, tokenEnv());
      expect(await clients(await again.listening).mac(key)).toBe(expected);
    });

    test('is encrypted by another token while requests are served, and the old token can go', async () => {
      const store = await emptyStore();
      const spare = uri({ token: 'spare', object: 'spare-key' });
      await command(store, ['token-init', '--token', spare], {});
      const service = start(store, tokenEnv());
      const { create, mac } = clients(await service.listening);
      const key = await create();
      const expected = await mac(key);
      const answers = new Set<string | undefined>();
      const rewrapped = new AbortController();
      const load = (async () => {
        while (!rewrapped.signal.aborted) answers.add(await mac(key));
      })();
      await command(store, ['rewrap', '--to', spare], tokenEnv());
      rewrapped.abort();
      await load;
      expect(answers).toEqual(new Set([expected]));
      expect(await command(store, ['rewrap', '--to', uri()], tokenEnv(), 4)).toContain(
        'already encrypts the master key',
      );
      await stop(service);

      const moved = start(store, tokenEnv(spare));
      expect(await clients(await moved.listening).mac(key)).toBe(expected);
      await stop(moved);
      expect(await events(store)).toContain('MasterKeyRewrapped');
      expect(await rows(store, 'SELECT * FROM master_key_envelopes')).toHaveLength(1);
      const refused = start(store, tokenEnv());
      expect(await refused.ended).toBe(78);
      expect(refused.output()).toContain('is encrypted by the key "spare-key"');
    });

    test('is encrypted by an RSA key of the token', async () => {
      const store = await emptyStore();
      softHsm.importRsaKey('payments', 'rsa-key');
      const env = { ...tokenEnv(uri({ object: 'rsa-key' })), KEYBLOCK_MASTER_KEY_TOKEN_MECHANISM: 'rsa-oaep-sha1' };
      const first = start(store, env);
      const { create, mac } = clients(await first.listening);
      const key = await create();
      const expected = await mac(key);
      await stop(first);
      const second = start(store, env);
      expect(await clients(await second.listening).mac(key)).toBe(expected);
      await stop(second);
      await rows(
        store,
        `UPDATE master_key_envelopes SET ciphertext = set_byte(ciphertext, 9, get_byte(ciphertext, 9) # 1)`,
      );
      const changed = start(store, env);
      expect([await changed.ended, changed.output()]).toEqual([78, expect.stringContaining("doesn't open")]);
      // SoftHSM2 has OAEP with SHA-1 only.
      const sha256 = start(await emptyStore(), { ...env, KEYBLOCK_MASTER_KEY_TOKEN_MECHANISM: 'rsa-oaep-sha256' });
      expect([await sha256.ended, sha256.output()]).toEqual([78, expect.stringContaining('CKR_ARGUMENTS_BAD')]);
    });

    test('is shared by two nodes on one token; a third with another token is refused', async () => {
      const store = await emptyStore();
      const other = newSoftHsm();
      other.init('payments');
      await command(store, ['token-init', '--token', uri()], other.env);
      const nodes = [start(store, tokenEnv()), start(store, tokenEnv())];
      const [one, two] = (await Promise.all(nodes.map(({ listening }) => listening))).map(clients);
      const key = await one!.create();
      expect(await two!.mac(key)).toBe(await one!.mac(key));
      const third = start(store, { ...tokenEnv(), ...other.env });
      expect(await third.ended).toBe(78);
      expect(third.output()).toContain('is encrypted by the key "keyblock-master" with CKA_ID');
      other.remove();
    });

    test('stays in use while the token is unavailable, which the readiness report shows', async () => {
      const store = await emptyStore();
      const services = [start(store, tokenEnv()), start(store, { ...tokenEnv(), KEYBLOCK_TOKEN_REQUIRED: 'true' })];
      const [url, strict] = (await Promise.all(services.map(({ listening }) => listening))) as [string, string];
      const { create, mac } = clients(url);
      const key = await create();
      const ready = async (url: string) => {
        const response = await fetch(`${url}/readyz`);
        return { ...((await response.json()) as object), status: response.status };
      };
      renameSync(softHsm.tokens, `${softHsm.tokens}-away`);
      await until(async () => (await ready(strict)).status === 503);
      // The services probe the token independently.
      await until(async () => JSON.stringify(await ready(url)).includes('unreachable'));
      expect(await ready(strict)).toMatchObject({ reason: 'TokenAwayError', token: 'unreachable' });
      expect(await ready(url)).toEqual({ status: 200, token: 'unreachable' });
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('keyblock_token_up 0');
      expect(await mac(await create())).toBeDefined();
      expect(await mac(key)).toBeDefined();
      renameSync(`${softHsm.tokens}-away`, softHsm.tokens);
      await until(async () => (await ready(strict)).status === 200);
      await until(
        async () => 'token' in (await ready(url)) && JSON.stringify(await ready(url)).includes('"reachable"'),
      );
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('keyblock_token_up 1');
      await until(async () => /TokenLost[\s\S]*TokenConnected/.test(await events(store)));
      expect(services[0]!.log().match(/unreachable/g)).toHaveLength(1);
    });

    test('is opened by each worker, and their combined metric is 1', async () => {
      const store = await emptyStore();
      const url = await start(store, { ...tokenEnv(), KEYBLOCK_WORKERS: '2' }).listening;
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('keyblock_token_up 1\n');
      renameSync(softHsm.tokens, `${softHsm.tokens}-away`);
      await until(async () => (await (await fetch(`${url}/metrics`)).text()).includes('keyblock_token_up 0\n'));
      renameSync(`${softHsm.tokens}-away`, softHsm.tokens);
    });

    test.each([
      ['a module that does not exist', { module: '/nowhere.so' }, "The module /nowhere.so can't be loaded"],
      ['a file that is not a module', { module: import.meta.filename }, "can't be loaded"],
      ['an unknown token', { token: 'nothing' }, 'has no initialized token with label "nothing"'],
      ['an unknown key', { object: 'nothing' }, 'no secret key with the label "nothing"'],
    ])('is refused with %s', async (_, named, sentence) => {
      const service = start(await emptyStore(), tokenEnv(uri(named)));
      expect([await service.ended, service.output()]).toEqual([78, expect.stringContaining(sentence)]);
    });

    test('is refused without the configuration of SoftHSM2, and without its PIN', async () => {
      const store = await emptyStore();
      const unconfigured = start(store, { ...tokenEnv(), SOFTHSM2_CONF: '/nowhere.conf' });
      expect([await unconfigured.ended, unconfigured.output()]).toEqual([
        78,
        expect.stringContaining("can't be initialized"),
      ]);
      const withoutPin = start(store, tokenEnv(uri({ pin: 'file:/nowhere-pin' })));
      expect([await withoutPin.ended, withoutPin.output()]).toEqual([
        2,
        expect.stringContaining('KEYBLOCK_MASTER_KEY_TOKEN names the file /nowhere-pin for the PIN'),
      ]);
      const inUri = start(store, tokenEnv(`${uri()}&pin-value=1234`));
      expect([await inUri.ended, inUri.output()]).toEqual([2, expect.stringContaining('must not contain pin-value')]);
    });

    test('tries a wrong PIN once, and ends with exit code 78', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'keyblock-shim-'));
      const [module, logins] = [compileShim(folder), join(folder, 'logins')];
      const env = { ...tokenEnv(uri({ module, pin: 'env:TOKEN_PIN' })), SHIM_LOGINS: logins, TOKEN_PIN: 'wrong-pin-1' };
      const service = start(await emptyStore(), env);
      expect([await service.ended, service.output()]).toEqual([78, expect.stringContaining('CKR_PIN_INCORRECT')]);
      expect(service.output()).not.toContain('wrong-pin-1');
      expect(readFileSync(logins, 'utf8')).toBe('.');
      rmSync(folder, { recursive: true });
    });

    test('is refused within the time limit of a start if the module hangs', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'keyblock-shim-'));
      const orders = join(folder, 'orders');
      writeFileSync(orders, 'hang');
      const env = { ...tokenEnv(uri({ module: compileShim(folder) })), SHIM_ORDERS: orders };
      const service = start(await emptyStore(), env);
      expect([await service.ended, service.output()]).toEqual([
        78,
        expect.stringMatching(/did not answer \w+ within \d+ ms\.$/m),
      ]);
      rmSync(folder, { recursive: true });
    });

    test.each([
      ['iv', `set_byte(iv, 0, get_byte(iv, 0) # 1)`],
      ['ciphertext', `set_byte(ciphertext, 0, get_byte(ciphertext, 0) # 1)`],
      ['ciphertext', `set_byte(ciphertext, 47, get_byte(ciphertext, 47) # 1)`],
      ['master_key_id', `'0123456789abcdef'`],
      ['token_key_id', `'00'`],
    ])('is refused if %s of its envelope was changed', async (column, value) => {
      const store = await emptyStore();
      await stop(await listening(start(store, tokenEnv())));
      await rows(store, `UPDATE master_key_envelopes SET ${column} = ${value}`);
      const service = start(store, tokenEnv());
      expect(await service.ended).toBe(78);
      expect(service.output()).toMatch(/doesn't open|is encrypted by the key/);
    });

    test('is refused for a database whose master key no token has encrypted', async () => {
      const store = await emptyStore();
      await stop(await listening(start(store, {})));
      const service = start(store, tokenEnv());
      expect([await service.ended, service.output()]).toEqual([
        78,
        expect.stringContaining('run keyblock master-key to-token'),
      ]);
      expect(await command(store, ['rewrap', '--to', uri()], {}, 4)).toContain('No token encrypts the master key');
    });

    test('another master key than the database’s ends the start with exit code 78 too', async () => {
      const store = await emptyStore();
      await stop(await listening(start(store, {})));
      const service = start(store, { KEYBLOCK_MASTER_KEY: createHash('sha256').update('other').digest('hex') });
      expect(await service.ended).toBe(78);
    });

    test('token-init does not generate a second key of a label', async () => {
      const store = await emptyStore();
      expect(await command(store, ['token-init', '--token', uri()], {}, 4)).toContain('"keyblock-master"');
    });
  });
});

async function listening(service: ServiceProcess): Promise<ServiceProcess> {
  await service.listening;
  return service;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(100);
}
