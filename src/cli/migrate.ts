import type { Command, Streams } from './command.js';
import { count } from './layout.js';
import { type OutputOptions, print, withOutput } from './results.js';

const DESCRIPTION = `Bring the schema of the database up to date.

The service does the same when it starts. With KEYBLOCK_MIGRATE=off it refuses to start instead while migrations are due, so that this command decides when they run, for example in a Kubernetes Job.

All migrations run in one transaction. The command reads the environment of the service, with the master key, and ignores KEYBLOCK_MIGRATE.`;

/** Adds `keyblock migrate`. */
export function addMigrate(program: Command, streams: Streams): void {
  const command = program
    .command('migrate')
    .description(DESCRIPTION)
    .option('--dry-run', 'Print the due migrations, and change nothing.')
    .examples('keyblock migrate --dry-run', 'keyblock migrate')
    .readOn('docs/operating.md');
  withOutput(command).action(async (options: OutputOptions & { dryRun?: true }) => {
    const { migrateDeployment, migrationsDue } = await import('./deployment.js');
    if (options.dryRun) {
      const due = await migrationsDue();
      print(streams, options, { Due: due }, [
        ...due,
        due.length === 0 ? 'No migration is due.' : `Due: ${due.length}.`,
      ]);
    } else {
      const done = await migrateDeployment();
      print(streams, options, { Migrated: done }, [
        ...done,
        `The schema is up to date: ${count(done.length, 'migration')}.`,
      ]);
    }
  });
}
