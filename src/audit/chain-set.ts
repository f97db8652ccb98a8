import type { EntityManager } from 'typeorm';
import { equal } from '../crypto/bytes.js';
import { lockTransaction, LOCKS } from '../database/locks.js';
import { BEGINNING, endedHash, type Head, headMac, setMac, type Writer } from './chain.js';

/** The row of audit_chain_set: facts about all chains, under a MAC. */
export interface ChainSet {
  /** Number of chains that have begun. */
  readonly chains: number;
  /** Number of chains that have ended. */
  readonly ended: number;
  /** Hash over the heads of the ended chains, in the order in which they ended. */
  readonly hash: string;
}

/** The fault of a row that can't be relied on. */
export type SetFault = 'missing' | 'modified';

const NO_CHAINS: ChainSet = { chains: 0, ended: 0, hash: BEGINNING };

/** Reads the row; a row whose MAC doesn't match counts as a fault. */
export async function readChainSet(manager: EntityManager, secret: Buffer): Promise<ChainSet | SetFault> {
  const [row] = await manager.query<(ChainSet & { mac: Buffer })[]>(
    'SELECT chains, ended, hash, mac FROM audit_chain_set',
  );
  if (!row) return 'missing';
  return equal(setMac(secret, row), row.mac) ? row : 'modified';
}

/** True if the deployment has no keys, users or roles yet; then it can't have chains either. */
export async function isNewDeployment(manager: EntityManager): Promise<boolean> {
  const [row] = await manager.query<{ isNew: boolean }[]>(
    'SELECT NOT EXISTS (SELECT FROM keys) AND NOT EXISTS (SELECT FROM principals) AS "isNew"',
  );
  return row?.isNew === true;
}

/**
 * Hashes the heads of the chains that have ended, in the order in which they ended.
 *
 * @returns undefined if the numbers of that order have gaps or duplicates
 */
export async function hashEnded(manager: EntityManager): Promise<Pick<ChainSet, 'ended' | 'hash'> | undefined> {
  const rows = await manager.query<{ chain: number; sequence: string; hash: string; ended: number }[]>(
    'SELECT chain, sequence, hash, ended FROM audit_chains WHERE ended IS NOT NULL ORDER BY ended',
  );
  let hash = BEGINNING;
  for (const [i, row] of rows.entries()) {
    if (row.ended !== i + 1) return undefined;
    hash = endedHash(hash, row.chain, { sequence: Number(row.sequence), hash: row.hash });
  }
  return { ended: rows.length, hash };
}

/**
 * Begins a chain under the next number and counts it, under a lock that the transaction keeps.
 *
 * @param after the chain that this process has written so far, or 0; a restored database may lack it
 * @returns the fault of the row of audit_chain_set, if it has one; it is replaced, so the chain must report the fault
 */
export async function beginChain(
  manager: EntityManager,
  secret: Buffer,
  process: Omit<Writer, 'chain'>,
  after = 0,
): Promise<{ writer: Writer; setFault?: SetFault }> {
  await lockTransaction(manager, LOCKS.auditChain);
  const [found] = await manager.query<{ last: number | null }[]>('SELECT max(chain) AS last FROM audit_chains');
  const last = found?.last ?? 0;
  const read = await readChainSet(manager, secret);
  const isFirst = read === 'missing' && last === 0 && (await isNewDeployment(manager));
  const set = typeof read === 'string' ? { ...NO_CHAINS, ...(await hashEnded(manager)) } : read;
  const writer: Writer = { chain: Math.max(set.chains, last, after) + 1, ...process };
  const head: Head = { sequence: 0, hash: BEGINNING };
  await manager.query(
    `INSERT INTO audit_chains (chain, host, pid, started_at, kind, sequence, hash, mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      writer.chain,
      writer.host,
      writer.pid,
      writer.startedAt,
      writer.kind,
      head.sequence,
      head.hash,
      headMac(secret, writer, head),
    ],
  );
  await writeChainSet(manager, secret, { ...set, chains: writer.chain });
  return { writer, ...(typeof read === 'string' && !isFirst && { setFault: read }) };
}

/**
 * Ends a chain at the head that the database has, so that the hash in audit_chain_set covers this head from now on.
 * Does nothing if the chain's entry isn't the one that the process wrote, or if the row has a fault, which the next
 * chain will report.
 */
export async function endChain(manager: EntityManager, secret: Buffer, writer: Writer): Promise<void> {
  await lockTransaction(manager, LOCKS.auditChain);
  const head = await readHead(manager, secret, writer);
  const set = await readChainSet(manager, secret);
  if (!head || typeof set === 'string') return;
  const ended = set.ended + 1;
  const isEnded = await manager.query<unknown[]>(
    `WITH ended AS (UPDATE audit_chains SET ended = $2 WHERE chain = $1 AND ended IS NULL RETURNING chain)
     SELECT chain FROM ended`,
    [writer.chain, ended],
  );
  if (isEnded.length > 0)
    await writeChainSet(manager, secret, { ...set, ended, hash: endedHash(set.hash, writer.chain, head) });
}

/**
 * Locks the entry of a chain, waiting for a transaction that is about to change it, and reads its head.
 *
 * @returns undefined if there is no entry that this writer wrote
 */
export async function readHead(manager: EntityManager, secret: Buffer, writer: Writer): Promise<Head | undefined> {
  const [row] = await manager.query<{ sequence: string; hash: string; mac: Buffer }[]>(
    'SELECT sequence, hash, mac FROM audit_chains WHERE chain = $1 FOR UPDATE',
    [writer.chain],
  );
  if (!row) return undefined;
  const head = { sequence: Number(row.sequence), hash: row.hash };
  return equal(headMac(secret, writer, head), row.mac) ? head : undefined;
}

async function writeChainSet(manager: EntityManager, secret: Buffer, set: ChainSet): Promise<void> {
  await manager.query(
    `INSERT INTO audit_chain_set (id, chains, ended, hash, mac) VALUES (1, $1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET chains = $1, ended = $2, hash = $3, mac = $4`,
    [set.chains, set.ended, set.hash, setMac(secret, set)],
  );
}
