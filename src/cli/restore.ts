import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { count } from './layout.js';
import { type OutputOptions, print, remark, withOutput } from './results.js';

const DOCUMENT = 'docs/operating.md';
const DESCRIPTION = `Check a restored database before a service is started on it.

Opens every sealed value with the master key, verifies every row that has a MAC and all chains of the audit log, and prints a line for each fault. With --manifest it also compares the database with its backup: tables, numbers of rows, migrations, master keys, ends of the audit chains. With --events it lists keys that were destroyed after the backup and exist again.

Checks the database in the environment of the service, and refuses while a service runs on it. An older schema is migrated first.

The exit code is 1 if anything is found.`;

interface CheckOptions extends OutputOptions {
  manifest?: string;
  events?: string;
}

/** Adds `keyblock restore`. */
export function addRestore(program: Command, streams: Streams): void {
  const restore = program.command('restore').description('Check a database that was restored.').readOn(DOCUMENT);
  const check = restore
    .command('check')
    .description(DESCRIPTION)
    .option('--manifest <path>', 'The manifest of the backup.')
    .option('--events <path>', 'Later audit events, a JSON object on each line.')
    .examples(
      'keyblock restore check --manifest keyblock.dump.manifest.json',
      'keyblock restore check --events keyblock.log',
    )
    .readOn(DOCUMENT);
  withOutput(check).action(async (options: CheckOptions) => {
    const { checkRestored } = await import('./backup/check-restored.js');
    const { manifest, tables, chains, events, onlyExported, destroyed, findings } = await checkRestored(options);
    const isIntact = findings.length === 0 && destroyed.length === 0;
    const result = {
      Intact: isIntact,
      Manifest: manifest && { Deployment: manifest.deployment, TakenAt: manifest.takenAt },
      Tables: tables.map(({ name, rows, faults }) => ({ Name: name, Rows: rows, Faults: faults })),
      Chains: chains,
      Events: events,
      OnlyExported: onlyExported,
      DestroyedSince: destroyed,
      Findings: findings,
    };
    print(streams, options, result, [
      ...findings,
      ...destroyed.map((arn) => `${arn} was destroyed after the backup: delete it again.`),
      ...tables.map(
        ({ name, rows, faults }) =>
          `${name}: ${count(rows, 'row')}, ${faults === 0 ? 'ok' : `${faults} NOT AS WRITTEN`}`,
      ),
      ...(chains === undefined ? [] : [`audit log: ${count(chains, 'chain')}, ${count(events ?? 0, 'event')}`]),
      ...(onlyExported.length === 0
        ? []
        : [
            `audit log: the backup left out ${count(onlyExported.length, 'day')}, which the exports have: segment ${onlyExported.join(', ')}`,
          ]),
      ...(isIntact && manifest ? [`The database is as it was backed up at ${manifest.takenAt}.`] : []),
      ...(isIntact && !manifest ? ['The database is as a service left it.'] : []),
    ]);
    if (!isIntact)
      throw new Failure(
        EXIT.no,
        `Don't start the service yet: ${count(findings.length + destroyed.length, 'finding')}.`,
      );
    if (!manifest)
      remark(streams, options, 'Without --manifest, the check cannot detect that the restored state is too old.');
  });
}
