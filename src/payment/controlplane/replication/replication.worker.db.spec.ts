import {
  PaymentCryptographyClient,
  StartKeyUsageCommand,
  StopKeyUsageCommand,
} from '@aws-sdk/client-payment-cryptography';
import { DataSource } from 'typeorm';
import { newStore, type TestStore } from '../../../../test/support/database.js';
import { createKey } from '../../../../test/support/keys.js';
import { newWorker, stopReplication } from '../../../../test/support/replication.js';
import { CREDENTIALS, REGION, startOn } from '../../../../test/support/service.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import type { Service } from '../../../service.js';
import { Replicas } from './replicas.js';

const EUROPE = 'eu-west-1';

let store: TestStore;
let nodes: [Service, Service];
let controlPlane: PaymentCryptographyClient;
let database: DataSource;

beforeAll(async () => {
  store = await newStore();
  const env = { KEYBLOCK_REGIONS: `${REGION},${EUROPE}` };
  nodes = await Promise.all([startOn(store, env), startOn(store, env)]);
  for (const node of nodes) await stopReplication(node);
  controlPlane = new PaymentCryptographyClient({ region: REGION, endpoint: nodes[0].url, credentials: CREDENTIALS });
  database = nodes[0].app.get(DataSource);
});
afterAll(async () => {
  controlPlane.destroy();
  for (const node of nodes) await node.close();
  await store.remove();
});

const create = () => createKey({ controlPlane }, { ReplicationRegions: [EUROPE] } as object);
const statuses = async () =>
  (await database.query<{ status: string }[]>('SELECT DISTINCT status FROM replications')).map(({ status }) => status);

/** Returns the keys whose state differs from that of their replica. */
const differing = () =>
  database.query<{ arn: string }[]>(
    `SELECT key.arn FROM keys key
       LEFT JOIN keys replica ON replica.arn = replace(key.arn, $1, $2)
     WHERE key.region = $1
       AND (replica.state, replica.enabled, replica.usage_started_at, replica.usage_stopped_at)
         IS DISTINCT FROM (key.state, key.enabled, key.usage_started_at, key.usage_stopped_at)`,
    [REGION, EUROPE],
  );

test('each replication is carried out once', async () => {
  await Promise.all(Array.from({ length: 40 }, create));
  const done: string[] = [];
  for (const { app } of nodes) {
    const replicas = app.get(Replicas);
    const put = replicas.put.bind(replicas);
    replicas.put = (manager, primary, region) => {
      done.push(primary.arn);
      return put(manager, primary, region);
    };
  }
  await Promise.all(nodes.flatMap((node) => [newWorker(node).run(), newWorker(node).run()]));
  expect(done).toHaveLength(40);
  expect(new Set(done).size).toBe(40);
  expect(await statuses()).toEqual(['SYNCHRONIZED']);
  expect(await differing()).toEqual([]);
});

test('a node skips work that another node has claimed or locked, without waiting', async () => {
  await Promise.all([create(), create()]);
  const [claims, others] = [
    await nodes[0].app.get(ReplicationWork).claim(),
    await nodes[1].app.get(ReplicationWork).claim(),
  ];
  expect([claims.length, others.length]).toEqual([2, 0]);

  await create();
  const held = database.createQueryRunner();
  await held.startTransaction();
  await held.query('SELECT * FROM replications WHERE due_at <= $1 FOR UPDATE', [new Date()]);
  expect(await nodes[1].app.get(ReplicationWork).claim()).toEqual([]);
  await held.rollbackTransaction();
  await held.release();
  expect(await nodes[1].app.get(ReplicationWork).claim()).toHaveLength(1);
  await database.query(`UPDATE replications SET due_at = now() WHERE status = 'IN_PROGRESS'`);
  await newWorker(nodes[0]).run();
});

test('two nodes that work at the same time neither lose a change nor deadlock', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, create));
  let changing = true;
  const work = async (node: Service) => {
    while (changing) await newWorker(node).run();
  };
  const working = [...nodes, ...nodes].map(work);
  const change = async (KeyIdentifier: string) => {
    for (let i = 0; i < 6; i++) {
      await controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier }));
      await controlPlane.send(new StartKeyUsageCommand({ KeyIdentifier }));
    }
    await controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier }));
  };
  await Promise.all(keys.map(({ KeyArn }) => change(KeyArn)));
  changing = false;
  await Promise.all(working);
  await newWorker(nodes[0]).run();
  expect(await statuses()).toEqual(['SYNCHRONIZED']);
  expect(await differing()).toEqual([]);
});
