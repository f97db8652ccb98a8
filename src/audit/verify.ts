import type { DataSource, EntityManager } from 'typeorm';
import { ChainCheck, type ChainReport, type Row } from './chain-check.js';
import type { Writer } from './chain.js';
import { dayAfter, partitions } from './partitions.js';
import { readSegments, type Segment } from './segments.js';
import { hashEnded, isNewDeployment, readChainSet } from './chain-set.js';

/** Number of rows in memory at once, of up to 1,000 events each. */
const PAGE_ROWS = 8;
const BEFORE_ALL = '-9223372036854775808';

interface ChainRow extends Writer {
  sequence: string;
  hash: string;
  mac: Buffer;
}

export interface VerifyTableOptions {
  /**
   * Checks only rows of this day, ISO 8601, and later; undefined for all. Chains may then begin at any event.
   */
  since?: string;
  /** Called after each page of rows, so that a service can do other work or stop. */
  rest?: () => Promise<void>;
  /** Receives each segment whose rows are not in the table although they were not pruned. */
  absent?: (segment: Segment) => void;
}

/**
 * Checks all chains of the table in one snapshot, while services may go on writing. Days are checked one after the
 * other. A day without rows must have a segment, i.e. it was exported; its chains continue from their ends in the
 * segment.
 *
 * @param secret key of the MACs
 * @param found  receives the report of each chain, in the order of their numbers
 * @returns the fault of the set of chains or of the segments as a whole, if any
 */
export async function verifyTable(
  database: DataSource,
  secret: Buffer,
  found: (report: ChainReport) => void,
  options: VerifyTableOptions = {},
): Promise<string | undefined> {
  return database.transaction('REPEATABLE READ', async (manager) => {
    const set = await readChainSet(manager, secret);
    const { segments, fault: segmentFault } = await readSegments(manager, secret);
    const checks = await verifyDays(manager, secret, segments, options);
    const entries = await chainEntries(manager);
    const isPart = options.since !== undefined;

    const counted = typeof set === 'string' ? 0 : set.chains;
    const last = Math.max(counted, ...checks.keys(), ...entries.keys());
    for (let chain = 1; chain <= last; chain++) {
      const [check, entry] = [checks.get(chain), entries.get(chain)];
      if (isPart && entry && !check) continue;
      found(endOf(check ?? new ChainCheck(chain, false), entry, secret));
    }

    if (segmentFault !== undefined) return segmentFault;
    if (set === 'missing')
      return last === 0 && (await isNewDeployment(manager))
        ? undefined
        : 'the row that counts the chains is missing: the log was emptied, or an older version wrote it';
    if (set === 'modified') return 'the row that counts the chains was modified: its MAC does not match';
    if (last > set.chains)
      return `according to the row that counts the chains there are ${set.chains}, but ${last} were found: the row was reset to an earlier state`;
    const ended = await hashEnded(manager);
    if (ended?.ended !== set.ended || ended.hash !== set.hash)
      return 'the ended chains do not match the hash of their ends: one of these chains was reset to an earlier state';
    return undefined;
  });
}

/** Follows the chains through all days. @returns the checks by chain, without the checks of the ends */
async function verifyDays(
  manager: EntityManager,
  secret: Buffer,
  segments: readonly Segment[],
  { since = '', rest = () => Promise.resolve(), absent = () => undefined }: VerifyTableOptions,
): Promise<Map<number, ChainCheck>> {
  const checks = new Map<number, ChainCheck>();
  const checkOf = (chain: number) => {
    const check = checks.get(chain) ?? new ChainCheck(chain, since !== '');
    checks.set(chain, check);
    return check;
  };
  const exported = new Map(segments.map((segment) => [segment.day, segment]));
  const days = new Set([...exported.keys(), ...(await daysWithRows(manager))]);
  for (const day of [...days].filter((each) => each >= since).sort()) {
    const segment = exported.get(day);
    const chains = await chainsOf(manager, day);
    const name = segment ? `segment ${segment.number} (${day})` : '';
    if (segment && chains.length === 0) {
      if (!segment.pruned) absent(segment);
      for (const part of segment.chains) checkOf(part.chain).skip(part, name);
      continue;
    }
    for (const chain of chains) await verifyRows(manager, { day, chain }, checkOf(chain), secret, rest);
    if (!segment) continue;
    for (const { chain, head } of segment.chains) checkOf(chain).reaches(head, name);
    const inSegment = new Set(segment.chains.map(({ chain }) => chain));
    for (const chain of chains) if (!inSegment.has(chain)) checkOf(chain).isNotIn(name);
  }
  return checks;
}

/** Returns the days that may have rows, ISO 8601. */
export async function daysWithRows(manager: EntityManager): Promise<string[]> {
  const days: string[] = [];
  for (const { name, from, to } of await partitions(manager)) {
    if (from !== undefined && dayAfter(from) === to) {
      days.push(from);
      continue;
    }
    const rows = await manager.query<{ day: string }[]>(`SELECT DISTINCT day::text FROM "${name}"`);
    days.push(...rows.map(({ day }) => day));
  }
  return days;
}

/** Returns the chains that have rows of a day, in the order of their numbers. */
export async function chainsOf(manager: EntityManager, day: string): Promise<number[]> {
  const rows = await manager.query<{ chain: number }[]>(
    'SELECT DISTINCT chain FROM audit_log WHERE day = $1 ORDER BY chain',
    [day],
  );
  return rows.map(({ chain }) => chain);
}

/** Checks the rows of a chain that were written on a day. */
async function verifyRows(
  manager: EntityManager,
  of: { day: string; chain: number },
  check: ChainCheck,
  secret: Buffer,
  rest: () => Promise<void>,
): Promise<void> {
  for await (const rows of rowsOf(manager, of)) {
    for (const row of rows) check.batch(row, secret);
    await rest();
  }
}

/** Reads the rows of a chain that were written on a day, in pages. */
export async function* rowsOf(
  manager: EntityManager,
  { day, chain }: { day: string; chain: number },
): AsyncGenerator<Row[]> {
  for (let after = BEFORE_ALL; ;) {
    const rows = await manager.query<(Omit<Row, 'first'> & { first: string })[]>(
      `SELECT first, count, events, mac, first_time AS "firstTime", last_time AS "lastTime"
         FROM audit_log WHERE day = $1 AND chain = $2 AND first > $3 ORDER BY first LIMIT $4`,
      [day, chain, after, PAGE_ROWS],
    );
    const last = rows.at(-1);
    if (!last) return;
    after = last.first;
    yield rows.map((row) => ({ ...row, first: Number(row.first) }));
  }
}

async function chainEntries(manager: EntityManager): Promise<Map<number, ChainRow>> {
  const rows = await manager.query<ChainRow[]>(
    'SELECT chain, host, pid, started_at AS "startedAt", kind, sequence, hash, mac FROM audit_chains',
  );
  return new Map(rows.map((row) => [row.chain, row]));
}

function endOf(check: ChainCheck, row: ChainRow | undefined, secret: Buffer): ChainReport {
  // Chains are numbered without gaps, so a missing number is a chain that was removed.
  if (row) check.end({ writer: row, head: { sequence: Number(row.sequence), hash: row.hash }, mac: row.mac }, secret);
  else check.missing();
  return check.report;
}
