import { setTimeout as pause } from 'node:timers/promises';
import {
  CancelKeyDeletionCommand,
  CreateKeyCommand,
  DecryptCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  type KMSClient,
  ListKeyRotationsCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { MAX_STALE_MS } from '../../../../src/changes/change-epoch.js';
import { kmsClient } from '../../../support/kms.js';
import { explain, type Recorded } from '../../../support/linearizability.js';
import { cutListeners, useNodes } from '../../../support/nodes.js';
import { randomOf } from '../../../support/random.js';

const shared = useNodes();
let clients: [KMSClient, KMSClient];
beforeAll(async () => {
  const [first, second] = await Promise.all(shared.nodes.map(({ process }) => process.listening));
  clients = [kmsClient({ url: first ?? '' }), kmsClient({ url: second ?? '' })];
});

const COMMANDS = {
  ScheduleKeyDeletion: ScheduleKeyDeletionCommand,
  CancelKeyDeletion: CancelKeyDeletionCommand,
  EnableKey: EnableKeyCommand,
  DisableKey: DisableKeyCommand,
  RotateKeyOnDemand: RotateKeyOnDemandCommand,
  EnableKeyRotation: EnableKeyRotationCommand,
  DisableKeyRotation: DisableKeyRotationCommand,
};
type Call = keyof typeof COMMANDS;
/** The SDK's types differ only in parts that these calls don't use. */
const commandOf = (call: Call) => COMMANDS[call] as typeof EnableKeyCommand;
const CALLS = Object.keys(COMMANDS) as Call[];

interface State {
  enabled: boolean;
  isPending: boolean;
  isRotating: boolean;
  rotations: number;
}

/** The expected effect of a call on a state, and the expected answer: the name of an exception, or `ok`. */
function step(state: State, call: Call): { state: State; answer: string } {
  const invalid = { state, answer: 'KMSInvalidStateException' };
  const ok = (change: Partial<State>) => ({ state: { ...state, ...change }, answer: 'ok' });
  if (call === 'CancelKeyDeletion') return state.isPending ? ok({ isPending: false, enabled: false }) : invalid;
  if (state.isPending) return invalid;
  if (call === 'ScheduleKeyDeletion') return ok({ isPending: true });
  if (call === 'EnableKey' || call === 'DisableKey') return ok({ enabled: call === 'EnableKey' });
  if (!state.enabled) return { state, answer: 'DisabledException' };
  if (call === 'RotateKeyOnDemand') return ok({ rotations: state.rotations + 1 });
  return ok({ isRotating: call === 'EnableKeyRotation' });
}

async function createKey(): Promise<string> {
  const { KeyMetadata } = await clients[0].send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? '';
}

async function record(kms: KMSClient, KeyId: string, call: Call): Promise<Recorded<Call>> {
  const invokedAt = performance.now();
  const answer = await kms.send(new (commandOf(call))({ KeyId })).then(
    () => 'ok',
    (error: unknown) => (error as Error).name,
  );
  return { call, answer, invokedAt, answeredAt: performance.now() };
}

/** Reads the state of a key from the database, because nodes may have cached an older state. */
async function stored(arn: string): Promise<State> {
  const { rows } = await shared.database.query<State>(
    `SELECT enabled, pending_window_days IS NOT NULL AS "isPending", rotation_period_days IS NOT NULL AS "isRotating",
            (SELECT count(*)::int FROM kms_materials WHERE key_arn = arn AND rotation_type = 'ON_DEMAND') AS rotations
       FROM kms_keys WHERE arn = $1`,
    [arn],
  );
  return rows[0]!;
}

const ROUNDS = 20;
const CALLERS = 4;
const CALLS_EACH = 4;
/** Every answer of the model. Calls are made until all have occurred. */
const ANSWERS = [
  'CancelKeyDeletion KMSInvalidStateException',
  'CancelKeyDeletion ok',
  'DisableKey KMSInvalidStateException',
  'DisableKey ok',
  'DisableKeyRotation DisabledException',
  'DisableKeyRotation KMSInvalidStateException',
  'DisableKeyRotation ok',
  'EnableKey KMSInvalidStateException',
  'EnableKey ok',
  'EnableKeyRotation DisabledException',
  'EnableKeyRotation KMSInvalidStateException',
  'EnableKeyRotation ok',
  'RotateKeyOnDemand DisabledException',
  'RotateKeyOnDemand KMSInvalidStateException',
  'RotateKeyOnDemand ok',
  'ScheduleKeyDeletion KMSInvalidStateException',
  'ScheduleKeyDeletion ok',
];

test.each([
  ['that notify each other', 1, false],
  ['that cannot notify each other', 2, true],
])('nodes %s: some order of the calls explains every answer, and all ciphertexts open', async (_, seed, deaf) => {
  const random = randomOf(seed);
  const one = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const answers = new Set<string>();
  for (let round = 0; round < ROUNDS || (answers.size < ANSWERS.length && round < 10 * ROUNDS); round++) {
    if (deaf) await cutListeners(shared.database);
    const arn = await createKey();
    const blobs: Uint8Array[] = [];
    let isOver = false;
    const user = async (kms: KMSClient) => {
      const input = { KeyId: arn, Plaintext: Buffer.from('orders') };
      while (!isOver)
        await kms.send(new EncryptCommand(input)).then(
          ({ CiphertextBlob = new Uint8Array() }) => blobs.push(CiphertextBlob),
          (error: unknown) =>
            expect(['DisabledException', 'KMSInvalidStateException']).toContain((error as Error).name),
        );
    };
    const users = clients.map(user);
    const plans = Array.from({ length: CALLERS }, () =>
      Array.from({ length: CALLS_EACH }, () => ({
        kms: one(...clients),
        call: one(...CALLS, 'CancelKeyDeletion' as const),
      })),
    );
    const histories = plans.map(async (plan) => {
      const history: Recorded<Call>[] = [];
      for (const { kms, call } of plan) history.push(await record(kms, arn, call));
      return history;
    });
    const calls = (await Promise.all(histories)).flat();
    isOver = true;
    await Promise.all(users);

    const initial = { enabled: true, isPending: false, isRotating: false, rotations: 0 };
    const [ends, end] = [explain(initial, calls, step), await stored(arn)];
    if (!ends.some((explained) => JSON.stringify(explained) === JSON.stringify(end)))
      throw new Error(`No order explains round ${round}: ${JSON.stringify({ calls, end, ends }, undefined, 1)}`);
    for (const { call, answer } of calls) answers.add(`${call} ${String(answer)}`);

    if (end.isPending) await clients[0].send(new CancelKeyDeletionCommand({ KeyId: arn }));
    await clients[0].send(new EnableKeyCommand({ KeyId: arn }));
    const { Rotations = [] } = await clients[0].send(
      new ListKeyRotationsCommand({ KeyId: arn, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }),
    );
    expect(Rotations.map(({ KeyMaterialState }) => KeyMaterialState)).toEqual([
      ...Array.from({ length: end.rotations }, () => 'NON_CURRENT'),
      'CURRENT',
    ]);
    const materials = new Set(Rotations.map(({ KeyMaterialId }) => KeyMaterialId));
    for (const CiphertextBlob of blobs) {
      const { KeyMaterialId } = await clients[0].send(new DecryptCommand({ CiphertextBlob }));
      expect(materials).toContain(KeyMaterialId);
    }
  }
  expect([...answers].sort()).toEqual(ANSWERS);
});

describe.each([false, true])('on a node that misses notifications: %s', (deaf) => {
  /** Uses a key on the second node after the time within which it must have learned of a change. */
  async function used(arn: string): Promise<string> {
    const input = { KeyId: arn, Plaintext: Buffer.from('orders') };
    return clients[1].send(new EncryptCommand(input)).then(
      () => 'ok',
      (error: unknown) => (error as Error).name,
    );
  }

  test.each([
    [DisableKeyCommand, 'DisabledException'],
    [ScheduleKeyDeletionCommand, 'KMSInvalidStateException'],
  ])('%p is seen within the bound', async (Command, exception) => {
    const arn = await createKey();
    expect(await used(arn)).toBe('ok');
    if (deaf) await cutListeners(shared.database);
    await clients[0].send(new Command({ KeyId: arn }));
    await pause(MAX_STALE_MS);
    expect(await used(arn)).toBe(exception);
  });

  test('a rotation is seen within the bound, and its ciphertexts open everywhere at once', async () => {
    const arn = await createKey();
    expect(await used(arn)).toBe('ok');
    if (deaf) await cutListeners(shared.database);
    await clients[0].send(new RotateKeyOnDemandCommand({ KeyId: arn }));
    const input = { KeyId: arn, Plaintext: Buffer.from('orders') };
    const { CiphertextBlob } = await clients[0].send(new EncryptCommand(input));
    const { KeyMaterialId } = await clients[1].send(new DecryptCommand({ CiphertextBlob }));
    await pause(MAX_STALE_MS);
    const later = await clients[1].send(new EncryptCommand(input));
    const opened = await clients[0].send(new DecryptCommand({ CiphertextBlob: later.CiphertextBlob }));
    expect(opened.KeyMaterialId).toBe(KeyMaterialId);
  });
});
