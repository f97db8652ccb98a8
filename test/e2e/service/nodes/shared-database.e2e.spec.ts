import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateAliasCommand,
  DeleteKeyCommand,
  GetParametersForImportCommand,
  ImportKeyCommand,
  InternalServerException,
  ListAliasesCommand,
  ListKeysCommand,
  paginateListAliases,
  paginateListKeys,
  ServiceQuotaExceededException,
  ServiceUnavailableException,
  StopKeyUsageCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-payment-cryptography';
import pg from 'pg';
import { MAX_STALE_MS } from '../../../../src/changes/change-epoch.js';
import { toHex } from '../../../../src/crypto/bytes.js';
import { rsaEncrypt } from '../../../../src/crypto/rsa.js';
import { isIssuedBy } from '../../../../src/crypto/x509/certificate.js';
import { Key } from '../../../../src/payment/keys/key.entity.js';
import { sealOf } from '../../../../src/provider/bound.subscriber.js';
import { certificateOf } from '../../../../src/payment/exchange/certificate-text.js';
import { createKey } from '../../../support/keys.js';
import { openTestStore } from '../../../support/master-key.js';
import { cutListeners, type Node, useNodes } from '../../../support/nodes.js';
import { type RawRequest, send, target, TestClock } from '../../../support/service.js';

const MAX_KEYS = 100;
const MAX_ALIASES = 30;

const shared = useNodes({ KEYBLOCK_MAX_KEYS: String(MAX_KEYS), KEYBLOCK_MAX_ALIASES: String(MAX_ALIASES) });

async function until<T>(found: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await found();
    if (value !== undefined) return value;
    await pause(5);
  }
}

