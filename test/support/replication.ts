import { Replicas } from '../../src/payment/controlplane/replication/replicas.js';
import { ReplicationWorker } from '../../src/payment/controlplane/replication/replication.worker.js';
import { ReplicationWork } from '../../src/payment/keys/replication-work.js';
import { LOGGER } from '../../src/logger.js';
import type { Service } from '../../src/service.js';

/** A worker that does nothing by itself. */
export function newWorker({ app }: Pick<Service, 'app'>): ReplicationWorker {
  return new ReplicationWorker(app.get(ReplicationWork), app.get(Replicas), app.get(LOGGER));
}

/** Lets replicas follow when `newWorker(…).run()` is called and at no other time. */
export async function stopReplication({ app }: Pick<Service, 'app'>): Promise<void> {
  await app.get(ReplicationWorker).onApplicationShutdown();
}
