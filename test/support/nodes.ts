import { PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import pg from 'pg';
import { newStore, type TestStore } from './database.js';
import { type ServiceProcess, spawnService } from './process.js';
import { CREDENTIALS, REGION, serviceEnv } from './service.js';

/** A service process with its clients. */
export interface Node {
  process: ServiceProcess;
  controlPlane: PaymentCryptographyClient;
  dataPlane: PaymentCryptographyData;
}

/** Two service processes on one database, and a connection to it. */
export interface Nodes {
  store: TestStore;
  nodes: [Node, Node];
  database: pg.Client;
}

/** Starts two nodes before the first test of a spec file and stops them after the last one. */
export function useNodes(env: NodeJS.ProcessEnv = {}): Nodes {
  const shared = {} as Nodes;
  beforeAll(async () => {
    shared.store = await newStore();
    const start = () => startNode(shared.store, env);
    shared.nodes = await Promise.all([start(), start()]);
    shared.database = new pg.Client({ connectionString: shared.store.env.DATABASE_URL });
    await shared.database.connect();
  });
  afterAll(async () => {
    await shared.database.end();
    for (const { process, controlPlane } of shared.nodes) {
      controlPlane.destroy();
      process.child.kill('SIGKILL');
      await process.ended;
    }
    await shared.store.remove();
  });
  return shared;
}

async function startNode(store: TestStore, env: NodeJS.ProcessEnv): Promise<Node> {
  const process = spawnService({ ...serviceEnv(store), ...env, KEYBLOCK_LOG_LEVEL: 'error' });
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
export function cutListeners(database: pg.Client): Promise<pg.QueryResult> {
  return database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'keyblock listener' AND datname = current_database()`,
  );
}
