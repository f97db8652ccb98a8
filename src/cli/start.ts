import type { Command, Streams } from './command.js';

/** Adds `keyblock start`. */
export function addStart(program: Command, { stderr }: Streams): void {
  program
    .command('start')
    .description(
      [
        'Run the service in the foreground until SIGINT or SIGTERM.',
        '',
        'The service is configured by the environment variables DATABASE_URL and KEYBLOCK_…. The log goes to stdout; the address, the credentials and a first command go to stderr.',
      ].join('\n'),
    )
    .option('--dev', 'Use a new database, which is deleted at exit.')
    .examples('keyblock start', 'KEYBLOCK_PORT=9090 keyblock start --dev')
    .readOn('docs/operating.md')
    .action(async ({ dev }: { dev?: true }) => {
      const { serve, serveTemporarily } = await import('./serve.js');
      await (dev ? serveTemporarily : serve)(process.env, stderr);
    });
}
