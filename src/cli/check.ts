import { pino } from 'pino';
import type { CheckReport } from '../provider/row-check.js';
import type { Command, Streams } from './command.js';
import { type ConfirmationOptions, confirm, withConfirmation } from './confirmation.js';
import type { Deployment } from './deployment.js';
import { EXIT, Failure } from './failure.js';
import { count, printable } from './layout.js';
import { print, type OutputOptions, withOutput } from './results.js';

const DOCUMENT = 'docs/operating.md';
const DESCRIPTION = `Check that the rows of the database are as the service wrote them.

Opens every sealed value, verifies every row of keys, aliases, tags, policies, users, roles and access keys, and prints a line for each row that was modified. Then compares all rows with a sealed tally, which the service updates with each change, to detect rows that were removed, inserted or reset to an earlier state.

The service keeps running. The exit code is 1 if anything is wrong.

After you have restored or removed the wrong rows, use --accept to declare the current rows correct. It is refused as long as any row is modified, and changes wait while it reads the rows.`;

/** Adds `keyblock check`. */
export function addCheck(program: Command, streams: Streams): void {
  const check = program
    .command('check')
    .description(DESCRIPTION)
    .option('--accept', 'Declare the current rows correct.')
    .examples('keyblock check', 'keyblock check --accept --yes')
    .readOn(DOCUMENT);
  withConfirmation(withOutput(check)).action(
    async (options: OutputOptions & ConfirmationOptions & { accept?: true }) => {
      const { accept = false, json } = options;
      if (accept) await confirm(streams, options, 'Declare the current rows correct?');
      const { withDeployment } = await import('./deployment.js');
      await withDeployment(async (deployment) => {
        const modified: string[] = [];
        const report = (line: string) => {
          modified.push(line);
          if (json !== true) streams.stdout.write(`${printable(line)}\n`);
        };
        const { tables, setFault } = await (accept ? acceptAll : checkAll)(deployment, report);
        const faults = tables.reduce((sum, table) => sum + table.faults, 0);
        const isIntact = faults === 0 && setFault === undefined;
        const Tables = tables.map(({ name, rows, faults }) => ({ Name: name, Rows: rows, Faults: faults }));
        print(streams, options, { Intact: isIntact, Tables, Modified: modified, Fault: setFault }, [
          ...tables.map(
            ({ name, rows, faults }) =>
              `${name}: ${count(rows, 'row')}, ${faults === 0 ? 'ok' : `${faults} NOT AS WRITTEN`}`,
          ),
          ...(isIntact
            ? [accept ? 'The current rows are accepted as correct.' : 'All rows are as the service left them.']
            : []),
        ]);
        if (faults > 0) throw new Failure(EXIT.no, `Not as the service left it: ${count(faults, 'row')}.`);
        if (setFault !== undefined) throw new Failure(EXIT.no, `Not as the service left it: ${setFault}.`);
      });
    },
  );
}

type Report = (line: string) => void;

async function checkAll({ database, masterKey }: Deployment, report: Report): Promise<CheckReport> {
  const [{ checkRows }, { sealOf }] = await modules();
  return checkRows(database, { seal: sealOf(database), masterKey }, report);
}

/** Accepts all rows, and writes an audit event with their number in each table. */
async function acceptAll(deployment: Deployment, report: Report): Promise<CheckReport> {
  const [{ acceptRows }, { sealOf }, { operatorAudit }, { ownEvent }] = await modules();
  const { database, masterKey, clock, config } = deployment;
  const audit = await operatorAudit(deployment, pino({ level: 'silent' }));
  await audit.open();
  try {
    return await audit.transaction(async (manager) => {
      const tables = await acceptRows(manager, { seal: sealOf(database), masterKey }, report);
      const isAccepted = tables.every(({ faults }) => faults === 0);
      const details = Object.fromEntries(tables.map(({ name, rows }) => [name, rows]));
      const { accountId, region } = config;
      const event = { source: 'keyblock', name: 'RowsAccepted', accountId, region, details };
      return { result: { tables }, events: isAccepted ? [ownEvent(event, clock.now())] : [] };
    });
  } finally {
    await audit.close();
  }
}

function modules() {
  return Promise.all([
    import('../provider/row-check.js'),
    import('../provider/bound.subscriber.js'),
    import('./operator-call.js'),
    import('../audit/audit-event.js'),
  ]);
}
