import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type pg from 'pg';
import { z } from 'zod';
import { GONE_SECONDS } from '../../admin/nodes.js';
import { type ChainReport } from '../../audit/chain-check.js';
import { verifyTable } from '../../audit/verify.js';
import { sealOf } from '../../provider/bound.subscriber.js';
import { SealError } from '../../provider/master-key.js';
import { type CheckedTable, checkRows } from '../../provider/row-check.js';
import { knownSecret } from '../../provider/service-secret.js';
import { type Deployment, withDeployment } from '../deployment.js';
import { EXIT, Failure } from '../failure.js';
import { differences, type Facts, faultOf, type Manifest, missingTables, parseManifest } from './manifest.js';
import { inSnapshot, NODES, readFacts, rowsOf } from './snapshot.js';

const UNDEFINED_TABLE = '42P01';

/** The result of a check. */
export interface RestoreReport {
  /** Present if one was given and this deployment wrote it. */
  manifest?: Manifest;
  tables: CheckedTable[];
  /** Number of audit chains; absent if they could not be verified. */
  chains?: number;
  events?: number;
  /** Numbers of the segments whose days the backup left out, as its manifest states. */
  onlyExported: number[];
  /** ARNs of keys that were destroyed after the backup and that the restore brought back. */
  destroyed: string[];
  /** Faults that the check found, a sentence for each. */
  findings: string[];
}

/** Thrown if a fault makes further checks impossible; the fault is among the findings. */
class Unreadable extends Error {}

/**
 * Checks the restored database that the environment names.
 *
 * @throws Failure if a service runs on the database, it isn't one of Keyblock, or a file can't be read
 */
export async function checkRestored(files: { manifest?: string; events?: string }): Promise<RestoreReport> {
  const given = files.manifest === undefined ? undefined : await readManifest(files.manifest);
  const destroyedSince = files.events === undefined ? [] : await readDestroyed(files.events);
  const report: RestoreReport = { tables: [], onlyExported: [], destroyed: [], findings: [] };
  const { findings } = report;
  let facts: Facts | undefined;
  try {
    await withDeployment(
      async (deployment) => {
        await checkAll(deployment, report, { given, facts, destroyedSince });
      },
      (urls) =>
        inSnapshot(urls, async (client) => {
          await refuseServed(client);
          facts = await readFacts(client);
          if (!hasSchema(facts))
            throw new Failure(EXIT.state, 'This is not a database of Keyblock: it has no tables. Restore it first.');
          const missing = given ? missingTables(given, facts) : [];
          findings.push(...missing.map((name) => `The table ${name} is missing.`));
          if (missing.length > 0) throw new Unreadable();
        }),
    );
  } catch (error) {
    if (error instanceof Unreadable) return report;
    const { code, message } = error as Error & { code?: string };
    if (error instanceof SealError) findings.push(`The secret of the rows' MACs does not open: ${message}.`);
    else if (code === UNDEFINED_TABLE) findings.push(`A table is missing: ${message}.`);
    else throw error;
  }
  return report;
}

interface Given {
  given: Manifest | undefined;
  facts: Facts | undefined;
  destroyedSince: string[];
}

async function checkAll(
  { database, masterKey }: Deployment,
  report: RestoreReport,
  { given, facts, destroyedSince }: Given,
): Promise<void> {
  const { findings } = report;
  const { tables, setFault } = await checkRows(database, { seal: sealOf(database), masterKey }, (line) =>
    findings.push(`${line}.`),
  );
  report.tables = tables;
  if (setFault !== undefined) findings.push(`Not as the service left it: ${setFault}.`);
  report.destroyed = await database
    .query<{ arn: string }[]>(
      `SELECT arn FROM keys WHERE arn = ANY($1) AND sealed IS NOT NULL
      UNION SELECT arn FROM kms_keys WHERE arn = ANY($1) ORDER BY arn`,
      [destroyedSince],
    )
    .then((rows) => rows.map(({ arn }) => arn));

  const secret = await auditSecret(database.manager, masterKey);
  if (typeof secret === 'string') {
    findings.push(secret);
    return;
  }
  if (given && facts) {
    const fault = faultOf(given, secret);
    if (fault === undefined) report.manifest = given;
    findings.push(...(fault === undefined ? differences(given, facts) : [fault]));
  }
  const chains: ChainReport[] = [];
  const leftOutBefore = report.manifest?.withoutAuditBefore ?? '';
  const logFault = await verifyTable(database, secret, (chain) => chains.push(chain), {
    absent: ({ day, number }) => {
      if (day < leftOutBefore) report.onlyExported.push(number);
      else findings.push(`The audit events of ${day} are missing; segment ${number} of the exports has them.`);
    },
  });
  report.chains = chains.length;
  report.events = chains.reduce((sum, { events }) => sum + events, 0);
  for (const { chain, fault } of chains) if (fault) findings.push(`Audit chain ${chain}: ${fault.what}.`);
  if (logFault !== undefined) findings.push(`Audit log: ${logFault}.`);
}

/** @returns a sentence if the database doesn't have the secret, or it doesn't open */
async function auditSecret(
  manager: Deployment['database']['manager'],
  masterKey: Deployment['masterKey'],
): Promise<Buffer | string> {
  try {
    const secret = await knownSecret(manager, masterKey, 'audit');
    return secret ?? 'service_secrets lacks the secret of the audit log: neither log nor manifest can be verified.';
  } catch (error) {
    if (error instanceof SealError) return `The secret of the audit log does not open: ${error.message}.`;
    throw error;
  }
}

function hasSchema({ tables }: Facts): boolean {
  return tables.some(({ name }) => name === 'migrations');
}

/** @throws Failure that names the processes that serve the database */
async function refuseServed(client: pg.Client): Promise<void> {
  const [table] = await rowsOf<{ exists: boolean }>(client, 'SELECT to_regclass($1) IS NOT NULL AS exists', [NODES]);
  if (table?.exists !== true) return;
  const nodes = await rowsOf<{ host: string; pid: number }>(
    client,
    `SELECT host, pid FROM nodes WHERE last_seen_at > now() - $1 * interval '1 second' ORDER BY host, pid LIMIT 10`,
    [GONE_SECONDS],
  );
  if (nodes.length === 0) return;
  const names = nodes.map(({ host, pid }) => `process ${pid} on ${host}`).join(', ');
  throw new Failure(
    EXIT.state,
    `The database is in use by ${names}. Check a database before a service is started on it; a killed one counts as running for a minute.`,
  );
}

async function readManifest(path: string): Promise<Manifest> {
  try {
    return parseManifest(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Failure(EXIT.usage, `${path} is not a manifest of a backup: ${(error as Error).message}`);
  }
}

const Destroyed = z.object({
  eventName: z.literal('DeleteKey'),
  // The call only begins the waiting period; the service itself destroys the key.
  eventType: z.literal('AwsServiceEvent'),
  resources: z.array(z.object({ ARN: z.string() })),
});

/** Reads the ARNs of destroyed keys from audit events. Other lines are skipped. */
async function readDestroyed(path: string): Promise<string[]> {
  const arns = new Set<string>();
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      if (!line.includes('"DeleteKey"')) continue;
      for (const { ARN } of Destroyed.safeParse(jsonOf(line)).data?.resources ?? []) arns.add(ARN);
    }
  } catch (error) {
    throw new Failure(EXIT.usage, `The file can't be read: ${(error as Error).message}`);
  }
  return [...arns];
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
