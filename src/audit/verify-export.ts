import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ChainCheck } from './chain-check.js';
import { BEGINNING, type Head } from './chain.js';
import { keysOf, MANIFEST, type ManifestFile, parseManifest, SIGNATURE, type SignedManifest } from './manifest.js';
import type { TrustedAuditKeys } from './signing-key.js';

const DAY = /^\d{4}-\d\d-\d\d$/;

/** The result of verifying an exported day. */
export interface ExportedDay {
  day: string;
  /** Undefined if there is no manifest to read. */
  number?: number;
  chains?: number;
  events?: number;
  /** Bytes of the files. */
  bytes?: number;
  /** SHA-256 of the manifest. */
  manifest?: string;
  signingKey?: string;
  fault?: string;
}

/**
 * Verifies all exported days in a directory: the signatures, the manifests, which have numbers without gaps and the
 * hash of the previous one, the files, and the chains in them from day to day. The oldest days may have been removed.
 * Entries of the directory that aren't named like a day are ignored.
 *
 * @param found receives the result of each day, in the order of days
 */
export async function verifyExport(
  directory: string,
  trusted: TrustedAuditKeys,
  found: (day: ExportedDay) => void,
): Promise<void> {
  const days = (await readdir(directory)).filter((name) => DAY.test(name)).sort();
  const heads = new Map<number, Head>();
  let before: SignedManifest | undefined;
  let isFromBeginning = false;
  for (const [i, day] of days.entries()) {
    const report: ExportedDay = { day };
    try {
      const last = before;
      before = undefined;
      const signed = await readManifest(join(directory, day), trusted);
      before = signed;
      const { number, files, signingKey } = signed.manifest;
      Object.assign(report, { number, chains: files.length, signingKey, manifest: signed.sha256, ...totals(files) });
      if (i === 0) isFromBeginning = number === 1;
      assertFollows(signed, day, last);
      if (i > 0 && !last) throw new Error('the manifest of the day before could not be read');
      await verifyFiles(join(directory, day), signed.manifest.files, (file) =>
        assertContinues(file, heads.get(file.chain), isFromBeginning),
      );
    } catch (error) {
      report.fault = (error as Error).message;
    }
    for (const { chain, last, hash } of before?.manifest.day === day ? before.manifest.files : [])
      heads.set(chain, { sequence: last, hash });
    found(report);
  }
}

/**
 * Reads the manifest of an exported day, and verifies its signature.
 *
 * @throws Error that describes the fault
 */
export async function readManifest(folder: string, trusted: TrustedAuditKeys): Promise<SignedManifest> {
  const bytes = await readPart(folder, MANIFEST);
  const signature = await readPart(folder, SIGNATURE);
  const signed = parseManifest(bytes);
  const { signingKey } = signed.manifest;
  trusted.accept(keysOf(signed.manifest));
  if (!trusted.has(signingKey))
    throw new Error(`${MANIFEST} is signed by key ${signingKey}, which is neither given nor signed by a given one`);
  if (!trusted.verifies(signingKey, bytes, signature))
    throw new Error(`${MANIFEST} was modified: its signature in ${SIGNATURE} does not match`);
  return signed;
}

/** @throws Error if a manifest isn't the next one after another, or not that of its folder */
function assertFollows({ manifest }: SignedManifest, day: string, before: SignedManifest | undefined): void {
  const { number, previous, deployment } = manifest;
  if (manifest.day !== day) throw new Error(`its manifest is that of ${manifest.day}`);
  if (number === 1 && previous !== null) throw new Error(`${MANIFEST} is the first, but names one before it`);
  if (!before) return;
  const expected = before.manifest.number + 1;
  if (deployment !== before.manifest.deployment) throw new Error('it is the export of another deployment');
  if (number > expected)
    throw new Error(
      `${expected === number - 1 ? `segment ${expected} is` : `segments ${expected} to ${number - 1} are`} missing before segment ${number}`,
    );
  if (number < expected) throw new Error(`segment ${number} comes after segment ${before.manifest.number}`);
  if (previous !== before.sha256)
    throw new Error(`segment ${number} follows a manifest of segment ${number - 1} that differs from the one here`);
}

function assertContinues({ chain, first, previous, name }: ManifestFile, head: Head | undefined, isComplete: boolean) {
  const expected = head ?? { sequence: 0, hash: BEGINNING };
  if (!head && (!isComplete || (first === 1 && previous === BEGINNING))) return;
  if (first !== expected.sequence + 1 || previous !== expected.hash)
    throw new Error(
      `${name} does not continue chain ${chain}, which the previous days end at event ${expected.sequence}`,
    );
}

/**
 * Verifies the files of an exported day against its manifest.
 *
 * @param check checks the beginning of the chain of a file
 * @throws Error that describes the fault
 */
export async function verifyFiles(
  folder: string,
  files: readonly ManifestFile[],
  check: (file: ManifestFile) => void,
): Promise<void> {
  const listed = new Set([MANIFEST, SIGNATURE, ...files.map(({ name }) => name)]);
  const stray = (await readdir(folder)).find((name) => !listed.has(name));
  if (stray !== undefined) throw new Error(`${stray} is not in the manifest`);
  for (const file of files) {
    check(file);
    await verifyFile(folder, file);
  }
}

async function verifyFile(folder: string, file: ManifestFile): Promise<void> {
  const { name, size, sha256, chain, first, last, previous, hash, count } = file;
  const digest = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(join(folder, name)) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      digest.update(chunk);
    }
  } catch (error) {
    throw new Error(reasonOf(name, error), { cause: error });
  }
  if (bytes !== size) throw new Error(`${name} has ${bytes} bytes, and ${size} in the manifest`);
  if (digest.digest('hex') !== sha256) throw new Error(`${name} was modified: its SHA-256 is not that in the manifest`);

  const events = new ChainCheck(chain, true);
  const gunzip = createGunzip();
  await pipeline(createReadStream(join(folder, name)), gunzip, async (text) => {
    for await (const line of createInterface({ input: text as NodeJS.ReadableStream, crlfDelay: Infinity }))
      events.event(line);
  }).catch((error: unknown) => {
    throw new Error(`${name} can't be decompressed: ${(error as Error).message}`, { cause: error });
  });
  const { fault, head, begin } = events.report;
  if (fault) throw new Error(`${name}: ${fault.what}`);
  const isAsStated =
    begin?.sequence === first - 1 && begin.hash === previous && head.sequence === last && head.hash === hash;
  if (!isAsStated || events.report.events !== count)
    throw new Error(`${name} does not have the events that the manifest states`);
}

async function readPart(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (error) {
    throw new Error(reasonOf(name, error), { cause: error });
  }
}

function reasonOf(name: string, error: unknown): string {
  const { code, message } = error as Error & { code?: string };
  return code === 'ENOENT' ? `${name} is missing` : `${name} can't be read: ${message}`;
}

/** Returns the numbers of events and bytes of files. */
export function totals(files: readonly ManifestFile[]): { events: number; bytes: number } {
  const sum = (of: 'count' | 'size') => files.reduce((total, file) => total + file[of], 0);
  return { events: sum('count'), bytes: sum('size') };
}