describe.each([
  ['notified', false],
  ['not notified', true],
])('a change when the other node is %s', (_, deaf) => {
  /** Prevents notifications: ends the listening connections, and keeps the nodes from connecting again. */
  beforeAll(async () => {
    if (!deaf) return;
    const { pathname } = new URL(shared.store.env.DATABASE_URL!);
    await elsewhere(`ALTER DATABASE ${pathname.slice(1)} ALLOW_CONNECTIONS false`);
    await cutListeners(shared.database);
  });
  afterAll(async () => {
    if (!deaf) return;
    expect((await cutListeners(shared.database)).rowCount).toBe(0);
    const { pathname } = new URL(shared.store.env.DATABASE_URL!);
    await elsewhere(`ALTER DATABASE ${pathname.slice(1)} ALLOW_CONNECTIONS true`);
  });

  async function elsewhere(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: process.env['TEST_SERVER_URL'] });
    await client.connect();
    await client.query(sql);
    await client.end();
  }

  /**
   * Retries a call. While connecting is forbidden, a node whose connections are all busy fails before it does anything.
   */
  async function again<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const { name, code = name } = error as Error & { code?: string };
        if (!deaf || !['InternalServerException', 'ServiceUnavailableException'].includes(code)) throw error;
        await pause(5);
      }
    }
  }

  const mac = (KeyIdentifier: string) =>
    again(() =>
      shared.nodes[1].dataPlane
        .generateMac({ KeyIdentifier, MessageData: '00'.repeat(16), GenerationAttributes: { Algorithm: 'CMAC' } })
        .promise(),
    );
  const change = (command: StopKeyUsageCommand | DeleteKeyCommand | UpdateAliasCommand) =>
    again(() => shared.nodes[0].controlPlane.send(command as StopKeyUsageCommand));

  /** Uses a name on the second node until the answer changes, and again after a second. */
  async function expectWithinBound(command: () => Promise<unknown>, use: () => Promise<boolean>): Promise<void> {
    expect(await use()).toBe(true);
    await command();
    const bound = performance.now() + MAX_STALE_MS;
    while (performance.now() < bound && (await use())) await pause(10);
    await pause(bound - performance.now());
    expect(await use()).toBe(false);
  }

  const accepts = (KeyIdentifier: string) =>
    mac(KeyIdentifier).then(
      () => true,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'ValidationException' });
        return false;
      },
    );

  test('a key that is stopped is refused within a second', async () => {
    const { KeyArn: KeyIdentifier } = await again(() => createKey(shared.nodes[0]));
    await expectWithinBound(
      () => change(new StopKeyUsageCommand({ KeyIdentifier })),
      () => accepts(KeyIdentifier),
    );
  });

  test('a key that is deleted is refused within a second', async () => {
    const { KeyArn: KeyIdentifier } = await again(() => createKey(shared.nodes[0]));
    await expectWithinBound(
      () => change(new DeleteKeyCommand({ KeyIdentifier })),
      () => accepts(KeyIdentifier),
    );
  });

  test('an alias that was moved no longer names the old key after a second', async () => {
    const [before, after] = [
      await again(() => createKey(shared.nodes[0])),
      await again(() => createKey(shared.nodes[0])),
    ];
    const AliasName = `alias/bound/${deaf}`;
    await again(() => shared.nodes[0].controlPlane.send(new CreateAliasCommand({ AliasName, KeyArn: before.KeyArn })));
    await expectWithinBound(
      () => change(new UpdateAliasCommand({ AliasName, KeyArn: after.KeyArn })),
      async () => (await mac(AliasName)).KeyArn === before.KeyArn,
    );
    expect((await mac(AliasName)).KeyArn).toBe(after.KeyArn);
  });

  const ask = (node: Node, request: Partial<RawRequest>) =>
    again(async () => {
      const answer = await send(await node.process.listening, new TestClock(), request);
      if (answer.status < 500) return answer;
      throw Object.assign(new Error(answer.text), { code: answer.headers.get('x-amzn-errortype') });
    });
  const admin = async (method: string, path: string, body: object = {}): Promise<Record<string, unknown>> => {
    const request = { method, path: `/admin/${path}`, body: method === 'DELETE' ? '' : JSON.stringify(body) };
    const { status, json } = await ask(shared.nodes[0], request);
    expect(status).toBe(200);
    return json;
  };
  const name = `user-${deaf}`;
  test.each<[what: string, method: string, path: (id: string) => string, body: object]>([
    [
      'a policy that denies',
      'PUT',
      () => `users/${name}/policies/more`,
      { Statement: { Effect: 'Deny', Action: '*', Resource: '*' } },
    ],
    ['a policy that is removed', 'DELETE', () => `users/${name}/policies/own`, {}],
    ['an access key that is deactivated', 'PUT', (id) => `users/${name}/access-keys/${id}`, { Status: 'Inactive' }],
    ['an access key that is rotated', 'POST', (id) => `users/${name}/access-keys/${id}/rotate`, {}],
    ['a user that is removed', 'DELETE', () => `users/${name}`, {}],
  ])('%s takes effect within a second', async (_, method, path, body) => {
    await admin('POST', 'users', { Name: name });
    const Statement = { Effect: 'Allow', Action: 'payment-cryptography:ListKeys', Resource: '*' };
    await admin('PUT', `users/${name}/policies/own`, { Statement });
    const { AccessKeyId, SecretAccessKey } = await admin('POST', `users/${name}/access-keys`);
    const credentials = { accessKeyId: String(AccessKeyId), secretAccessKey: String(SecretAccessKey) };
    await expectWithinBound(
      () => admin(method, path(credentials.accessKeyId), body),
      async () => (await ask(shared.nodes[1], { headers: target('ListKeys'), credentials })).status === 200,
    );
    if (!path('').endsWith(name)) await admin('DELETE', `users/${name}`);
  });
});

