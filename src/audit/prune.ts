import { join } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import { closedDays, intactSegments, SegmentError } from './export.js';
import { dayAfter, DEFAULT_PARTITION, isLocked, limitLocks, type Partition, partitions } from './partitions.js';
import { notePruned, type Segment } from './segments.js';
import { type AuditSigningKey, pemOf, TrustedAuditKeys } from './signing-key.js';
import { chainsOf } from './verify.js';
import { readManifest, verifyFiles } from './verify-export.js';

export interface PruneOptions {
  database: DataSource;
  /** Key of the MACs of the audit log. */
  secret: Buffer;
  signingKey: AuditSigningKey;
  /** The directory of all exported days. */
  directory: string;
  /** Number of days before today that stay. */
  keepDays: number;
}

/**
 * Returns the segments whose rows may be dropped: those of older days, if all such days were exported and their exports
 * are intact.
 *
 * @throws SegmentError that states which condition isn't met
 */
export async function prunable(options: PruneOptions): Promise<Segment[]> {
  const { database, secret, signingKey, directory } = options;
  const { manager } = database;
  const segments = await intactSegments(manager, secret);
  const first = await firstDayKept(manager, options.keepDays);
  const [missing] = (await closedDays(manager, segments)).filter((day) => day < first);
  if (missing !== undefined)
    throw new SegmentError(`${missing} is not exported: run keyblock audit export --to ${directory} first.`);
  const trusted = new TrustedAuditKeys(signingKey.publicKeys().map(pemOf).join(''));
  const due = segments.filter(({ day, pruned }) => day < first && !pruned);
  for (const segment of due) {
    await assertExported(segment, join(directory, segment.day), trusted);
    await assertIsInTable(manager, segment);
  }
  return due;
}

async function firstDayKept(manager: EntityManager, keepDays: number): Promise<string> {
  const [now] = await manager.query<[{ today: string }]>(
    `SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date::text AS today`,
  );
  return dayAfter(now.today, -keepDays);
}

/** @throws SegmentError if the folder isn't the export of the segment, or doesn't verify */
async function assertExported(segment: Segment, folder: string, trusted: TrustedAuditKeys): Promise<void> {
  try {
    const { manifest, sha256 } = await readManifest(folder, trusted);
    if (sha256 !== segment.manifest) throw new Error(`its manifest is not that of segment ${segment.number}`);
    await verifyFiles(folder, manifest.files, () => undefined);
  } catch (error) {
    throw new SegmentError(`The export of ${segment.day} in ${folder} does not verify: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

/** @throws SegmentError if the table's events of the segment's day differ from those of the segment; it may have none */
async function assertIsInTable(manager: EntityManager, { day, number, chains }: Segment): Promise<void> {
  const found = await manager.query<{ chain: number; first: string; last: string }[]>(
    `SELECT chain, min(first) AS first, max(first + count - 1) AS last FROM audit_log WHERE day = $1
      GROUP BY chain ORDER BY chain`,
    [day],
  );
  const spans = found.map(({ chain, first, last }) => [chain, Number(first), Number(last)]);
  const expected = chains.map(({ chain, first, head }) => [chain, first, head.sequence]);
  if (spans.length > 0 && JSON.stringify(spans) !== JSON.stringify(expected))
    throw new SegmentError(
      `The events of ${day} in the table differ from those of segment ${number}: run keyblock audit verify.`,
    );
}

/**
 * Drops the rows of a segment's day, and notes it.
 *
 * @param manager of the transaction that also writes the audit event
 * @throws SegmentError if another process reads the table for too long
 */
export async function dropSegment(
  manager: EntityManager,
  secret: Buffer,
  segment: Segment,
  pruning: { at: Date; by: string },
): Promise<void> {
  const { day } = segment;
  try {
    await limitLocks(manager);
    const all = await partitions(manager);
    const only = all.find((partition) => isOnly(partition, day));
    if (only) await manager.query(`DROP TABLE "${only.name}"`);
    else if ((await chainsOf(manager, day)).length > 0)
      throw new SegmentError(
        `The rows of ${day} are in ${DEFAULT_PARTITION}: they move to a partition of their own when a service starts.`,
      );
  } catch (error) {
    if (!isLocked(error)) throw error;
    throw new SegmentError('Another process is reading the audit log, e.g. to verify it: try again when it is done.', {
      cause: error,
    });
  }
  await notePruned(manager, secret, segment, pruning);
}

/** True for the partition of a day, and for that of all days up to it. */
function isOnly({ from, to }: Partition, day: string): boolean {
  return to === dayAfter(day) && (from === undefined || from === day);
}
