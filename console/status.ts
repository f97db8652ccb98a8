import type { GetRatesOutput } from '../src/admin/rates.schema.js';
import type { GetStatusOutput } from '../src/admin/status.schema.js';
import { admin } from './api.js';
import { type Loaded, useLoad, usePolling } from './load.js';

const STATUS_MS = 10_000;
const RATES_MS = 60_000;

/** The state of the deployment, every ten seconds while the page is visible. */
export function useStatus(): Loaded<GetStatusOutput> {
  const loaded = useLoad(() => admin<GetStatusOutput>('GetStatus', ['GET', 'status']), []);
  usePolling(() => loaded.state === 'ready' && loaded.reload(), STATUS_MS);
  return loaded;
}

/** Periods of rates by their hours. The service keeps rates for the longest. */
export const PERIODS = { 1: 'Last hour', 24: 'Last 24 hours', 168: 'Last 7 days' } as const;
export type Period = keyof typeof PERIODS;

/** The rates of a period that ends now, every minute while the page is visible. */
export function useRates(byOperation: boolean, period: Period = 24): Loaded<GetRatesOutput> {
  const query = { ByOperation: byOperation, Hours: period };
  const loaded = useLoad(() => admin<GetRatesOutput>('GetRates', ['GET', 'rates'], { query }), [byOperation, period]);
  usePolling(() => loaded.state === 'ready' && loaded.reload(), RATES_MS);
  return loaded;
}

/** The versions of the processes that run. */
export function versionsOf({ Nodes }: GetStatusOutput): string[] {
  return [...new Set(Nodes.map(({ Version }) => Version))];
}

/** Holder of the master key. */
export const HOLDERS: Readonly<Record<GetStatusOutput['MasterKey']['Holder'], string>> = {
  token: 'Held in token',
  components: 'From components',
  configuration: 'From the configuration',
  'data directory': 'In the data directory',
};

export function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, number) => sum + number, 0);
}
