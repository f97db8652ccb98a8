import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteKeyCommand,
  GetAliasCommand,
  GetKeyCommand,
  InternalServerException,
  GetParametersForImportCommand,
  ImportKeyCommand,
  type Key,
  ListAliasesCommand,
  ListKeysCommand,
  ListTagsForResourceCommand,
  paginateListAliases,
  paginateListKeys,
  PaymentCryptographyClient,
  RestoreKeyCommand,
  ServiceQuotaExceededException,
  ServiceUnavailableException,
  StartKeyUsageCommand,
  StopKeyUsageCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import pg from 'pg';
import { toHex } from '../../../src/crypto/bytes.js';
import { rsaEncrypt } from '../../../src/crypto/rsa.js';
import { isIssuedBy } from '../../../src/crypto/x509/certificate.js';
import { certificateOf } from '../../../src/payment/exchange/certificate-text.js';
import { MAX_STALE_MS } from '../../../src/changes/changes.js';
import { newStore, type TestStore } from '../../support/database.js';
import { createKey } from '../../support/keys.js';
import { explain, type Recorded } from '../../support/linearizability.js';
import { type ServiceProcess, spawnService } from '../../support/process.js';
import { CREDENTIALS, type RawRequest, REGION, send, serviceEnv, target, TestClock } from '../../support/service.js';

const MAX_KEYS = 100;
const MAX_ALIASES = 30;

/** Two service processes on one database, each with its clients. */
interface Node {
  process: ServiceProcess;
  controlPlane: PaymentCryptographyClient;
  dataPlane: PaymentCryptographyData;
}

let store: TestStore;
let nodes: [Node, Node];
let database: pg.Client;

beforeAll(async () => {
  store = await newStore();
  nodes = await Promise.all([startNode(), startNode()]);
  database = new pg.Client({ connectionString: store.env.DATABASE_URL });
  await database.connect();
}, 60_000);
afterAll(async () => {
  await database.end();
  for (const { process, controlPlane } of nodes) {
    controlPlane.destroy();
    process.child.kill('SIGKILL');
    await process.ended;
  }
  await store.remove();
});

async function startNode(): Promise<Node> {
  const quotas = { KEYBLOCK_MAX_KEYS: String(MAX_KEYS), KEYBLOCK_MAX_ALIASES: String(MAX_ALIASES) };
  const process = spawnService({ ...serviceEnv(store), ...quotas, KEYBLOCK_LOG_LEVEL: 'error' });
  const client = { region: REGION, endpoint: await process.listening, credentials: CREDENTIALS };
  return {
    process,
    controlPlane: new PaymentCryptographyClient({ ...client, maxAttempts: 1 }),
    dataPlane: new PaymentCryptographyData({ ...client, maxRetries: 0 }),
  };
}

/**
 * Terminates the connections on which the nodes are notified of changes. The nodes reconnect after a second if they
 * can.
 */
