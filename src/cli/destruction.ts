import type { Command, Streams } from './command.js';
import { type ConfirmationOptions, confirm, withConfirmation } from './confirmation.js';
import { EXIT, Failure } from './failure.js';
import { print, type OutputOptions, withOutput } from './results.js';

const DOCUMENT = 'docs/operating.md';
const DESCRIPTION = `Resume destruction after the database's clock jumped.

While destruction is on hold, keys whose waiting period has ended stay pending and can be restored. Before you confirm, check the clock of the database's host, and check that no key is due by mistake: everything that is due is destroyed within a minute of this command.

The command reads the environment of the service. It is audited as ConfirmDestruction.`;

/** Adds `keyblock destruction`. */
export function addDestruction(program: Command, streams: Streams): void {
  const destruction = program
    .command('destruction')
    .description('Confirm a key destruction that is on hold.')
    .readOn(DOCUMENT);
  const command = destruction
    .command('confirm')
    .description(DESCRIPTION)
    .examples('keyblock destruction confirm', 'psql "$DATABASE_URL" -c "SELECT now()" && keyblock destruction confirm')
    .readOn(DOCUMENT);
  withConfirmation(withOutput(command)).action(async (options: OutputOptions & ConfirmationOptions) => {
    await confirm(streams, options, 'Destroy all keys that are due?');
    const reasons = await endHold();
    print(streams, options, { Reasons: reasons }, [
      `Destruction is no longer on hold (${reasons.join(', ')}). Everything that is due is destroyed within a minute.`,
    ]);
  });
}

/** @returns the reasons for the holds that ended */
async function endHold(): Promise<string[]> {
  const [{ withOperator }, { DatabaseTime }, { confirmDestruction }] = await Promise.all([
    import('./operator.js'),
    import('../changes/database-time.js'),
    import('../changes/destruction-watch.js'),
  ]);
  let reasons: string[] = [];
  await withOperator('keyblock destruction', async (operator) => {
    const now = await new DatabaseTime(operator.deployment.database).read();
    const call = operator.call('ConfirmDestruction', {});
    reasons = await operator.audited(() =>
      operator.changes.transaction(call, async (manager) => {
        const ended = await confirmDestruction(manager, now);
        if (ended.length === 0)
          throw new Failure(EXIT.state, 'Destruction is not on hold: there is nothing to confirm.');
        return ended;
      }),
    );
  });
  return reasons;
}