describe('a key that is still being added when a page is read', () => {
  /** Puts a copy of a key into the database, in a transaction that stays open. */
  async function beginCopy(arn: string, newArn: string): Promise<void> {
    await shared.database.query('BEGIN');
    await shared.database.query(
      `CREATE TEMPORARY TABLE copy ON COMMIT DROP AS SELECT * FROM keys WHERE arn = '${arn}'`,
    );
    await shared.database.query(`ALTER TABLE copy DROP COLUMN sequence`);
    const { rows } = await shared.database.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'copy'::regclass AND attnum > 0 AND NOT attisdropped`,
    );
    const columns = rows.map(({ name }) => `"${name}"`).join();
    const { database, close } = await openTestStore(shared.store);
    const key = await database.manager.findOneByOrFail(Key, { arn });
    const mac = sealOf(database).macOf(database.getMetadata(Key), Object.assign(key, { arn: newArn }));
    await close();
    await shared.database.query('UPDATE copy SET arn = $1, mac = $2', [newArn, mac]);
    await shared.database.query(`INSERT INTO keys (${columns}) SELECT ${columns} FROM copy`);
  }

  const waiting = () =>
    until(async () => {
      const { rows } = await shared.database.query<object>(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return rows[0];
    });

  const arnsOf = (keys: { KeyArn?: string }[] | undefined) => keys!.map(({ KeyArn }) => KeyArn);

  test.each(['COMMIT', 'ROLLBACK'])('is listed in its place, or not at all: %s', async (ending) => {
    const [{ controlPlane }, other] = shared.nodes;
    const early = (await createKey(other)).KeyArn;
    const late = early.replace(/.{8}$/, ending === 'COMMIT' ? 'late0000' : 'never000');
    await beginCopy(early, late);
    // These keys have higher numbers than the late key, but are committed before it.
    const later = [(await createKey(other)).KeyArn, (await createKey(other)).KeyArn];

    const { rowCount } = await shared.database.query(
      'SELECT FROM keys WHERE sequence < (SELECT sequence FROM keys WHERE arn = $1)',
      [early],
    );
    const reading = controlPlane.send(new ListKeysCommand({ MaxResults: rowCount! + 2 }));
    await waiting();
    await shared.database.query(ending);
    const first = await reading;
    const second = await controlPlane.send(new ListKeysCommand({ NextToken: first.NextToken }));
    const inOrder = [early, ...(ending === 'COMMIT' ? [late] : []), ...later];
    expect(arnsOf(first.Keys).slice(-2)).toEqual(inOrder.slice(0, 2));
    expect(arnsOf(second.Keys)).toEqual(inOrder.slice(2));
  });

  test('delays neither the last page nor a page of older keys', async () => {
    const [{ controlPlane }, other] = shared.nodes;
    const arns = [(await createKey(other)).KeyArn, (await createKey(other)).KeyArn];
    // A node that has read a page with the newest keys knows that no earlier key is missing.
    const { rowCount } = await shared.database.query('SELECT FROM keys');
    await controlPlane.send(new ListKeysCommand({ MaxResults: rowCount! - 1 }));
    const late = arns[0]!.replace(/.{8}$/, 'late0001');
    await beginCopy(arns[0]!, late);

    const first = await controlPlane.send(new ListKeysCommand({ MaxResults: rowCount! - 1 }));
    expect(arnsOf(first.Keys).at(-1)).toBe(arns[0]);
    const last = await controlPlane.send(new ListKeysCommand({ NextToken: first.NextToken }));
    expect(arnsOf(last.Keys)).toEqual([arns[1]]);
    expect(last.NextToken).toBeUndefined();
    await shared.database.query('COMMIT');
    const again = await controlPlane.send(new ListKeysCommand({ NextToken: first.NextToken }));
    expect(arnsOf(again.Keys)).toEqual([arns[1], late]);
  });

  test('is neither skipped nor listed twice while both nodes add keys', async () => {
    const [{ controlPlane: client }] = shared.nodes;
    const acknowledged: string[] = [];
    const add = async (node: Node) => {
      for (let i = 0; i < 5; i++) acknowledged.push((await createKey(node)).KeyArn);
    };
    const adding = Promise.all([...shared.nodes, ...shared.nodes, ...shared.nodes].map(add));
    const listed: (string | undefined)[] = [];
    let acknowledgedBeforeLast: string[];
    let NextToken: string | undefined;
    do {
      acknowledgedBeforeLast = [...acknowledged];
      const page = await client.send(new ListKeysCommand({ MaxResults: 1, NextToken }));
      listed.push(...arnsOf(page.Keys));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    await adding;
    expect(new Set(listed).size).toBe(listed.length);
    expect(acknowledgedBeforeLast.filter((arn) => !listed.includes(arn))).toEqual([]);
  });
});

describe('a query that PostgreSQL refuses', () => {
  test('is an InternalServerException if the failure is unexpected', async () => {
    await shared.database.query('ALTER TABLE aliases RENAME TO lost');
    const failure = await shared.nodes[0].controlPlane
      .send(new ListAliasesCommand({}))
      .catch((error: unknown) => error);
    await shared.database.query('ALTER TABLE lost RENAME TO aliases');
    expect(failure).toBeInstanceOf(InternalServerException);
    expect((failure as Error).message).not.toMatch(/aliases/);
  });

  test('is a ServiceUnavailableException if PostgreSQL ends the connection', async () => {
    await shared.database.query('BEGIN');
    await shared.database.query('LOCK TABLE aliases');
    const failing = shared.nodes[0].controlPlane.send(new ListAliasesCommand({})).catch((error: unknown) => error);
    const { pid } = await until(async () => {
      // Within a transaction, pg_stat_activity does not change until the snapshot is cleared.
      await shared.database.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await shared.database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM "aliases"%'`,
      );
      return rows[0];
    });
    await shared.database.query('SELECT pg_terminate_backend($1)', [pid]);
    await shared.database.query('COMMIT');
    expect(await failing).toBeInstanceOf(ServiceUnavailableException);
    // The pool keeps the connection until it notices that the socket was closed.
    await until(() =>
      shared.nodes[0].controlPlane.send(new ListAliasesCommand({})).then(
        ({ Aliases }) => Aliases,
        () => undefined,
      ),
    );
  });
});

