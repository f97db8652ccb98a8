import { Replicas } from '../../src/payment/controlplane/replication/replicas.js';
import { ReplicationWorker } from '../../src/payment/controlplane/replication/replication.worker.js';
import { ReplicationWork } from '../../src/payment/keys/replication-work.js';
import { LOGGER } from '../../src/logger.js';
import type { Service } from '../../src/service.js';

/** Creates a worker that runs only when it is called. */
export function newWorker({ app }: Pick<Service, 'app'>): ReplicationWorker {
  return new ReplicationWorker(app.get(ReplicationWork), app.get(Replicas), app.get(LOGGER));
}

/** Lets replicas follow only when `newWorker(…).run()` is called. */
export async function stopReplication({ app }: Pick<Service, 'app'>): Promise<void> {
  await app.get(ReplicationWorker).onApplicationShutdown();
}
