import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteKeyCommand,
  GetAliasCommand,
  GetKeyCommand,
  type Key,
  ListTagsForResourceCommand,
  RestoreKeyCommand,
  StartKeyUsageCommand,
  StopKeyUsageCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-payment-cryptography';
import { createKey } from '../../../support/keys.js';
import { explain, type Recorded } from '../../../support/linearizability.js';
import { cutListeners, type Node, useNodes } from '../../../support/nodes.js';
import { randomOf } from '../../../support/random.js';

const shared = useNodes();

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

  /** Makes both nodes read everything, so that their caches are full. */
  async function remember(): Promise<void> {
    const names = [...arns, ...ALIASES];
    const reads = shared.nodes.flatMap(({ controlPlane }) =>
      names.map((KeyIdentifier) => controlPlane.send(new GetKeyCommand({ KeyIdentifier }))),
    );
    await Promise.allSettled(reads);
  }

  /** Reads the state from the database, because nodes may have cached an older state. */
  async function stored(): Promise<State> {
    const keys: KeyState[] = [];
    for (const arn of arns) {
      const key = await shared.database.query<KeyState>('SELECT state, enabled FROM keys WHERE arn = $1', [arn]);
      const tags = await shared.database.query<{ key: string; value: string }>(
        'SELECT key, value FROM tags WHERE key_arn = $1',
        [arn],
      );
      keys.push({
        ...key.rows[0]!,
        tags: sorted(Object.fromEntries(tags.rows.map(({ key, value }) => [key, value]))),
      });
    }
    const { rows } = await shared.database.query<{ name: AliasName; key_arn: string | null }>(
      'SELECT name, key_arn FROM aliases WHERE name = ANY($1)',
      [ALIASES],
    );
    const aliases = sorted(Object.fromEntries(rows.map(({ name, key_arn }) => [name, numberOf(key_arn ?? undefined)])));
    return { keys: keys as State['keys'], aliases };
  }

  beforeAll(async () => {
    arns = [(await createKey(shared.nodes[0])).KeyArn, (await createKey(shared.nodes[0])).KeyArn];
  });

  const ROUNDS = 40;
  const CLIENTS = 5;
  const CALLS = 3;

  test.each([
    ['that notify each other', 1, false],
    ['that cannot notify each other', 2, true],
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
      if (deaf) await cutListeners(shared.database);
      await remember();
      const plans = Array.from({ length: CLIENTS }, () =>
        Array.from({ length: CALLS }, () => ({ node: one(...shared.nodes), call: anyCall() })),
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
});
