import { createReadStream, readFileSync } from 'node:fs';
import { Argument } from 'commander';
import type { ChainReport } from '../audit/chain-check.js';
import type { Copy, CopyReport, StreamReport } from '../audit/copy-check.js';
import type { Segment } from '../audit/segments.js';
import type { TrustedAuditKeys } from '../audit/signing-key.js';
import type { VerifyTableOptions } from '../audit/verify.js';
import { addAuditSegments, readSince, verifyExportedDays } from './audit-segments.js';
import { addAuditSigningKey } from './audit-signing-key.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { count } from './layout.js';
import { print, type OutputOptions, remark, withOutput } from './results.js';
import { addAuditEvents } from './service/audit-events.js';

const DOCUMENT = 'docs/audit.md';
const DESCRIPTION = `Find events of the audit log that were edited, removed or inserted.

Prints the state of each chain of events: intact, or where it was changed. A service begins a chain each time it starts. Each line ends with the hash of the chain's last event. If you store this hash elsewhere, it can later prove that no event up to that one was changed.

Without --file, - or --export, the command reads the table in the database that the service's environment names. The service keeps running.

To verify streams, give their files in the order in which they were written, or a copy of a service's standard output; to verify exported days, their folder. No database is needed for these. With --public-key, the command also verifies the signatures of streams, and prints how far each stream is signed. keyblock audit public-key prints the keys.

The exit code is 1 if anything is wrong.`;

interface VerifyOptions extends OutputOptions {
  file?: string[];
  since?: string;
  export?: string;
  publicKey?: string;
}

/** Adds `keyblock audit`. */
export function addAudit(program: Command, streams: Streams): void {
  const { stdin } = streams;
  const audit = program.command('audit').description('Read the audit log of a service, or check it.').readOn(DOCUMENT);
  addAuditEvents(audit, streams);
  const verify = audit
    .command('verify')
    .description(DESCRIPTION)
    .addArgument(new Argument('[-]', 'read a copy from standard input').choices(['-']))
    .option('--file <paths...>', 'Read streams from files.')
    .option('--since <day>', 'Read only events from this day on, or of so many days, e.g. 2d.', readSince)
    .option('--export <dir>', 'Read a folder of exported days; needs --public-key.')
    .option('--public-key <path>', 'File with the output of keyblock audit public-key.')
    .examples('keyblock audit verify', 'keyblock audit verify --file audit-7-*.jsonl --public-key audit-keys.pem')
    .readOn(DOCUMENT);
  withOutput(verify, 'Print a JSON line for each chain.').action(
    async (dash: string | undefined, options: VerifyOptions) => {
      const { file, since, export: directory, publicKey } = options;
      if ([dash, file, directory].filter((given) => given !== undefined).length > 1)
        throw new Failure(
          EXIT.usage,
          'Give either --file, - or --export, or none to verify the table in the database.',
        );
      const isTable = dash === undefined && file === undefined && directory === undefined;
      if (isTable && publicKey !== undefined)
        throw new Failure(
          EXIT.usage,
          'Give --public-key with --file, - or --export: the table has MACs, not signatures.',
        );
      if (directory !== undefined && publicKey === undefined)
        throw new Failure(EXIT.usage, 'Give --export and --public-key together.');
      if (since !== undefined && !isTable) throw new Failure(EXIT.usage, '--since is for the table in the database.');
      if (directory !== undefined && publicKey !== undefined) {
        await verifyExportedDays(streams, options, directory, await trustedKeys(publicKey));
        return;
      }
      const [{ describeChainEvent }, { presentChain }] = await Promise.all([
        import('../audit/chain-events.js'),
        import('../admin/audit.presenter.js'),
      ]);
      const chains = new Set<number>();
      const faulty = new Set<number>();
      const report = (chain: ChainReport | StreamReport) => {
        chains.add(chain.chain);
        if (chain.fault) faulty.add(chain.chain);
        const reports = chain.chainEvents.map((event) => describeChainEvent(event, chain.chain));
        for (const event of chain.chainEvents)
          faulty.add(event.eventName === 'AuditChainBroken' ? event.serviceEventDetails.chain : chain.chain);
        const isStream = 'ends' in chain;
        const document = {
          ...presentChain(chain),
          ...(isStream && presentStream(chain)),
          ...(reports.length > 0 && { ChainEvents: reports }),
        };
        print(streams, options, document, [lineOf(chain), ...(isStream ? streamLines(chain) : []), ...reports]);
      };
      let setFault: string | undefined;
      if (isTable) {
        const absent = (segment: Segment) =>
          remark(
            streams,
            options,
            `${segment.day} is not in the table, although it was not pruned: segment ${segment.number} has its ${count(segment.events, 'event')}`,
          );
        setFault = await verifyTable(report, { ...(since !== undefined && { since }), absent });
      } else {
        const copies = file?.map((name) => ({ name, content: createReadStream(name) }));
        const { chains, incomplete } = await verifyCopies(copies ?? [{ name: '-', content: stdin }], publicKey);
        chains.forEach(report);
        for (const { name, characters } of incomplete)
          print(streams, options, { File: name, IncompleteLine: characters }, [
            `${name} ends within a line, after ${count(characters, 'character')} of it: its process was killed, or is still writing`,
          ]);
      }

      if (setFault !== undefined) throw new Failure(EXIT.no, `Not intact: ${setFault}.`);
      if (chains.size === 0) throw new Failure(EXIT.no, 'There are no audit events.');
      if (faulty.size > 0) throw new Failure(EXIT.no, `Not intact: ${faulty.size} of ${count(chains.size, 'chain')}.`);
    },
  );
  addAuditSegments(audit, streams);
  addAuditSigningKey(audit, streams);
}

