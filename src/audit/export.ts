import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { DataSource, EntityManager } from 'typeorm';
import { ChainCheck } from './chain-check.js';
import { BEGINNING, type Head } from './chain.js';
import { type Manifest, MANIFEST, type ManifestFile, presentKeys, SIGNATURE } from './manifest.js';
import { isLocked, limitLocks, partitions } from './partitions.js';
import { readSegments, type Segment, type SegmentChain, type SegmentFacts } from './segments.js';
import { type AuditSigningKey, pemOf, TrustedAuditKeys } from './signing-key.js';
import { chainsOf, daysWithRows, rowsOf } from './verify.js';
import { readManifest, totals, verifyFiles } from './verify-export.js';

const NO_EVENTS: Head = { sequence: 0, hash: BEGINNING };

/** A reason why a day can't be exported or pruned, in a sentence for the operator. */
export class SegmentError extends Error {
  override readonly name = 'SegmentError';
}

export interface ExportOptions {
  database: DataSource;
  /** Key of the MACs of the audit log. */
  secret: Buffer;
  signingKey: AuditSigningKey;
  /** The directory of all exported days. */
  directory: string;
}

/** The result of exporting a day, which is recorded as the next segment. */
export type ExportedSegment = Omit<SegmentFacts, 'exportedAt' | 'exportedBy'>;

/** @throws SegmentError if a row of the segments was modified */
export async function intactSegments(manager: EntityManager, secret: Buffer): Promise<Segment[]> {
  const { segments, fault } = await readSegments(manager, secret);
  if (fault !== undefined) throw new SegmentError(`The table audit_segments is not intact: ${fault}.`);
  return segments;
}

/**
 * Returns the days with rows that can be exported: those that ended at least an hour ago by the database's clock.
 *
 * @param segments the exported days
 */
export async function closedDays(manager: EntityManager, segments: readonly Pick<Segment, 'day'>[]): Promise<string[]> {
  const [now] = await manager.query<[{ open: string }]>(
    `SELECT (clock_timestamp() AT TIME ZONE 'UTC' - interval '1 hour')::date::text AS open`,
  );
  return unexportedDays(manager, segments, now.open);
}

/**
 * Returns the days before another that have rows and are not exported, in their order.
 *
 * @param segments the days that are exported
 * @param before   ISO 8601
 */
export async function unexportedDays(
  manager: EntityManager,
  segments: readonly Pick<Segment, 'day'>[],
  before: string,
): Promise<string[]> {
  const exported = new Set(segments.map(({ day }) => day));
  const found: string[] = [];
  for (const day of (await daysWithRows(manager)).sort()) {
    if (day >= before || exported.has(day)) continue;
    const [rows] = await manager.query<[{ exist: boolean }]>(
      'SELECT EXISTS (SELECT FROM audit_log WHERE day = $1) AS exist',
      [day],
    );
    if (rows.exist) found.push(day);
  }
  return found;
}

/** Counts the days that can be exported. @returns undefined if none was ever exported, because then nobody exports them */
export async function countUnexportedDays(manager: EntityManager): Promise<number | undefined> {
  const exported = await manager.query<{ day: string }[]>('SELECT day::text FROM audit_segments');
  return exported.length === 0 ? undefined : (await closedDays(manager, exported)).length;
}

/**
 * Writes the files of a closed day, or finds those of an export that ended before it was recorded. They are complete
 * once the folder has the name of the day.
 *
 * @param segments those before this day
 * @throws SegmentError if the day isn't intact, or is in the directory already with other contents
 */
export async function exportDay(
  options: ExportOptions,
  segments: readonly Segment[],
  day: string,
): Promise<ExportedSegment> {
  const { database, signingKey, directory } = options;
  const heads = headsOf(segments);
  await awaitWriters(database, day);
  const folder = join(directory, day);
  const trusted = new TrustedAuditKeys(signingKey.publicKeys().map(pemOf).join(''));
  if (await exists(folder)) {
    const found = await segmentIn(folder, trusted, segments, day);
    await assertIsTable(options, folder, found, heads);
    return found;
  }

  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  const files: ManifestFile[] = [];
  for (const chain of await chainsOf(database.manager, day))
    files.push(await writeChain(options, partial, { day, chain, head: heads.get(chain) ?? NO_EVENTS }));
  const last = segments.at(-1);
  const manifest: Manifest = {
    version: 1,
    deployment: signingKey.publicKeys()[0]?.id ?? '',
    day,
    number: segments.length + 1,
    previous: last?.manifest ?? null,
    signingKey: signingKey.keyId,
    signingKeys: presentKeys(signingKey.publicKeys()),
    files,
  };
  const bytes = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
  await writeDurably(join(partial, MANIFEST), bytes);
  await writeDurably(join(partial, SIGNATURE), signingKey.sign(bytes));
  await syncFolder(partial);
  const written = await segmentIn(partial, trusted, segments, day);
  await rename(partial, folder);
  await syncFolder(directory);
  return written;
}

