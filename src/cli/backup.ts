import { readDay } from './audit-segments.js';
import type { Command, Streams } from './command.js';
import { count } from './layout.js';
import { type OutputOptions, print, remark, withOutput } from './results.js';

const DOCUMENT = 'docs/operating.md';
const DESCRIPTION = `Back up the database to a file, with a manifest beside it.

Dumps the database with pg_dump, in the custom format of pg_restore. The manifest, at the same path with .manifest.json after it, has the number of rows of each table, the ends of the audit chains and a MAC. After a restore, keyblock restore check compares the database with it. Both files describe one moment.

With --without-audit-before, the dump leaves out the events of earlier days, which must be exported: see keyblock audit export. The restored database verifies, and keyblock restore check names the segments that only the exports have.

The service keeps running. The command needs a pg_dump that is at least as new as the server; the embedded database doesn't include it.

Back up the master key as well, and store it separately: the file is useless without it.`;

/** Adds `keyblock backup`. */
export function addBackup(program: Command, streams: Streams): void {
  const backup = program
    .command('backup')
    .description(DESCRIPTION)
    .requiredOption('--to <path>', 'File to create.')
    .option('--without-audit-before <day>', 'Leave out the audit events of earlier days, all exported.', readDay)
    .examples(
      'keyblock backup --to "/backup/keyblock-$(date +%F).dump"',
      'keyblock backup --to keyblock.dump --without-audit-before 2026-11-01',
    )
    .readOn(DOCUMENT);
  withOutput(backup).action(async (options: OutputOptions & { to: string; withoutAuditBefore?: string }) => {
    const [{ withDeployment }, { takeBackup }] = await Promise.all([
      import('./deployment.js'),
      import('./backup/take-backup.js'),
    ]);
    await withDeployment(async (deployment) => {
      const { manifest, manifestPath } = await takeBackup(deployment, options.to, options.withoutAuditBefore);
      const { dump, tables, chains, deployment: id, takenAt } = manifest;
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      const result = {
        Deployment: id,
        TakenAt: takenAt,
        Dump: { Path: options.to, Bytes: dump.bytes, Sha256: dump.sha256 },
        Manifest: { Path: manifestPath },
        Tables: tables.length,
        Rows: rows,
        Chains: chains.length,
        WithoutAuditBefore: manifest.withoutAuditBefore,
      };
      print(streams, options, result, [
        `${options.to}: ${count(rows, 'row')} of ${count(tables.length, 'table')}, ${count(dump.bytes, 'byte')}`,
        `${manifestPath}: ${count(chains.length, 'audit chain')}, deployment ${id}, ${takenAt}`,
      ]);
      remark(streams, options, 'The master key is not in these files: keep a separate backup of it.');
    });
  });
}
