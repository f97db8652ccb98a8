import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  DeleteKeyCommand,
  GetKeyCommand,
  PaymentCryptographyClient,
  RestoreKeyCommand,
} from '@aws-sdk/client-payment-cryptography';
import { DestructionWatch } from '../../../../src/changes/destruction-watch.js';
import { readConfig } from '../../../../src/config/config.js';
import { KeyDeletionWorker } from '../../../../src/payment/controlplane/keys/key-deletion.worker.js';
import { type Service, startService } from '../../../../src/service.js';
import { newStore, type TestStore } from '../../../support/database.js';
import { createKey } from '../../../support/keys.js';
import { CREDENTIALS, REGION, serviceEnv, SILENT } from '../../../support/service.js';

const DAY_MS = 86_400_000;
const KEYBLOCK = fileURLToPath(new URL('../../../../bin/keyblock.js', import.meta.url));

let store: TestStore;
let service: Service;
let controlPlane: PaymentCryptographyClient;
/** Milliseconds by which the database's clock is ahead. */
let aheadMs = 0;

async function start(): Promise<void> {
  service = await startService(readConfig(serviceEnv(store)), SILENT, {
    databaseTime: { read: () => Promise.resolve(new Date(Date.now() + aheadMs)) },
  });
  controlPlane = new PaymentCryptographyClient({
    region: REGION,
    endpoint: service.url,
    credentials: CREDENTIALS,
    maxAttempts: 1,
  });
  await round();
}

async function stop(): Promise<void> {
  controlPlane.destroy();
  await service.close();
}

/** Runs the background work that every node runs once a minute. */
const round = () => service.app.get(KeyDeletionWorker).run();

async function deleteKey(DeleteKeyInDays = 3): Promise<string> {
  const { KeyArn } = await createKey({ controlPlane });
  await controlPlane.send(new DeleteKeyCommand({ KeyIdentifier: KeyArn, DeleteKeyInDays }));
  return KeyArn;
}

const stateOf = async (KeyIdentifier: string) =>
  (await controlPlane.send(new GetKeyCommand({ KeyIdentifier }))).Key?.KeyState;

async function readiness() {
  const response = await fetch(`${service.url}/readyz`);
  return { status: response.status, body: (await response.json()) as object };
}

async function metric(series: string): Promise<string | undefined> {
  const lines = (await (await fetch(`${service.url}/metrics`)).text()).split('\n');
  return lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1);
}

/** Runs `keyblock destruction confirm`. @returns its output and its exit code */
async function confirm(): Promise<{ code: number; output: string }> {
  const env = { PATH: process.env['PATH'], ...serviceEnv(store) };
  const args = [KEYBLOCK, 'destruction', 'confirm', '--yes'];
  return promisify(execFile)(process.execPath, args, { env }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: unknown) => {
      const { code, stderr } = error as { code: number; stderr: string };
      return { code, output: stderr };
    },
  );
}

beforeAll(async () => {
  store = await newStore();
  await start();
});
afterAll(async () => {
  await stop();
  await store.remove();
});

test('a clock that jumps 4 days ahead destroys no key until an operator confirms the jump', async () => {
  expect(await confirm()).toEqual({
    code: 4,
    output: 'Destruction is not on hold: there is nothing to confirm.\n',
  });
  const [kept, restored] = [await deleteKey(), await deleteKey()];
  expect(await readiness()).toEqual({ status: 200, body: { status: 'ok' } });

  aheadMs = 4 * DAY_MS;
  await round();
  await round();
  expect(await stateOf(kept)).toBe('DELETE_PENDING');
  expect(await readiness()).toEqual({
    status: 200,
    body: {
      status: 'ok',
      destruction: {
        held: [{ reason: 'step', beganAt: expect.any(String) as unknown }],
        waiting: { keys: 2 },
      },
    },
  });
  expect(await metric('keyblock_destruction_held{reason="step"}')).toBe('1');
  expect(await metric('keyblock_destructions_waiting{kind="keys"}')).toBe('2');

  await controlPlane.send(new RestoreKeyCommand({ KeyIdentifier: restored }));
  expect(await confirm()).toEqual({
    code: 0,
    output: 'Destruction is no longer on hold (step). Everything that is due is destroyed within a minute.\n',
  });
  await round();
  expect(await stateOf(kept)).toBe('DELETE_COMPLETE');
  expect(await stateOf(restored)).toBe('CREATE_COMPLETE');
  expect(await readiness()).toEqual({ status: 200, body: { status: 'ok' } });
  expect(await metric('keyblock_destruction_held{reason="step"}')).toBeUndefined();
});

test('after a gap, only keys that fell due within it are on hold', async () => {
  const before = await deleteKey(3);
  const due = await deleteKey(4);
  await stop();
  aheadMs += 3 * DAY_MS + 3_600_000 / 2;
  await start();
  expect(service.app.get(DestructionWatch).holds.map(({ reason }) => reason)).toEqual(['gap']);
  expect(await stateOf(before)).toBe('DELETE_PENDING');
  expect((await confirm()).code).toBe(0);
  await round();
  expect([await stateOf(before), await stateOf(due)]).toEqual(['DELETE_COMPLETE', 'DELETE_PENDING']);

  await stop();
  aheadMs += 2 * DAY_MS;
  await start();
  await round();
  expect(await stateOf(due)).toBe('DELETE_PENDING');
  await controlPlane.send(new RestoreKeyCommand({ KeyIdentifier: due }));
  expect(await stateOf(due)).toBe('CREATE_COMPLETE');
});

test('a waiting period also begins by the clock of the database', async () => {
  const KeyIdentifier = await deleteKey(3);
  const { Key } = await controlPlane.send(new GetKeyCommand({ KeyIdentifier }));
  const seconds = (Key!.DeletePendingTimestamp!.getTime() - Date.now() - aheadMs) / 1000;
  expect(Math.round(seconds / 3600)).toBe(72);
});
