import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { ExportOptions } from '../audit/export.js';
import type { Segment } from '../audit/segments.js';
import type { TrustedAuditKeys } from '../audit/signing-key.js';
import type { Approval } from '../call.js';
import type { Command, Streams } from './command.js';
import { type ConfirmationOptions, confirm, withConfirmation } from './confirmation.js';
import { EXIT, Failure } from './failure.js';
import { count } from './layout.js';
import type { Operator } from './operator.js';
import { type OutputOptions, print, printItems, remark, withOutput } from './results.js';

const DOCUMENT = 'docs/audit.md';
const EXPORT_DESCRIPTION = `Export completed days of the audit log to signed files.

Writes a folder for each day of the table that ended at least an hour ago and isn't exported yet: a file of compressed JSON lines for each chain, manifest.json with their hashes, and its signature manifest.sig. Each file is read back and verified before the day is recorded in the table audit_segments. Nothing is removed from the table.

You can repeat an interrupted command. The command reads the environment of the service, which keeps running. Each day is audited as ExportAudit.`;
const PRUNE_DESCRIPTION = `Drop old, exported days of the audit log.

Drops whole partitions of the table. Refuses unless every older day is exported, its export is in the folder and intact, and the table has the same events.

The command reads the environment of the service, which keeps running. Each day is audited as PruneAudit. If a guard of that name covers it, the command is refused with a request for approval: repeat it with --approval when it is approved.`;
const SEGMENTS_DESCRIPTION = `List the days of the audit log that were exported or pruned.

The command reads the environment of the service.`;

interface PruneOptions {
  keep: number;
  export: string;
  /** Session in which dropping the days was approved. */
  approval?: string;
}

/** Adds the subcommands of `keyblock audit` that export days and drop them. */
export function addAuditSegments(audit: Command, streams: Streams): void {
  const exporting = audit
    .command('export')
    .description(EXPORT_DESCRIPTION)
    .requiredOption('--to <dir>', 'Folder of all exports of this deployment.')
    .option('--day <day>', 'Export only this day, e.g. 2026-11-28.', readDay)
    .examples('keyblock audit export --to /mnt/audit', 'keyblock audit export --to /mnt/audit --day 2026-11-28')
    .readOn(DOCUMENT);
  withOutput(exporting, 'Print a JSON line for each day.').action(
    async (options: OutputOptions & { to: string; day?: string }) => {
      let exported = 0;
      await withSegments(options.to, async (operator, work) => {
        exported = await exportDays(operator, work, options.day, (segment) => {
          print(streams, options, presentSegment(segment), [
            `${segment.day}: segment ${segment.number}, ${count(segment.events, 'event')} of ${count(segment.chains.length, 'chain')}, ${count(segment.bytes, 'byte')}, manifest ${segment.manifest}`,
          ]);
        });
      });
      if (exported === 0) remark(streams, options, 'All completed days are already exported.');
    },
  );

  const pruning = audit
    .command('prune')
    .description(PRUNE_DESCRIPTION)
    .requiredOption('--keep <days>', 'Keep this many days before today, e.g. 90d.', readDays)
    .requiredOption('--export <dir>', 'Folder of all exports of this deployment.')
    .option('--approval <id>', 'Drop the days of this approved request: TEAM:ID, or the ARN of the session.')
    .examples(
      'keyblock audit prune --keep 90d --export /mnt/audit',
      'keyblock audit prune --keep 92d --export /mnt/audit --yes',
    )
    .readOn(DOCUMENT);
  withConfirmation(withOutput(pruning, 'Print a JSON line for each day.')).action(
    async (options: OutputOptions & ConfirmationOptions & PruneOptions) => {
      const { keep } = options;
      await confirm(streams, options, `Drop the events of the audit log that are older than ${count(keep, 'day')}?`);
      let pruned = 0;
      await withSegments(options.export, async (operator, work) => {
        pruned = await pruneDays(operator, work, options, (segment) =>
          print(streams, options, presentSegment(segment), [
            `${segment.day}: segment ${segment.number}, ${count(segment.events, 'event')} dropped from the table`,
          ]),
        );
      });
      if (pruned === 0) remark(streams, options, `The table has no exported days older than ${count(keep, 'day')}.`);
    },
  );

  const listing = audit
    .command('segments')
    .description(SEGMENTS_DESCRIPTION)
    .examples('keyblock audit segments', 'keyblock audit segments --json')
    .readOn(DOCUMENT);
  withOutput(listing, 'Print a JSON line for each day.').action(async (options: OutputOptions) => {
    const [{ withDeployment }, { serviceSecret }, { intactSegments }] = await Promise.all([
      import('./deployment.js'),
      import('../provider/service-secret.js'),
      import('../audit/export.js'),
    ]);
    let segments: Segment[] = [];
    await withDeployment(async ({ database, masterKey }) => {
      const secret = await serviceSecret(database.manager, masterKey, 'audit');
      segments = await intactSegments(database.manager, secret);
    });
    const header = ['SEGMENT', 'DAY', 'EVENTS', 'BYTES', 'EXPORTED', 'BY', 'PRUNED', 'BY'];
    printItems(streams, options, segments.map(presentSegment), header, (segment) => [
      segment.Number,
      segment.Day,
      segment.Events,
      segment.Bytes,
      segment.Exported,
      segment.ExportedBy,
      segment.Pruned ?? '-',
      segment.PrunedBy ?? '-',
    ]);
  });
}

