import type { DataSource, EntityManager } from 'typeorm';
import { ChainCheck, type ChainReport, type Row } from './chain-check.js';
import type { Writer } from './chain.js';
import { hashEnded, isNewDeployment, readChainSet } from './chain-set.js';

/** Number of rows in memory at once, of up to 1,000 events each. */
const PAGE_ROWS = 8;
const BEFORE_ALL = '-9223372036854775808';

interface ChainRow extends Writer {
  sequence: string;
  hash: string;
  mac: Buffer;
}

/**
 * Checks all chains of the table in one snapshot, while services may go on writing.
 *
 * @param secret key of the MACs
 * @param found  receives the report of each chain, in the order of their numbers
 * @param rest   called after each page of rows, so that a service can do other work or stop
 * @returns the fault of the set of chains as a whole, if any
 */
export async function verifyTable(
  database: DataSource,
  secret: Buffer,
  found: (report: ChainReport) => void,
  rest: () => Promise<void> = () => Promise.resolve(),
): Promise<string | undefined> {
  return database.transaction('REPEATABLE READ', async (manager) => {
    const set = await readChainSet(manager, secret);
    const numbers = await manager.query<{ chain: number }[]>(
      'SELECT chain FROM audit_chains UNION SELECT chain FROM audit_log ORDER BY chain',
    );
    const counted = typeof set === 'string' ? 0 : set.chains;
    let expected = 1;
    for (const { chain } of numbers) {
      // Chains are numbered without gaps, so a missing number is a chain that was removed.
      for (; expected < chain; expected++) found(missingChain(expected));
      found(await verifyChain(manager, chain, secret, rest));
      expected = chain + 1;
    }
    for (; expected <= counted; expected++) found(missingChain(expected));

    if (set === 'missing')
      return numbers.length === 0 && (await isNewDeployment(manager))
        ? undefined
        : 'the row that counts the chains is missing: the log was emptied, or an older version wrote it';
    if (set === 'modified') return 'the row that counts the chains was modified: its MAC does not match';
    const last = expected - 1;
    if (last > set.chains)
      return `according to the row that counts the chains there are ${set.chains}, but ${last} were found: the row was reset to an earlier state`;
    const ended = await hashEnded(manager);
    if (ended?.ended !== set.ended || ended.hash !== set.hash)
      return 'the ended chains do not match the hash of their ends: one of these chains was reset to an earlier state';
    return undefined;
  });
}

function missingChain(chain: number): ChainReport {
  const check = new ChainCheck(chain, false);
  check.missing();
  return check.report;
}

async function verifyChain(
  manager: EntityManager,
  chain: number,
  secret: Buffer,
  rest: () => Promise<void>,
): Promise<ChainReport> {
  const check = new ChainCheck(chain, false);
  for (let after = BEFORE_ALL; ;) {
    const rows = await manager.query<(Omit<Row, 'first'> & { first: string })[]>(
      `SELECT first, count, events, mac, first_time AS "firstTime", last_time AS "lastTime"
         FROM audit_log WHERE chain = $1 AND first > $2 ORDER BY first LIMIT $3`,
      [chain, after, PAGE_ROWS],
    );
    for (const row of rows) check.batch({ ...row, first: Number(row.first) }, secret);
    const last = rows.at(-1);
    if (!last) break;
    after = last.first;
    await rest();
  }
  const [row] = await manager.query<ChainRow[]>(
    `SELECT chain, host, pid, started_at AS "startedAt", kind, sequence, hash, mac
       FROM audit_chains WHERE chain = $1`,
    [chain],
  );
  if (row) check.end({ writer: row, head: { sequence: Number(row.sequence), hash: row.hash }, mac: row.mac }, secret);
  else check.missing();
  return check.report;
}
