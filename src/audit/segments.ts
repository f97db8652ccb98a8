import type { EntityManager } from 'typeorm';
import { equal } from '../crypto/bytes.js';
import { type Head, pruneMac, segmentMac, segmentSetMac } from './chain.js';

/** The part of a chain in a segment. */
export interface SegmentChain {
  readonly chain: number;
  /** Sequence number of the first event. */
  readonly first: number;
  /** The chain's head after the last event. */
  readonly head: Head;
}

/** The facts about an exported day that the MAC of its row covers. */
export interface SegmentFacts {
  /** From 1, without gaps. */
  readonly number: number;
  /** ISO 8601 */
  readonly day: string;
  /** SHA-256 of the manifest, in hexadecimal digits. */
  readonly manifest: string;
  readonly chains: readonly SegmentChain[];
  readonly events: number;
  /** Size of the files. */
  readonly bytes: number;
  readonly exportedAt: Date;
  /** ARN of the caller. */
  readonly exportedBy: string;
}

/** A row of audit_segments: a day that was exported. */
export interface Segment extends SegmentFacts {
  readonly mac: Buffer;
  readonly pruned?: { readonly at: Date; readonly by: string };
}

interface Row extends Omit<SegmentFacts, 'chains' | 'events' | 'bytes'> {
  chains: string;
  events: string;
  bytes: string;
  mac: Buffer;
  prunedAt: Date | null;
  prunedBy: string | null;
  prunedMac: Buffer | null;
}

const NO_MAC = Buffer.alloc(0);

/**
 * Reads the segments in the order of their numbers. The MAC of each row covers that of the previous row, and the row
 * of audit_segment_set the last.
 *
 * @returns the segments, and the fault of the first row that was modified, removed or added, if any; the segments are
 *          those before the fault
 */
export async function readSegments(
  manager: EntityManager,
  secret: Buffer,
): Promise<{ segments: Segment[]; fault?: string }> {
  const rows = await manager.query<Row[]>(
    `SELECT number, day::text, manifest, chains, events, bytes, exported_at AS "exportedAt", exported_by AS "exportedBy",
            mac, pruned_at AS "prunedAt", pruned_by AS "prunedBy", pruned_mac AS "prunedMac"
       FROM audit_segments ORDER BY number`,
  );
  const [set] = await manager.query<{ segments: number; mac: Buffer }[]>('SELECT segments, mac FROM audit_segment_set');
  const segments: Segment[] = [];
  let before: Buffer = NO_MAC;
  for (const row of rows) {
    const { number, mac, prunedAt: at, prunedBy: by, prunedMac } = row;
    const expected = segments.length + 1;
    if (number !== expected)
      return { segments, fault: `the row of segment ${expected} is missing, and there is one of segment ${number}` };
    const name = `the row of segment ${number} (${row.day})`;
    const facts = factsOf(row);
    if (!facts || !equal(segmentMac(secret, before, valuesOf(facts)), mac))
      return { segments, fault: `${name} was modified: its MAC does not match` };
    const isPruned = at !== null && by !== null && prunedMac !== null;
    if (isPruned ? !equal(pruneMac(secret, mac, at, by), prunedMac) : at !== null || by !== null || prunedMac !== null)
      return { segments, fault: `${name} was modified: the MAC of its pruning does not match` };
    segments.push({ ...facts, mac, ...(isPruned && { pruned: { at, by } }) });
    before = mac;
  }
  const fault = setFault(secret, set, segments);
  return { segments, ...(fault !== undefined && { fault }) };
}

function setFault(
  secret: Buffer,
  set: { segments: number; mac: Buffer } | undefined,
  segments: readonly Segment[],
): string | undefined {
  if (!set) return segments.length > 0 ? 'the row that counts the segments is missing' : undefined;
  if (set.segments > segments.length)
    return `the row of segment ${segments.length + 1} is missing: there were ${set.segments}`;
  if (set.segments < segments.length)
    return `the row of segment ${set.segments + 1} was added: the row that counts the segments states ${set.segments}`;
  if (!equal(segmentSetMac(secret, set.segments, segments.at(-1)?.mac ?? NO_MAC), set.mac))
    return 'the row that counts the segments was modified: its MAC does not match';
  return undefined;
}

/** Adds the row of the next segment. @param before the last segment so far */
export async function addSegment(
  manager: EntityManager,
  secret: Buffer,
  before: Segment | undefined,
  facts: SegmentFacts,
): Promise<void> {
  const mac = segmentMac(secret, before?.mac ?? NO_MAC, valuesOf(facts));
  const { number, day, manifest, chains, events, bytes, exportedAt, exportedBy } = facts;
  await manager.query(
    `INSERT INTO audit_segments (number, day, manifest, chains, events, bytes, exported_at, exported_by, mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [number, day, manifest, chainsText(chains), events, bytes, exportedAt, exportedBy, mac],
  );
  await manager.query(
    `INSERT INTO audit_segment_set (id, segments, mac) VALUES (1, $1, $2)
     ON CONFLICT (id) DO UPDATE SET segments = $1, mac = $2`,
    [number, segmentSetMac(secret, number, mac)],
  );
}

/** Notes that the rows of a segment's day are dropped. */
export async function notePruned(
  manager: EntityManager,
  secret: Buffer,
  { number, mac }: Segment,
  { at, by }: { at: Date; by: string },
): Promise<void> {
  await manager.query('UPDATE audit_segments SET pruned_at = $2, pruned_by = $3, pruned_mac = $4 WHERE number = $1', [
    number,
    at,
    by,
    pruneMac(secret, mac, at, by),
  ]);
}

/** Returns the day after that of the last segment, which is complete; undefined if there is none. */
export async function dayAfterSegments(manager: EntityManager): Promise<string | undefined> {
  const [row] = await manager.query<{ day: string | null }[]>('SELECT (max(day) + 1)::text AS day FROM audit_segments');
  return row?.day ?? undefined;
}

/** The values that the MAC of a row covers, without that of the previous row. */
function valuesOf(facts: SegmentFacts): (string | number)[] {
  const { number, day, manifest, chains, events, bytes, exportedAt, exportedBy } = facts;
  return [number, day, manifest, chainsText(chains), events, bytes, exportedAt.toISOString(), exportedBy];
}

/** JSON: an array of chain, first event, last event and hash of the last event for each chain. */
function chainsText(chains: readonly SegmentChain[]): string {
  return JSON.stringify(chains.map(({ chain, first, head }) => [chain, first, head.sequence, head.hash]));
}

/** @returns undefined if the text of the chains isn't JSON, because somebody edited it */
function factsOf({ chains: text, events, bytes, number, day, manifest, exportedAt, exportedBy }: Row) {
  try {
    const chains = (JSON.parse(text) as [number, number, number, string][]).map(
      ([chain, first, sequence, hash]): SegmentChain => ({ chain, first, head: { sequence, hash } }),
    );
    const facts = { number, day, manifest, exportedAt, exportedBy, chains };
    return { ...facts, events: Number(events), bytes: Number(bytes) };
  } catch {
    return undefined;
  }
}