/** Verifies an export by itself. @throws Failure if a day isn't intact */
export async function verifyExportedDays(
  streams: Streams,
  options: OutputOptions,
  directory: string,
  trusted: TrustedAuditKeys,
): Promise<void> {
  const { verifyExport } = await import('../audit/verify-export.js');
  let [days, faulty] = [0, 0];
  await verifyExport(directory, trusted, (day) => {
    days += 1;
    if (day.fault !== undefined) faulty += 1;
    const { number, events = 0, chains = 0, bytes, manifest, signingKey, fault } = day;
    const document = {
      Day: day.day,
      Number: number,
      Events: events,
      Chains: chains,
      Bytes: bytes,
      ManifestSha256: manifest,
      SigningKey: signingKey,
      Fault: fault,
    };
    const name = number === undefined ? day.day : `${day.day}: segment ${number}`;
    print(streams, options, document, [
      fault === undefined
        ? `${name}: ok, ${count(events, 'event')} of ${count(chains, 'chain')}, signed by ${signingKey ?? ''}`
        : `${name}: FAULT: ${fault}`,
    ]);
  }).catch((error: unknown) => {
    throw new Failure(EXIT.usage, `The folder can't be read: ${(error as Error).message}`);
  });
  if (days === 0) throw new Failure(EXIT.no, 'There are no exported days in the folder.');
  if (faulty > 0) throw new Failure(EXIT.no, `Not intact: ${faulty} of ${count(days, 'day')}.`);
}

/** Exports the days that are closed, in their order. @returns the number of days */
async function exportDays(
  operator: Operator,
  work: ExportOptions,
  only: string | undefined,
  done: (segment: Segment) => void,
): Promise<number> {
  const { closedDays, exportDay, intactSegments } = await import('../audit/export.js');
  const { addSegment } = await import('../audit/segments.js');
  const { database, secret } = work;
  const { clock } = operator.deployment;
  const known = await intactSegments(database.manager, secret);
  const closed = await closedDays(database.manager, known);
  if (only !== undefined) {
    if (known.some(({ day }) => day === only)) return 0;
    if (!closed.includes(only))
      throw new Failure(EXIT.state, `${only} has no events in the table, or ended less than an hour ago.`);
    if (closed[0] !== only) throw new Failure(EXIT.state, `${closed[0] ?? ''} comes before ${only}: export it first.`);
    closed.splice(1);
  }
  if (closed.length === 0) return 0;
  await operator.audited(async () => {
    for (const day of closed) {
      const segments = await intactSegments(database.manager, secret);
      const exported = await exportDay(work, segments, day);
      const { number, manifest } = exported;
      const call = operator.call('ExportAudit', { Day: day, Number: number, ManifestSha256: manifest });
      const facts = { ...exported, exportedAt: clock.now(), exportedBy: call.principal.arn };
      await operator.changes.transaction(call, (manager) => addSegment(manager, secret, segments.at(-1), facts));
      const [segment] = (await intactSegments(database.manager, secret)).slice(-1);
      if (segment) done(segment);
    }
  });
  return closed.length;
}

