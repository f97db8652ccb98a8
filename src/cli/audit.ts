import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import type { ChainReport } from '../audit/chain-check.js';
import { verifyCopy, verifyTable } from '../audit/verify.js';
import { serviceSecret } from '../provider/service-secret.js';
import { type Command, InputError, UsageError } from './command.js';
import { withDeployment } from './deployment.js';
import { count } from './layout.js';

const HELP = `Usage: keyblock audit verify
       keyblock audit verify (--file <path> | -)

Reads the audit log and says of each chain whether it is as the service wrote it, and where it is not. A service has a chain
for each time that it was started. The hash at the end of a line is that of the chain's last event: written down elsewhere, it
shows later that nothing before it was changed.

Without --file it reads the table, and the environment that the service reads. On PostgreSQL the service goes on; the
embedded database is one process's, so stop the service first. With --file, or - for the standard input, it reads a copy
that a service wrote to its standard output, and needs nothing else.

Exit code 1 where anything is wrong.`;

/** Finds what was changed in the audit log. */
export const auditVerify: Command = {
  name: 'audit verify',
  summary: 'Find what was edited in, removed from or put into the audit log',
  help: HELP,
  run: async (args, { stdin, stdout }) => {
    const faulty: ChainReport[] = [];
    let chains = 0;
    const print = (report: ChainReport) => {
      chains += 1;
      if (report.fault) faulty.push(report);
      stdout.write(`${lineOf(report)}\n`);
    };
    const copy = copyOf(args, stdin);
    if (copy) (await verified(copy)).forEach(print);
    else
      await withDeployment(async ({ database, masterKey }) =>
        verifyTable(database, await serviceSecret(database.manager, masterKey, 'audit'), print),
      );
    if (chains === 0) throw new InputError('There are no audit events.');
    if (faulty.length > 0)
      throw new InputError(`Not as the service wrote: ${faulty.length} of ${count(chains, 'chain')}.`);
  },
};

function copyOf(args: string[], stdin: Readable): Readable | undefined {
  const { file, text } = parse(args);
  if (file !== undefined && text === undefined) return createReadStream(file);
  if (file === undefined && (text === undefined || text === '-')) return text === '-' ? stdin : undefined;
  throw new UsageError('Give --file and a path, or - for the standard input, or nothing for the table.');
}

function parse(args: string[]): { file?: string; text?: string } {
  try {
    const { values, positionals } = parseArgs({ args, options: { file: { type: 'string' } }, allowPositionals: true });
    return { file: values.file, text: positionals.length > 0 ? positionals.join(' ') : undefined };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function verified(copy: Readable): Promise<ChainReport[]> {
  try {
    return await verifyCopy(copy);
  } catch (error) {
    throw new UsageError(`The file can't be read: ${(error as Error).message}`);
  }
}

function lineOf({ chain, writer, events, from, to, head, fault }: ChainReport): string {
  const who = writer ? ` (${writer.host}, process ${writer.pid})` : '';
  const when = from === undefined ? '' : `, ${from} to ${to ?? from}`;
  const name = `chain ${chain}${who}`;
  if (!fault) return `${name}: ok, ${count(events, 'event')}${when}, ${head.sequence} ${head.hash}`;
  return `${name}: ${fault.kind.toUpperCase()}: ${fault.what} (${count(events, 'event')} before it${when})`;
}