function cutListeners(): Promise<pg.QueryResult> {
  return database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'keyblock listener' AND datname = current_database()`,
  );
}

async function until<T>(found: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await found();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the life cycle of keys, with concurrent clients of both nodes', () => {
  const ALIASES = ['alias/life/1', 'alias/life/2'] as const;
  const TAGS = ['one', 'two'] as const;
  /** Two keys, identified by number. */
  let arns: [string, string];

  type KeyNumber = 0 | 1;
  type AliasName = (typeof ALIASES)[number];
  interface State {
    keys: [KeyState, KeyState];
    /** The key of each alias that exists, or null. */
    aliases: Partial<Record<AliasName, KeyNumber | null>>;
  }
  interface KeyState {
    state: string;
    enabled: boolean;
    tags: Record<string, string>;
  }
  type Call =
    | { operation: 'DeleteKey' | 'RestoreKey' | 'StopKeyUsage' | 'StartKeyUsage'; id: KeyNumber | AliasName }
    | { operation: 'TagResource'; key: KeyNumber; tag: string; value: string }
    | { operation: 'UntagResource'; key: KeyNumber; tag: string }
    | { operation: 'ListTagsForResource'; key: KeyNumber }
    | { operation: 'CreateAlias' | 'UpdateAlias'; alias: AliasName; key: KeyNumber | null }
    | { operation: 'DeleteAlias' | 'GetAlias'; alias: AliasName };

  /** The expected effect of a call on a state, and the expected answer: the name of an exception, or the output. */
  function step(state: State, call: Call): { state: State; answer: unknown } {
    const refused = (exception: string) => ({ state, answer: exception });
    const next = structuredClone(state);
    switch (call.operation) {
      case 'DeleteKey':
      case 'RestoreKey':
      case 'StopKeyUsage':
      case 'StartKeyUsage': {
        const number = typeof call.id === 'number' ? call.id : state.aliases[call.id];
        if (number === undefined || number === null) return refused('ResourceNotFoundException');
        const key = next.keys[number];
        const needed = call.operation === 'RestoreKey' ? 'DELETE_PENDING' : 'CREATE_COMPLETE';
        if (key.state !== needed) return refused('ValidationException');
        if (call.operation === 'DeleteKey') Object.assign(key, { state: 'DELETE_PENDING', enabled: false });
        else if (call.operation === 'RestoreKey') key.state = 'CREATE_COMPLETE';
        else key.enabled = call.operation === 'StartKeyUsage';
        return { state: next, answer: [number, key.state, key.enabled] };
      }
      case 'TagResource':
      case 'UntagResource': {
        const key = next.keys[call.key];
        if (key.state !== 'CREATE_COMPLETE') return refused('ValidationException');
        const { [call.tag]: _, ...others } = key.tags;
        key.tags = sorted(call.operation === 'TagResource' ? { ...others, [call.tag]: call.value } : others);
        return { state: next, answer: {} };
      }
      case 'ListTagsForResource':
        return { state, answer: state.keys[call.key].tags };
      case 'CreateAlias':
      case 'UpdateAlias':
        if (call.key !== null && state.keys[call.key].state !== 'CREATE_COMPLETE')
          return refused('ValidationException');
        if (call.operation === 'CreateAlias' && call.alias in state.aliases) return refused('ConflictException');
        if (call.operation === 'UpdateAlias' && !(call.alias in state.aliases))
          return refused('ResourceNotFoundException');
        next.aliases = sorted({ ...state.aliases, [call.alias]: call.key });
        return { state: next, answer: call.key };
      case 'DeleteAlias':
      case 'GetAlias': {
        if (!(call.alias in state.aliases)) return refused('ResourceNotFoundException');
        if (call.operation === 'GetAlias') return { state, answer: state.aliases[call.alias] };
        const { [call.alias]: _, ...others } = state.aliases;
        return { state: { ...next, aliases: others }, answer: {} };
      }
    }
  }

  /** Encodes equal states equally. */
  function sorted<T>(members: Record<string, T>): Record<string, T> {
    return Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  const numberOf = (arn: string | undefined) => (arn === undefined ? null : arns.indexOf(arn));
  const present = (key: Key | undefined) => [numberOf(key?.KeyArn), key?.KeyState, key?.Enabled];

  /** Makes a call through one node. */
  async function make({ controlPlane }: Node, call: Call): Promise<unknown> {
    const KeyArn = 'key' in call && call.key !== null ? arns[call.key] : undefined;
    switch (call.operation) {
      case 'DeleteKey':
      case 'RestoreKey':
      case 'StopKeyUsage':
      case 'StartKeyUsage': {
        const input = { KeyIdentifier: typeof call.id === 'number' ? arns[call.id] : call.id };
        if (call.operation === 'DeleteKey') return present((await controlPlane.send(new DeleteKeyCommand(input))).Key);
        if (call.operation === 'RestoreKey')
          return present((await controlPlane.send(new RestoreKeyCommand(input))).Key);
        if (call.operation === 'StopKeyUsage')
          return present((await controlPlane.send(new StopKeyUsageCommand(input))).Key);
        return present((await controlPlane.send(new StartKeyUsageCommand(input))).Key);
      }
      case 'TagResource': {
        const Tags = [{ Key: call.tag, Value: call.value }];
        await controlPlane.send(new TagResourceCommand({ ResourceArn: KeyArn, Tags }));
        return {};
      }
      case 'UntagResource':
        await controlPlane.send(new UntagResourceCommand({ ResourceArn: KeyArn, TagKeys: [call.tag] }));
        return {};
      case 'ListTagsForResource': {
        const { Tags } = await controlPlane.send(new ListTagsForResourceCommand({ ResourceArn: KeyArn }));
        return sorted(Object.fromEntries(Tags!.map(({ Key, Value }) => [Key, Value!])));
      }
      case 'CreateAlias': {
        const { Alias } = await controlPlane.send(new CreateAliasCommand({ AliasName: call.alias, KeyArn }));
        return numberOf(Alias!.KeyArn);
      }
      case 'UpdateAlias': {
        const { Alias } = await controlPlane.send(new UpdateAliasCommand({ AliasName: call.alias, KeyArn }));
        return numberOf(Alias!.KeyArn);
      }
      case 'DeleteAlias':
        await controlPlane.send(new DeleteAliasCommand({ AliasName: call.alias }));
        return {};
      case 'GetAlias': {
        const { Alias } = await controlPlane.send(new GetAliasCommand({ AliasName: call.alias }));
        return numberOf(Alias!.KeyArn);
      }
    }
  }

  async function record(node: Node, call: Call): Promise<Recorded<Call>> {
    const invokedAt = performance.now();
    const answer = await make(node, call).catch((error: unknown) => (error as Error).name);
    return { call, answer, invokedAt, answeredAt: performance.now() };
  }

  /** Lets both nodes read everything, so that they cache what they may. */
  async function remember(): Promise<void> {
    const names = [...arns, ...ALIASES];
    const reads = nodes.flatMap(({ controlPlane }) =>
      names.map((KeyIdentifier) => controlPlane.send(new GetKeyCommand({ KeyIdentifier }))),
    );
    await Promise.allSettled(reads);
  }

  /** Reads the state from the database, because nodes may have cached an older one. */
  async function stored(): Promise<State> {
    const keys: KeyState[] = [];
    for (const arn of arns) {
      const key = await database.query<KeyState>('SELECT state, enabled FROM keys WHERE arn = $1', [arn]);
      const tags = await database.query<{ key: string; value: string }>(
        'SELECT key, value FROM tags WHERE key_arn = $1',
        [arn],
      );
      keys.push({
        ...key.rows[0]!,
        tags: sorted(Object.fromEntries(tags.rows.map(({ key, value }) => [key, value]))),
      });
    }
    const { rows } = await database.query<{ name: AliasName; key_arn: string | null }>(
      'SELECT name, key_arn FROM aliases WHERE name = ANY($1)',
      [ALIASES],
    );
    const aliases = sorted(Object.fromEntries(rows.map(({ name, key_arn }) => [name, numberOf(key_arn ?? undefined)])));
    return { keys: keys as State['keys'], aliases };
  }

  beforeAll(async () => {
    arns = [(await createKey(nodes[0])).KeyArn, (await createKey(nodes[0])).KeyArn];
  });

  const ROUNDS = 40;
  const CLIENTS = 5;
  const CALLS = 3;

  test.each([
    ['that notify each other', 1, false],
    ["that can't notify each other", 2, true],
  ])('nodes %s: some order of the calls explains every answer and the final state', async (_, seed, deaf) => {
    const random = randomOf(seed);
    const one = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    const key = () => one<KeyNumber>(0, 1);
    const alias = () => one(...ALIASES);
    const anyCall = (): Call =>
      one<() => Call>(
        () => ({ operation: one('DeleteKey', 'RestoreKey', 'RestoreKey', 'StopKeyUsage', 'StartKeyUsage'), id: key() }),
        () => ({ operation: one('DeleteKey', 'RestoreKey', 'StopKeyUsage', 'StartKeyUsage'), id: alias() }),
        () => ({ operation: 'TagResource', key: key(), tag: one(...TAGS), value: String(random()) }),
        () => ({ operation: 'UntagResource', key: key(), tag: one(...TAGS) }),
        () => ({ operation: 'ListTagsForResource', key: key() }),
        () => ({ operation: one('CreateAlias', 'UpdateAlias'), alias: alias(), key: one(key(), null) }),
        () => ({ operation: one('DeleteAlias', 'GetAlias'), alias: alias() }),
      )();

    let state = await stored();
    const answers = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      if (deaf) await cutListeners();
      await remember();
      const plans = Array.from({ length: CLIENTS }, () =>
        Array.from({ length: CALLS }, () => ({ node: one(...nodes), call: anyCall() })),
      );
      const histories = plans.map(async (plan) => {
        const history: Recorded<Call>[] = [];
        for (const { node, call } of plan) history.push(await record(node, call));
        return history;
      });
      const calls = (await Promise.all(histories)).flat();
      const end = await stored();
      const ends = explain(state, calls, step);
      if (!ends.some((explained) => JSON.stringify(explained) === JSON.stringify(end)))
        throw new Error(
          `No order explains round ${round}: ${JSON.stringify({ state, calls, end, ends }, undefined, 1)}`,
        );
      calls.forEach(({ call, answer }) =>
        answers.add(`${call.operation} ${typeof answer === 'string' ? answer : 'ok'}`),
      );
      state = end;
    }
    // The test was not vacuous: every answer of the model occurred.
    expect([...answers].sort()).toEqual([
      'CreateAlias ConflictException',
      'CreateAlias ValidationException',
      'CreateAlias ok',
      'DeleteAlias ResourceNotFoundException',
      'DeleteAlias ok',
      'DeleteKey ResourceNotFoundException',
      'DeleteKey ValidationException',
      'DeleteKey ok',
      'GetAlias ResourceNotFoundException',
      'GetAlias ok',
      'ListTagsForResource ok',
      'RestoreKey ResourceNotFoundException',
      'RestoreKey ValidationException',
      'RestoreKey ok',
      'StartKeyUsage ResourceNotFoundException',
      'StartKeyUsage ValidationException',
      'StartKeyUsage ok',
      'StopKeyUsage ResourceNotFoundException',
      'StopKeyUsage ValidationException',
      'StopKeyUsage ok',
      'TagResource ValidationException',
      'TagResource ok',
      'UntagResource ValidationException',
      'UntagResource ok',
      'UpdateAlias ResourceNotFoundException',
      'UpdateAlias ValidationException',
      'UpdateAlias ok',
    ]);
  });

  /** Mulberry32: the same numbers from 0 to 1 for the same seed. */
  function randomOf(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }
});

describe.each([
  ['notified', false],
  ['not notified', true],
])('a change of which the other node is %s', (_, deaf) => {
  /** Prevents notifications: ends the listening connections and keeps the nodes from connecting again. */
  beforeAll(async () => {
    if (!deaf) return;
    const { pathname } = new URL(store.env.DATABASE_URL!);
    await elsewhere(`ALTER DATABASE ${pathname.slice(1)} ALLOW_CONNECTIONS false`);
    await cutListeners();
  });
  afterAll(async () => {
    if (!deaf) return;
    expect((await cutListeners()).rowCount).toBe(0);
    const { pathname } = new URL(store.env.DATABASE_URL!);
    await elsewhere(`ALTER DATABASE ${pathname.slice(1)} ALLOW_CONNECTIONS true`);
  });

  async function elsewhere(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: process.env['TEST_SERVER_URL'] });
    await client.connect();
    await client.query(sql);
    await client.end();
  }

  /**
   * Retries: while connecting is forbidden, a node whose connections are all busy fails before it has done anything.
   */
  async function again<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const { name, code = name } = error as Error & { code?: string };
        if (!deaf || !['InternalServerException', 'ServiceUnavailableException'].includes(code)) throw error;
      }
    }
  }

  const mac = (KeyIdentifier: string) =>
    again(() =>
      nodes[1].dataPlane
        .generateMac({ KeyIdentifier, MessageData: '00'.repeat(16), GenerationAttributes: { Algorithm: 'CMAC' } })
        .promise(),
    );
  const change = (command: StopKeyUsageCommand | DeleteKeyCommand | UpdateAliasCommand) =>
    again(() => nodes[0].controlPlane.send(command as StopKeyUsageCommand));

  /** Uses a name on the second node until the answer changes, and again when the bound has passed. */
  async function expectWithinBound(command: () => Promise<unknown>, use: () => Promise<boolean>): Promise<void> {
    expect(await use()).toBe(true);
    await command();
    const bound = performance.now() + MAX_STALE_MS;
    while (performance.now() < bound && (await use()));
    await new Promise((resolve) => setTimeout(resolve, bound - performance.now()));
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

  test('a key that is stopped is refused within the bound', async () => {
    const { KeyArn: KeyIdentifier } = await again(() => createKey(nodes[0]));
    await expectWithinBound(
      () => change(new StopKeyUsageCommand({ KeyIdentifier })),
      () => accepts(KeyIdentifier),
    );
  });

  test('a key that is deleted is refused within the bound', async () => {
    const { KeyArn: KeyIdentifier } = await again(() => createKey(nodes[0]));
    await expectWithinBound(
      () => change(new DeleteKeyCommand({ KeyIdentifier })),
      () => accepts(KeyIdentifier),
    );
  });

  test('an alias that was moved no longer names the old key after the bound', async () => {
    const [before, after] = [await again(() => createKey(nodes[0])), await again(() => createKey(nodes[0]))];
    const AliasName = `alias/bound/${deaf}`;
    await again(() => nodes[0].controlPlane.send(new CreateAliasCommand({ AliasName, KeyArn: before.KeyArn })));
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
    const { status, json } = await ask(nodes[0], request);
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
    ['a policy that is taken away', 'DELETE', () => `users/${name}/policies/own`, {}],
    ['an access key that is deactivated', 'PUT', (id) => `users/${name}/access-keys/${id}`, { Status: 'Inactive' }],
    ['an access key that is rotated', 'POST', (id) => `users/${name}/access-keys/${id}/rotate`, {}],
    ['a user that is removed', 'DELETE', () => `users/${name}`, {}],
  ])('%s takes effect within the bound', async (_, method, path, body) => {
    await admin('POST', 'users', { Name: name });
    const Statement = { Effect: 'Allow', Action: 'payment-cryptography:ListKeys', Resource: '*' };
    await admin('PUT', `users/${name}/policies/own`, { Statement });
    const { AccessKeyId, SecretAccessKey } = await admin('POST', `users/${name}/access-keys`);
    const credentials = { accessKeyId: String(AccessKeyId), secretAccessKey: String(SecretAccessKey) };
    await expectWithinBound(
      () => admin(method, path(credentials.accessKeyId), body),
      async () => (await ask(nodes[1], { headers: target('ListKeys'), credentials })).status === 200,
    );
    if (!path('').endsWith(name)) await admin('DELETE', `users/${name}`);
  });
});

describe('a key that is still being added when a page is read', () => {
  /** Puts a copy of a key into the database, in a transaction that stays open. */
  async function beginCopy(arn: string, newArn: string): Promise<void> {
    await database.query('BEGIN');
    await database.query(`CREATE TEMPORARY TABLE copy ON COMMIT DROP AS SELECT * FROM keys WHERE arn = '${arn}'`);
    await database.query(`ALTER TABLE copy DROP COLUMN sequence`);
    const { rows } = await database.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'copy'::regclass AND attnum > 0 AND NOT attisdropped`,
    );
    const columns = rows.map(({ name }) => `"${name}"`).join();
    await database.query(`UPDATE copy SET arn = '${newArn}'`);
    await database.query(`INSERT INTO keys (${columns}) SELECT ${columns} FROM copy`);
  }

  const waiting = () =>
    until(async () => {
      const { rows } = await database.query<object>(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return rows[0];
    });

  const arnsOf = (keys: { KeyArn?: string }[] | undefined) => keys!.map(({ KeyArn }) => KeyArn);

  test.each(['COMMIT', 'ROLLBACK'])('is listed at its place, or not at all: %s', async (ending) => {
    const [{ controlPlane }, other] = nodes;
    const early = (await createKey(other)).KeyArn;
    const late = early.replace(/.{8}$/, ending === 'COMMIT' ? 'late0000' : 'never000');
    await beginCopy(early, late);
    // These have higher numbers than the late key, but are committed before it.
    const later = [(await createKey(other)).KeyArn, (await createKey(other)).KeyArn];

    const { rowCount } = await database.query(
      'SELECT FROM keys WHERE sequence < (SELECT sequence FROM keys WHERE arn = $1)',
      [early],
    );
    const reading = controlPlane.send(new ListKeysCommand({ MaxResults: rowCount! + 2 }));
    await waiting();
    await database.query(ending);
    const first = await reading;
    const second = await controlPlane.send(new ListKeysCommand({ NextToken: first.NextToken }));
    const inOrder = [early, ...(ending === 'COMMIT' ? [late] : []), ...later];
    expect(arnsOf(first.Keys).slice(-2)).toEqual(inOrder.slice(0, 2));
    expect(arnsOf(second.Keys)).toEqual(inOrder.slice(2));
  });

  test('holds up neither the last page nor one of keys that were there before', async () => {
    const [{ controlPlane }, other] = nodes;
    const arns = [(await createKey(other)).KeyArn, (await createKey(other)).KeyArn];
    // A node that has read a page of the newest keys knows that no earlier key is missing.
    const { rowCount } = await database.query('SELECT FROM keys');
    await controlPlane.send(new ListKeysCommand({ MaxResults: rowCount! - 1 }));
    const late = arns[0]!.replace(/.{8}$/, 'late0001');
    await beginCopy(arns[0]!, late);

    const first = await controlPlane.send(new ListKeysCommand({ MaxResults: rowCount! - 1 }));
    expect(arnsOf(first.Keys).at(-1)).toBe(arns[0]);
    const last = await controlPlane.send(new ListKeysCommand({ NextToken: first.NextToken }));
    expect(arnsOf(last.Keys)).toEqual([arns[1]]);
    expect(last.NextToken).toBeUndefined();
    await database.query('COMMIT');
    const again = await controlPlane.send(new ListKeysCommand({ NextToken: first.NextToken }));
    expect(arnsOf(again.Keys)).toEqual([arns[1], late]);
  });

  test('none is skipped or listed twice while both nodes add keys', async () => {
    const [{ controlPlane: client }] = nodes;
    const acknowledged: string[] = [];
    const add = async (node: Node) => {
      for (let i = 0; i < 5; i++) acknowledged.push((await createKey(node)).KeyArn);
    };
    const adding = Promise.all([...nodes, ...nodes, ...nodes].map(add));
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
    await database.query('ALTER TABLE aliases RENAME TO lost');
    const failure = await nodes[0].controlPlane.send(new ListAliasesCommand({})).catch((error: unknown) => error);
    await database.query('ALTER TABLE lost RENAME TO aliases');
    expect(failure).toBeInstanceOf(InternalServerException);
    expect((failure as Error).message).not.toMatch(/aliases/);
  });

  test('is a ServiceUnavailableException if PostgreSQL ends the connection', async () => {
    await database.query('BEGIN');
    await database.query('LOCK TABLE aliases');
    const failing = nodes[0].controlPlane.send(new ListAliasesCommand({})).catch((error: unknown) => error);
    const { pid } = await until(async () => {
      const { rows } = await database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows[0];
    });
    await database.query('SELECT pg_terminate_backend($1)', [pid]);
    await database.query('COMMIT');
    expect(await failing).toBeInstanceOf(ServiceUnavailableException);
    // The pool keeps the connection until it notices that the socket has ended.
    await until(() =>
      nodes[0].controlPlane.send(new ListAliasesCommand({})).then(
        ({ Aliases }) => Aliases,
        () => undefined,
      ),
    );
  });
});

