import { Argument, Option } from 'commander';
import type { MpaOperation } from '../payment/keys/mpa-team-association.entity.js';
import type { Decision } from '../payment/keys/mpa-team-association.repository.js';
import type { Command, Streams } from './command.js';
import { type OutputOptions, print, withOutput } from './results.js';

const DOCUMENT = 'docs/operating.md';
const ACTIONS: readonly MpaOperation[] = ['IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE'];
const DECISIONS: readonly Decision[] = ['approve', 'reject'];
const DESCRIPTION = `Approve or reject a pending change to an approval team.

Settles the change that AssociateMpaTeam or DisassociateMpaTeam requested, in the account and Region of the service's environment. The service keeps running. The decision is recorded in the audit log as SettleMpaTeam.`;

/** Adds `keyblock mpa`. */
export function addMpa(program: Command, streams: Streams): void {
  const mpa = program
    .command('mpa')
    .description('Approve or reject pending changes to approval teams.')
    .readOn(DOCUMENT);
  const settlement = mpa
    .command('settle')
    .description(DESCRIPTION)
    .addOption(
      new Option('--action <name>', 'Operation that the team approves.').choices(ACTIONS).makeOptionMandatory(),
    )
    .addArgument(new Argument('<decision>', 'what to do with the change').choices(DECISIONS))
    .examples(
      'keyblock mpa settle --action IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE approve',
      'keyblock mpa settle --action IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE reject',
    )
    .readOn(DOCUMENT);
  withOutput(settlement).action(async (decision: Decision, options: OutputOptions & { action: MpaOperation }) => {
    const { settle } = await import('./mpa-settlement.js');
    const { action } = options;
    const team = await settle(action, decision);
    print(streams, options, { Action: action, MpaTeamArn: team }, [
      team === undefined ? `${action} needs no approval` : `${action} needs the approval of ${team}`,
    ]);
  });
}
