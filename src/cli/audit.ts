import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Argument } from 'commander';
import type { ChainReport } from '../audit/chain-check.js';
import { addAuditSigningKey } from './audit-signing-key.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { count } from './layout.js';
import { print, type ResultOptions, withJson } from './results.js';
import { addAuditEvents } from './service/audit-events.js';

const DOCUMENT = 'docs/audit.md';
const DESCRIPTION = `Find events of the audit log that were edited, removed or inserted.

Prints for each chain of events whether it is intact, and if not, where it was changed. A service begins a chain each time it starts. Each line ends with the hash of the chain's last event. Keep this hash elsewhere, and it can later prove that no event up to that one was changed.

Without --file or -, the command reads the table in the database that the service's environment names. The service keeps running. To verify a copy from a service's standard output, no database is needed.

The exit code is 1 if anything is wrong.`;

/** Adds `keyblock audit`. */
export function addAudit(program: Command, streams: Streams): void {
  const { stdin } = streams;
  const audit = program.command('audit').description('Read the audit log of a service, or check it.').readOn(DOCUMENT);
  addAuditEvents(audit, streams);
  const verify = audit
    .command('verify')
    .description(DESCRIPTION)
    .addArgument(new Argument('[-]', 'read a copy from standard input').choices(['-']))
    .option('--file <path>', 'Read a copy from a file.')
    .examples('keyblock audit verify', 'keyblock audit verify --file keyblock.log')
    .readOn(DOCUMENT);
  withJson(verify, 'Print a JSON line for each chain.').action(
    async (dash: string | undefined, options: ResultOptions & { file?: string }) => {
      const { file } = options;
      if (dash !== undefined && file !== undefined)
        throw new Failure(EXIT.usage, 'Give either --file or -, or neither to verify the table in the database.');
      const [{ whatTells }, { presentChain }] = await Promise.all([
        import('../audit/chain-events.js'),
        import('../admin/audit.presenter.js'),
      ]);
      const chains = new Set<number>();
      const faulty = new Set<number>();
      const report = (chain: ChainReport) => {
        chains.add(chain.chain);
        if (chain.fault) faulty.add(chain.chain);
        const told = chain.tells.map((event) => whatTells(event, chain.chain));
        for (const event of chain.tells)
          faulty.add(event.eventName === 'AuditChainBroken' ? event.serviceEventDetails.chain : chain.chain);
        const document = { ...presentChain(chain), ...(told.length > 0 && { Tells: told }) };
        print(streams, options, document, [lineOf(chain), ...told]);
      };
      let setFault: string | undefined;
      if (file !== undefined) await verifyCopy(createReadStream(file), report);
      else if (dash !== undefined) await verifyCopy(stdin, report);
      else setFault = await verifyTable(report);

      if (setFault !== undefined) throw new Failure(EXIT.no, `Not intact: ${setFault}.`);
      if (chains.size === 0) throw new Failure(EXIT.no, 'There are no audit events.');
      if (faulty.size > 0) throw new Failure(EXIT.no, `Not intact: ${faulty.size} of ${count(chains.size, 'chain')}.`);
    },
  );
  addAuditSigningKey(audit, streams);
}

async function verifyCopy(copy: Readable, report: (chain: ChainReport) => void): Promise<void> {
  const verify = await import('../audit/verify.js');
  const chains = await verify.verifyCopy(copy).catch((error: unknown) => {
    throw new Failure(EXIT.usage, `The file can't be read: ${(error as Error).message}`);
  });
  chains.forEach(report);
}

async function verifyTable(report: (chain: ChainReport) => void): Promise<string | undefined> {
  const [verify, { withDeployment }, { serviceSecret }] = await Promise.all([
    import('../audit/verify.js'),
    import('./deployment.js'),
    import('../provider/service-secret.js'),
  ]);
  let setFault: string | undefined;
  await withDeployment(async ({ database, masterKey }) => {
    const secret = await serviceSecret(database.manager, masterKey, 'audit');
    setFault = await verify.verifyTable(database, secret, report);
  });
  return setFault;
}

function lineOf({ chain, writer, events, from, to, head, fault }: ChainReport): string {
  const process = writer ? ` (${writer.host}, process ${writer.pid})` : '';
  const period = from === undefined ? '' : `, ${from} to ${to ?? from}`;
  const name = `chain ${chain}${process}`;
  if (!fault) return `${name}: ok, ${count(events, 'event')}${period}, ${head.sequence} ${head.hash}`;
  return `${name}: ${fault.kind.toUpperCase()}: ${fault.what} (${count(events, 'event')} before it${period})`;
}
