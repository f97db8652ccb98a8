import { performance } from 'node:perf_hooks';
import { MAX_STALE_MS } from '../changes/change-epoch.js';
import type { Changes } from '../changes/changes.js';
import type { FreshCache } from '../changes/fresh-cache.js';
import type { Clock } from '../clock.js';
import { VERSION } from '../config/version.js';
import type { Metrics, Samples } from '../http/metrics.js';
import type { MasterKey } from '../provider/master-key.js';

type Cache = Pick<FreshCache<unknown>, 'size' | 'lookups'>;

/** The parts of a running service that have metrics. */
export interface ServiceParts {
  changes: Pick<Changes, 'freshness' | 'isListening' | 'staleServing'>;
  masterKey: Pick<MasterKey, 'id' | 'retiringId'>;
  clock: Clock;
  /** Caches of keys by the name of their API. */
  keyCaches: Readonly<Record<string, Cache>>;
  /** Expiry of certificates by purpose; undefined if there is none. */
  certificates: Readonly<Record<string, () => Date | undefined>>;
}

/** Adds the metrics of a process that aren't of requests, each read only when it is collected. */
export function addServiceMetrics(metrics: Metrics, parts: ServiceParts): void {
  addProcess(metrics);
  addFreshness(metrics, parts);
  addKeyCaches(metrics, parts);
  const { masterKey, certificates, clock } = parts;
  metrics.gauges(
    {
      name: 'keyblock_master_key_info',
      help: '1 for each master key in use, by id and state: active, or retiring during a rotation',
      labelNames: ['id', 'state'],
    },
    function* () {
      const { id, retiringId } = masterKey;
      yield [{ id, state: 'active' }, 1];
      if (retiringId !== undefined) yield [{ id: retiringId, state: 'retiring' }, 1];
    },
  );
  metrics.gauges(
    {
      name: 'keyblock_certificate_expires_seconds',
      help: 'Time until a certificate that is served expires, by kind: tls or host_commands',
      labelNames: ['kind'],
      aggregator: 'min',
    },
    function* (): Samples {
      for (const [kind, expiresAt] of Object.entries(certificates)) {
        const end = expiresAt();
        if (end) yield [{ kind }, (end.getTime() - clock.now().getTime()) / 1000];
      }
    },
  );
}

function addProcess(metrics: Metrics): void {
  metrics.gauges(
    { name: 'keyblock_build_info', help: '1, with the version as a label', labelNames: ['version'] },
    () => [[{ version: VERSION }, 1]],
  );
  let last = performance.eventLoopUtilization();
  metrics.gauge(
    'keyblock_event_loop_utilization',
    'Part of the time since the last collection in which the event loop was busy, 0 to 1',
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
    'average',
  );
}

function addFreshness(metrics: Metrics, { changes }: ServiceParts): void {
  metrics.gauge(
    'keyblock_epoch_age_seconds',
    'Time since this node last verified that it had heard of every change; it uses no cache after 1 second',
    () => (performance.now() - (changes.freshness.goodUntil - MAX_STALE_MS)) / 1000,
    'max',
  );
  metrics.gauge(
    'keyblock_listener_up',
    '1 while the connection on which the node is notified of changes is open',
    () => Number(changes.isListening),
    'min',
  );
  metrics.gauge(
    'keyblock_stale_serving',
    '1 while the node serves the data plane from its caches, because it cannot reach the database',
    () => Number(changes.staleServing.servesStale()),
    'max',
  );
  metrics.counters(
    {
      name: 'keyblock_stale_calls_total',
      help: 'Calls that came in while the node served the data plane from its caches',
      labelNames: [],
    },
    () => [[{}, changes.staleServing.calls]],
  );
}

function addKeyCaches(metrics: Metrics, { keyCaches }: ServiceParts): void {
  metrics.counters(
    {
      name: 'keyblock_key_cache_requests_total',
      help: 'Lookups in the cache of keys, by service and result: hit, miss, or shared if another call was reading the key',
      labelNames: ['service', 'result'],
    },
    function* (): Samples {
      for (const [service, { lookups }] of Object.entries(keyCaches))
        for (const [result, count] of Object.entries(lookups) as [string, number][]) yield [{ service, result }, count];
    },
  );
  metrics.gauges(
    {
      name: 'keyblock_key_cache_entries',
      help: 'Keys in the cache, each under the ARNs and aliases by which calls named it, by service',
      labelNames: ['service'],
      aggregator: 'sum',
    },
    function* (): Samples {
      for (const [service, { size }] of Object.entries(keyCaches)) yield [{ service }, size];
    },
  );
}