/** Verifies the folder of a day. @throws SegmentError if it isn't the next segment */
async function segmentIn(
  folder: string,
  trusted: TrustedAuditKeys,
  segments: readonly Segment[],
  day: string,
): Promise<ExportedSegment> {
  try {
    const { manifest, sha256 } = await readManifest(folder, trusted);
    const { number, previous, files } = manifest;
    if (manifest.day !== day || number !== segments.length + 1 || previous !== (segments.at(-1)?.manifest ?? null))
      throw new Error(`its manifest is not that of segment ${segments.length + 1}`);
    await verifyFiles(folder, files, () => undefined);
    return { day, number, manifest: sha256, chains: files.map(segmentChain), ...totals(files) };
  } catch (error) {
    throw notExport(folder, day, (error as Error).message);
  }
}

/** @throws SegmentError if the events of a folder that was found differ from those of the table */
async function assertIsTable(
  { database, secret }: ExportOptions,
  folder: string,
  { day, chains }: ExportedSegment,
  heads: ReadonlyMap<number, Head>,
): Promise<void> {
  const inTable = await chainsOf(database.manager, day);
  if (JSON.stringify(inTable) !== JSON.stringify(chains.map(({ chain }) => chain)))
    throw notExport(folder, day, 'its chains differ from those of the table');
  for (const { chain, head: end } of chains) {
    const check = checkFrom(heads.get(chain) ?? NO_EVENTS, chain);
    for await (const rows of rowsOf(database.manager, { day, chain })) for (const row of rows) check.batch(row, secret);
    const { head, fault } = check.report;
    if (fault || head.sequence !== end.sequence || head.hash !== end.hash)
      throw notExport(folder, day, `the events of chain ${chain} differ from those of the table`);
  }
}

function notExport(folder: string, day: string, reason: string): SegmentError {
  return new SegmentError(`${folder} is not the export of ${day}: ${reason}. Move it away.`);
}

function segmentChain({ chain, first, last, hash }: ManifestFile): SegmentChain {
  return { chain, first, head: { sequence: last, hash } };
}

/** Writes the file of a chain's events of a day, while it checks them. */
async function writeChain(
  { database, secret }: ExportOptions,
  folder: string,
  { day, chain, head }: { day: string; chain: number; head: Head },
): Promise<ManifestFile> {
  const check = checkFrom(head, chain);
  const temporary = join(folder, `chain-${chain}`);
  const digest = createHash('sha256');
  let size = 0;
  await pipeline(
    async function* lines() {
      for await (const rows of rowsOf(database.manager, { day, chain })) {
        for (const row of rows) {
          check.batch(row, secret);
          const { fault } = check.report;
          if (fault)
            throw new SegmentError(`${day} can't be exported, because chain ${chain} is not intact: ${fault.what}.`);
          yield `${row.events}\n`;
        }
      }
    },
    createGzip(),
    async function* measured(compressed: AsyncIterable<Buffer>) {
      for await (const chunk of compressed) {
        digest.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }),
  );
  const { events, from = '', to = '', head: end } = check.report;
  const [first, last] = [head.sequence + 1, end.sequence];
  const name = `chain-${chain}-${first}-${last}.jsonl.gz`;
  await rename(temporary, join(folder, name));
  const span = { chain, first, last, previous: head.hash, hash: end.hash, count: events, from, to };
  return { ...span, name, size, sha256: digest.digest('hex') };
}

function checkFrom(head: Head, chain: number): ChainCheck {
  const check = new ChainCheck(chain, false);
  check.beginAt(head);
  return check;
}

/** Returns the heads of chains after the last segments that have them. */
function headsOf(segments: readonly Segment[]): Map<number, Head> {
  return new Map(segments.flatMap(({ chains }) => chains.map(({ chain, head }) => [chain, head])));
}

/**
 * Waits for transactions that are writing to the partitions of a day.
 *
 * @throws SegmentError if one doesn't end
 */
async function awaitWriters(database: DataSource, day: string): Promise<void> {
  try {
    await database.transaction(async (manager) => {
      await limitLocks(manager);
      for (const { name, from = '', to = 'z' } of await partitions(manager))
        if (from <= day && day < to) await manager.query(`LOCK TABLE "${name}" IN SHARE MODE`);
    });
  } catch (error) {
    if (!isLocked(error)) throw error;
    throw new SegmentError(`A process is still writing events of ${day}: try again.`, { cause: error });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if ((error as { code?: string }).code === 'ENOENT') return false;
      throw error;
    },
  );
}

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600, flush: true });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