/** Drops the days that are due, in their order. @returns the number of days */
async function pruneDays(
  operator: Operator,
  work: ExportOptions,
  { keep: keepDays, approval }: PruneOptions,
  done: (segment: Segment) => void,
): Promise<number> {
  const { dropSegment, prunable } = await import('../audit/prune.js');
  const { secret } = work;
  const older = await prunable({ ...work, keepDays });
  const lastDay = approval === undefined ? undefined : await approvedDay(operator, approval);
  const due = older.filter(({ day }) => lastDay === undefined || day <= lastDay);
  if (due.length === 0) return 0;
  await operator.audited(async () => {
    const approvals = await approvePruning(operator, due);
    for (const segment of due) {
      const { day, number, manifest } = segment;
      const call = operator.call('PruneAudit', { Day: day, Number: number, ManifestSha256: manifest });
      for (const each of approvals) call.record.approvedBy(each);
      const pruned = { at: operator.deployment.clock.now(), by: call.principal.arn };
      await operator.changes.transaction(call, (manager) => dropSegment(manager, secret, segment, pruned));
      done({ ...segment, pruned });
    }
  });
  return due.length;
}

/**
 * Uses up the approvals that dropping days needs, if any.
 *
 * @returns the approvals
 * @throws Failure that names the sessions in which they are requested
 */
async function approvePruning(operator: Operator, due: readonly Segment[]): Promise<readonly Approval[]> {
  const last = due.at(-1);
  // The manifest of a day has the hash of the one before it, so the last stands for all.
  const call = operator.call('PruneAudit', {
    FirstDay: due[0]?.day,
    LastDay: last?.day,
    Segments: due.length,
    ManifestSha256: last?.manifest,
  });
  try {
    await (await operator.guardedChanges()).approve(call);
  } catch (error) {
    const { name, message, sessionArns } = error as Error & { sessionArns?: readonly string[] };
    if (sessionArns === undefined) throw error;
    const repeated = message.replace(
      'Repeat the same call',
      `Repeat the command with --approval ${sessionArns.join()}`,
    );
    throw new Failure(EXIT.refused, repeated, { name });
  }
  return call.record.approvals;
}

/** Reads the last day of a request to drop days. @throws Failure if there is no such request */
async function approvedDay({ deployment }: Operator, named: string): Promise<string> {
  const { ApprovalSession } = await import('../approvals/approval-session.entity.js');
  const { accountId } = deployment.config;
  const id = named.slice(Math.max(named.lastIndexOf(':'), named.lastIndexOf('/')) + 1);
  const session = await deployment.database.manager.findOneBy(ApprovalSession, { id, accountId });
  if (session?.operation !== 'PruneAudit')
    throw new Failure(EXIT.state, `${named} is not a request for approval of keyblock audit prune.`);
  const { parameters } = JSON.parse(session.details) as { parameters: { lastDay: string } };
  return parameters.lastDay;
}

/** Runs work on the exported days of the deployment, one command at a time. */
async function withSegments(
  directory: string,
  work: (operator: Operator, options: ExportOptions) => Promise<void>,
): Promise<void> {
  const [{ withOperator }, { serviceSecret }, { auditSigningKey }, { LOCKS, tryWithLock }] = await Promise.all([
    import('./operator.js'),
    import('../provider/service-secret.js'),
    import('../provider/audit-signing-key.js'),
    import('../database/locks.js'),
  ]);
  await withOperator('keyblock audit', async (operator) => {
    const { database, masterKey, clock } = operator.deployment;
    const secret = await serviceSecret(database.manager, masterKey, 'audit');
    const signingKey = await auditSigningKey(database.manager, masterKey, clock.now());
    const isAlone = await tryWithLock(database, LOCKS.auditSegments, () =>
      work(operator, { database, secret, signingKey, directory: resolve(directory) }),
    );
    if (!isAlone) throw new Failure(EXIT.state, 'Another command is exporting or pruning: wait until it has finished.');
  });
}

function presentSegment({ number, day, events, bytes, chains, manifest, exportedAt, exportedBy, pruned }: Segment) {
  return {
    Number: number,
    Day: day,
    Events: events,
    Bytes: bytes,
    Chains: chains.length,
    ManifestSha256: manifest,
    Exported: exportedAt.toISOString(),
    ExportedBy: exportedBy,
    Pruned: pruned?.at.toISOString(),
    PrunedBy: pruned?.by,
  };
}

/** Reads a day. @throws InvalidArgumentError */
export function readDay(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('Give a day such as 2026-11-28.');
}

/** Reads a day, or a number of days before today (UTC), as in a command that runs daily. @throws InvalidArgumentError */
export function readSince(text: string): string {
  if (!/^\d{1,5}d$/.test(text)) return readDay(text);
  return new Date(Date.now() - readDays(text) * 86_400_000).toISOString().slice(0, 10);
}

function readDays(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  if (days === undefined) throw new InvalidArgumentError('Give a number of days such as 90d.');
  return Number(days);
}