async function verifyCopies(copies: readonly Copy[], publicKey: string | undefined): Promise<CopyReport> {
  const { verifyCopies: verify } = await import('../audit/copy-check.js');
  const keys = publicKey === undefined ? undefined : await trustedKeys(publicKey);
  return verify(copies, keys).catch((error: unknown) => {
    throw new Failure(EXIT.usage, `The file can't be read: ${(error as Error).message}`);
  });
}

/** Reads the file of --public-key. @throws Failure if it can't be read or has other contents */
async function trustedKeys(path: string): Promise<TrustedAuditKeys> {
  const { TrustedAuditKeys } = await import('../audit/signing-key.js');
  try {
    return new TrustedAuditKeys(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Failure(EXIT.usage, `The file of --public-key can't be used: ${(error as Error).message}`);
  }
}

async function verifyTable(
  report: (chain: ChainReport) => void,
  options: VerifyTableOptions,
): Promise<string | undefined> {
  const [verify, { withDeployment }, { serviceSecret }] = await Promise.all([
    import('../audit/verify.js'),
    import('./deployment.js'),
    import('../provider/service-secret.js'),
  ]);
  let setFault: string | undefined;
  await withDeployment(async ({ database, masterKey }) => {
    const secret = await serviceSecret(database.manager, masterKey, 'audit');
    setFault = await verify.verifyTable(database, secret, report, options);
  });
  return setFault;
}

function lineOf({ chain, writer, isElsewhere, events, exported, from, to, head, fault }: ChainReport): string {
  const process = writer ? ` (${writer.host}, process ${writer.pid})` : '';
  const period = from === undefined ? '' : `, ${from} to ${to ?? from}`;
  const name = `chain ${chain}${process}`;
  const before = exported === undefined ? '' : ` after ${count(exported, 'exported event')}`;
  if (fault)
    return `${name}: ${fault.kind.toUpperCase()}: ${fault.what} (${count(events, 'event')} before it${period})`;
  if (isElsewhere) {
    const end = head.sequence === 0 ? 'its end is not recorded here' : `it ended at ${head.sequence} ${head.hash}`;
    return `${name}: ok, its events are on a stream; ${end}`;
  }
  return `${name}: ok, ${count(events, 'event')}${before}${period}, ${head.sequence} ${head.hash}`;
}

/** Describes how much of a stream is signed and complete. */
function streamLines({ chain, head, events, begins, ends, signed, table, fault }: StreamReport): string[] {
  const first = head.sequence - events + 1;
  const rest = signed ? head.sequence - signed.sequence : 0;
  const unsigned = rest > 0 ? `; ${count(rest, 'event')} after it` : '';
  const lines = [
    signed
      ? `signed up to event ${signed.sequence}, ${signed.time}${unsigned}`
      : 'signatures not verified: give --public-key',
    begins ? 'from its first event' : `from event ${first}: those before it are not in the given files`,
    ends
      ? 'to its last event'
      : 'without its last event: its process is still writing, was killed, or the end was removed',
    ...(table ? [`the table then had chain ${table.chain} up to ${table.sequence} ${table.hash}`] : []),
  ];
  return fault ? [] : [`  stream ${chain}: ${lines.join(', ')}`];
}

function presentStream({ begins, ends, signed, table }: StreamReport): object {
  return {
    Begins: begins,
    Ends: ends,
    SignedTo: signed && { Sequence: signed.sequence, Time: signed.time },
    Table: table && { Chain: table.chain, Sequence: table.sequence, Hash: table.hash },
  };
}
