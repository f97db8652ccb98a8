import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type pg from 'pg';
import type { EntityManager } from 'typeorm';
import { intactSegments, unexportedDays } from '../../audit/export.js';
import { VERSION } from '../../config/version.js';
import { serviceSecret } from '../../provider/service-secret.js';
import { type Deployment, urlsOf } from '../deployment.js';
import { EXIT, Failure } from '../failure.js';
import { type Manifest, sealManifest } from './manifest.js';
import { chooseFor, findPgDumps, libpqEnvironment, type PgDump, runPgDump } from './pg-dump.js';
import { auditPartitionsBefore, exportSnapshot, inSnapshot, NODES, readFacts, rowsOf } from './snapshot.js';

/**
 * Dumps the database of a deployment, and describes the dump in a manifest beside it. Either both files are created or
 * none.
 *
 * @param withoutAuditBefore ISO 8601: leaves out the audit log's partitions of earlier days, which must be exported
 * @throws Failure if there is no pg_dump for the server, one of the files exists, a day that would be left out isn't
 *         exported, or pg_dump fails
 */
export async function takeBackup(
  deployment: Deployment,
  path: string,
  withoutAuditBefore?: string,
): Promise<{ manifest: Manifest; manifestPath: string }> {
  const { database, masterKey } = deployment;
  const manifestPath = `${path}.manifest.json`;
  for (const taken of [path, manifestPath])
    if (await exists(taken)) throw new Failure(EXIT.state, `${taken} exists. Give another path, or remove it first.`);
  const secret = await serviceSecret(database.manager, masterKey, 'audit');
  if (withoutAuditBefore !== undefined) await assertExported(database.manager, secret, withoutAuditBefore);
  const unfinished = `${path}.${process.pid}.new`;
  const unfinishedManifest = `${manifestPath}.${process.pid}.new`;
  try {
    await createPrivate(unfinished);
    const facts = await inSnapshot(urlsOf(deployment), async (client, url) => {
      const program = await programFor(client, deployment);
      const snapshot = await exportSnapshot(client);
      const leftOut = withoutAuditBefore === undefined ? [] : await auditPartitionsBefore(client, withoutAuditBefore);
      const withoutRows = [NODES, ...leftOut];
      await runPgDump(program, libpqEnvironment(client, url), { snapshot, file: unfinished, withoutRows });
      return { ...(await readFacts(client, leftOut)), ...(withoutAuditBefore !== undefined && { withoutAuditBefore }) };
    });
    const dump = { file: basename(path), ...(await digestOf(unfinished)) };
    const manifest = sealManifest(secret, { version: VERSION, dump, ...facts });
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeFile(unfinishedManifest, text, { mode: 0o600, flag: 'wx', flush: true });
    await rename(unfinished, path);
    await rename(unfinishedManifest, manifestPath);
    return { manifest, manifestPath };
  } finally {
    secret.fill(0);
    await rm(unfinished, { force: true });
    await rm(unfinishedManifest, { force: true });
  }
}

/** @throws Failure if the events of an earlier day would be lost */
async function assertExported(manager: EntityManager, secret: Buffer, before: string): Promise<void> {
  const [missing] = await unexportedDays(manager, await intactSegments(manager, secret), before);
  if (missing !== undefined)
    throw new Failure(
      EXIT.state,
      `The audit events of ${missing} are not exported: run keyblock audit export first, or give an earlier day.`,
    );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Creates an empty file that only its owner may read. */
async function createPrivate(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    throw new Failure(EXIT.usage, `No file can be created in ${dirname(path)}: ${(error as Error).message}`);
  }
}

/** @throws Failure that states what is missing, and an alternative */
async function programFor(client: pg.Client, { directory }: Deployment): Promise<PgDump> {
  const [server] = await rowsOf<{ major: number }>(
    client,
    `SELECT current_setting('server_version_num')::integer / 10000 AS major`,
  );
  const major = server?.major ?? 0;
  const found = findPgDumps();
  const program = chooseFor(major, found);
  if (program) return program;
  const newest = found.sort((a, b) => b.major - a.major)[0];
  const others = newest ? `the newest, ${newest.path}, is of version ${newest.major}` : 'there is none at all';
  const instead = directory
    ? `Or stop the service and copy ${directory.path}, without its master-key and credentials: that copy is a backup, too.`
    : 'Or use the backup tools of the database server.';
  throw new Failure(
    EXIT.state,
    `No pg_dump fits the database, which is PostgreSQL ${major}: ${others}. ` +
      `Install the client programs of PostgreSQL ${major} (in Debian: postgresql-client-${major}). ${instead}`,
  );
}

async function digestOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
