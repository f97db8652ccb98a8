import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Argument } from 'commander';
import type { ChainReport } from '../audit/chain-check.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { count } from './layout.js';

const DOCUMENT = 'docs/audit.md';
const DESCRIPTION = `Find events that were edited in, removed from or added to the audit log.

Prints for each chain of events whether it is as the service wrote it, and where it isn't. A service begins a chain each time it starts. The hash at the end of a line is that of the chain's last event: kept elsewhere, it proves later that nothing before it was changed.

Without --file or -, it reads the table in the database, with the environment of the service. The service keeps running. A copy that a service wrote to its standard output needs no database.

The exit code is 1 if anything is wrong.`;

/** Adds `keyblock audit`. */
export function addAudit(program: Command, { stdin, stdout }: Streams): void {
  const audit = program.command('audit').description('Check the audit log.').readOn(DOCUMENT);
  audit
    .command('verify')
    .description(DESCRIPTION)
    .addArgument(new Argument('[-]', 'read a copy from standard input').choices(['-']))
    .option('--file <path>', 'Read a copy from a file.')
    .examples('keyblock audit verify', 'keyblock audit verify --file keyblock.log')
    .readOn(DOCUMENT)
    .action(async (dash: string | undefined, { file }: { file?: string }) => {
      if (dash !== undefined && file !== undefined)
        throw new Failure(EXIT.usage, 'Give --file or -, not both; or neither, for the table.');
      const reports: ChainReport[] = [];
      const report = (chain: ChainReport) => {
        reports.push(chain);
        stdout.write(`${lineOf(chain)}\n`);
      };
      if (file !== undefined) await verifyCopy(createReadStream(file), report);
      else if (dash !== undefined) await verifyCopy(stdin, report);
      else await verifyTable(report);

      const faulty = reports.filter(({ fault }) => fault);
      if (reports.length === 0) throw new Failure(EXIT.no, 'There are no audit events.');
      if (faulty.length > 0)
        throw new Failure(EXIT.no, `Not as the service wrote: ${faulty.length} of ${count(reports.length, 'chain')}.`);
    });
}

async function verifyCopy(copy: Readable, report: (chain: ChainReport) => void): Promise<void> {
  const verify = await import('../audit/verify.js');
  const chains = await verify.verifyCopy(copy).catch((error: unknown) => {
    throw new Failure(EXIT.usage, `The file can't be read: ${(error as Error).message}`);
  });
  chains.forEach(report);
}

async function verifyTable(report: (chain: ChainReport) => void): Promise<void> {
  const [verify, { withDeployment }, { serviceSecret }] = await Promise.all([
    import('../audit/verify.js'),
    import('./deployment.js'),
    import('../provider/service-secret.js'),
  ]);
  await withDeployment(async ({ database, masterKey }) =>
    verify.verifyTable(database, await serviceSecret(database.manager, masterKey, 'audit'), report),
  );
}

function lineOf({ chain, writer, events, from, to, head, fault }: ChainReport): string {
  const process = writer ? ` (${writer.host}, process ${writer.pid})` : '';
  const period = from === undefined ? '' : `, ${from} to ${to ?? from}`;
  const name = `chain ${chain}${process}`;
  if (!fault) return `${name}: ok, ${count(events, 'event')}${period}, ${head.sequence} ${head.hash}`;
  return `${name}: ${fault.kind.toUpperCase()}: ${fault.what} (${count(events, 'event')} before it${period})`;
}