test('nodes that need the account’s certificate authority at once create one', async () => {
  const ask = ({ controlPlane }: Node) =>
    controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048' }),
    );
  const answers = await Promise.all([...nodes, ...nodes].map(ask));
  expect(new Set(answers.map(({ WrappingKeyCertificateChain }) => WrappingKeyCertificateChain)).size).toBe(1);
  const root = certificateOf(answers[0]!.WrappingKeyCertificateChain!);
  for (const { WrappingKeyCertificate } of answers)
    expect(isIssuedBy(certificateOf(WrappingKeyCertificate!), root)).toBe(true);
  const { rows } = await database.query<{ certificate: Buffer }>(
    `SELECT certificate FROM certificate_authorities WHERE algorithm = 'RSA_4096'`,
  );
  expect(rows).toEqual([{ certificate: root.der }]);

  // A token of one node serves on the other.
  const { WrappingKeyCertificate, ImportToken } = answers[0]!;
  const { publicKey } = certificateOf(WrappingKeyCertificate!);
  const cryptogram = rsaEncrypt(publicKey, 'OAEP_SHA256', Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex'));
  const { Key: imported } = await nodes[1].controlPlane.send(
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
}, 60_000);

describe('quotas', () => {
  /** Makes twice as many calls as the quota allows, on both nodes at once, and returns the outcomes. */
  async function fill(make: (node: Node, number: number) => Promise<unknown>, max: number): Promise<unknown[]> {
    const calls = Array.from({ length: 2 * max }, (_, number) => make(nodes[number % 2]!, number));
    const results = await Promise.allSettled(calls);
    return results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  }

  test('two nodes that create keys at once fill the quota and never exceed it', async () => {
    const before = await countKeys();
    const refusals = await fill((node) => createKey(node), MAX_KEYS);
    expect(refusals).toHaveLength(2 * MAX_KEYS - (MAX_KEYS - before));
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(ServiceQuotaExceededException);
    expect(await countKeys()).toBe(MAX_KEYS);
  });

  test('two nodes that create aliases at once fill the quota and never exceed it', async () => {
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
    for await (const { Keys } of paginateListKeys({ client: nodes[0].controlPlane }, {})) count += Keys!.length;
    return count;
  }
  async function countAliases(): Promise<number> {
    let count = 0;
    for await (const { Aliases } of paginateListAliases({ client: nodes[0].controlPlane }, {}))
      count += Aliases!.length;
    return count;
  }
});