test('nodes that need the certificate authority of the account at the same time create only one', async () => {
  const ask = ({ controlPlane }: Node) =>
    controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048' }),
    );
  const answers = await Promise.all([...shared.nodes, ...shared.nodes].map(ask));
  expect(new Set(answers.map(({ WrappingKeyCertificateChain }) => WrappingKeyCertificateChain)).size).toBe(1);
  const root = certificateOf(answers[0]!.WrappingKeyCertificateChain!);
  for (const { WrappingKeyCertificate } of answers)
    expect(isIssuedBy(certificateOf(WrappingKeyCertificate!), root)).toBe(true);
  const { rows } = await shared.database.query<{ certificate: Buffer }>(
    `SELECT certificate FROM certificate_authorities WHERE algorithm = 'RSA_4096'`,
  );
  expect(rows).toEqual([{ certificate: root.der }]);

  // A token from one node is valid on the other.
  const { WrappingKeyCertificate, ImportToken } = answers[0]!;
  const { publicKey } = certificateOf(WrappingKeyCertificate!);
  const cryptogram = rsaEncrypt(publicKey, 'OAEP_SHA256', Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex'));
  const { Key: imported } = await shared.nodes[1].controlPlane.send(
    new ImportKeyCommand({
      KeyMaterial: {
        KeyCryptogram: {
          KeyAttributes: {
            KeyUsage: 'TR31_K0_KEY_ENCRYPTION_KEY',
            KeyClass: 'SYMMETRIC_KEY',
            KeyAlgorithm: 'TDES_2KEY',
            KeyModesOfUse: { NoRestrictions: true },
          },
          Exportable: true,
          ImportToken,
          WrappedKeyCryptogram: toHex(cryptogram),
        },
      },
    }),
  );
  expect(imported!.KeyCheckValue).toBe('08D7B4');
});

describe('quotas', () => {
  /** Number of concurrent calls. A call fails if it waits ten seconds for a connection to the database. */
  const CALLERS = 20;

  /** Makes twice as many calls as the quota allows, on both nodes concurrently. @returns the refusals */
  async function fill(make: (node: Node, number: number) => Promise<unknown>, max: number): Promise<unknown[]> {
    const refusals: unknown[] = [];
    let number = 0;
    const callers = Array.from({ length: CALLERS }, async (_, caller) => {
      while (number < 2 * max)
        await make(shared.nodes[caller % 2]!, number++).catch((error: unknown) => refusals.push(error));
    });
    await Promise.all(callers);
    return refusals;
  }

  test('two nodes that create keys concurrently fill the quota and never exceed it', async () => {
    const before = await countKeys();
    const refusals = await fill((node) => createKey(node), MAX_KEYS);
    expect(refusals).toHaveLength(2 * MAX_KEYS - (MAX_KEYS - before));
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(ServiceQuotaExceededException);
    expect(await countKeys()).toBe(MAX_KEYS);
  });

  test('two nodes that create aliases concurrently fill the quota and never exceed it', async () => {
    const before = await countAliases();
    const refusals = await fill(
      ({ controlPlane }, i) => controlPlane.send(new CreateAliasCommand({ AliasName: `alias/quota/${i}` })),
      MAX_ALIASES,
    );
    expect(refusals).toHaveLength(2 * MAX_ALIASES - (MAX_ALIASES - before));
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(ServiceQuotaExceededException);
    expect(await countAliases()).toBe(MAX_ALIASES);
  });

  async function countKeys(): Promise<number> {
    let count = 0;
    for await (const { Keys } of paginateListKeys({ client: shared.nodes[0].controlPlane }, {})) count += Keys!.length;
    return count;
  }
  async function countAliases(): Promise<number> {
    let count = 0;
    for await (const { Aliases } of paginateListAliases({ client: shared.nodes[0].controlPlane }, {}))
      count += Aliases!.length;
    return count;
  }
});
