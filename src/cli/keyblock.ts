import { type Command as CommanderCommand, CommanderError } from 'commander';
import { addAccess } from './access.js';
import { addApprovals } from './approvals.js';
import { addAudit } from './audit.js';
import { addBackup } from './backup.js';
import { Command, HELP, type Streams } from './command.js';
import { addArqc } from './calculators/arqc.js';
import { addCvv, addPvv } from './calculators/card-values.js';
import { addDukpt } from './calculators/dukpt.js';
import { addKcv } from './calculators/kcv.js';
import { addMac } from './calculators/mac.js';
import { addPinBlock } from './calculators/pinblock.js';
import { addCompletion } from './completion.js';
import { addDemo } from './demo.js';
import { addDestruction } from './destruction.js';
import { errorDocument, EXIT, Failure, outcomeOf } from './failure.js';
import { printable } from './layout.js';
import { addCheck } from './check.js';
import { addCompare } from './compare.js';
import { addMasterKey } from './master-key.js';
import { addMigrate } from './migrate.js';
import { addPayshield } from './payshield.js';
import { addRestore } from './restore.js';
import { addStart } from './start.js';
import { addTr31 } from './tr31.js';
import { addTr34 } from './tr34.js';
import { addXks } from './xks.js';
import { addAliases } from './service/aliases.js';
import { addKeys } from './service/keys.js';
import { addStatus } from './service/status.js';

const HELP_COLUMNS = 80;
const HINT = '(--help prints usage and examples)';

const EXIT_CODES = `
For details, run keyblock <command> --help or keyblock help <command>.

Exit codes:
  0    done
  1    the check failed: the audit log or the database is not intact, or the
       block is malformed
  2    called incorrectly, or the environment is not usable
  3    refused, or no credentials
  4    not found, or in the wrong state
  5    the service, the database or the system fails or doesn't answer
  130  interrupted`;

/**
 * Runs the command `keyblock`.
 *
 * @param args the words after `keyblock`; without any, the help is printed
 * @returns the exit code
 */
export async function keyblock(args: string[], streams: Streams): Promise<number> {
  const isJson = args.includes('--json');
  const printError = (error: unknown) => streams.stderr.write(`${JSON.stringify(errorDocument(error))}\n`);
  try {
    await program(streams, isJson).parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has already printed its message, unless the output is JSON, or the requested help or version.
      if (error.exitCode === 0) return EXIT.done;
      if (isJson) printError(new Failure(EXIT.usage, sentence(error.message)));
      return EXIT.usage;
    }
    const { exitCode, message } = outcomeOf(error);
    if (isJson) {
      if (message !== '') printError(error);
      return exitCode;
    }
    if (message !== '') streams.stderr.write(`${printable(message)}\n`);
    // A service that refuses the input has given the reason.
    const isCall = error instanceof Failure && error.answer.requestId === undefined;
    if (isCall && exitCode === EXIT.usage) streams.stderr.write(`${HINT}\n`);
    return exitCode;
  }
}

/** Builds the tree of all commands. @param isJson true if the caller prints the errors of the parser */
export function program(streams: Streams, isJson = false): Command {
  const { stdout, stderr } = streams;
  const root = new Command('keyblock')
    .description('Keyblock, a payment cryptography service, from the command line.')
    .usage('<command>')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => (isJson ? undefined : stderr.write(text)),
      outputError: (text, write) => write(sentence(text)),
      getOutHelpWidth: () => HELP_COLUMNS,
      getErrHelpWidth: () => HELP_COLUMNS,
    })
    .configureHelp(HELP)
    .showHelpAfterError(HINT)
    .addHelpText('after', EXIT_CODES);

  root.commandsGroup('Commands on a service, by signed requests:');
  addStatus(root, streams);
  addKeys(root, streams);
  addAliases(root, streams);
  addAccess(root, streams);
  addApprovals(root, streams);
  addAudit(root, streams);
  addCompare(root, streams);
  root.commandsGroup('Commands on the deployment of this machine:');
  addStart(root, streams);
  addCheck(root, streams);
  addBackup(root, streams);
  addRestore(root, streams);
  addDestruction(root, streams);
  addMasterKey(root, streams);
  addMigrate(root, streams);
  addDemo(root, streams);
  addPayshield(root, streams);
  addXks(root, streams);
  root.commandsGroup('Calculators for test keys:');
  addTr31(root, streams);
  addTr34(root, streams);
  addKcv(root, streams);
  addDukpt(root, streams);
  addPinBlock(root, streams);
  addCvv(root, streams);
  addPvv(root, streams);
  addMac(root, streams);
  addArqc(root, streams);
  root.commandsGroup('Shell:');
  addCompletion(root, streams);
  addHelp(root);
  return root;
}

/** Adds `keyblock help tr31 inspect`, which prints the same as `keyblock tr31 inspect --help`. */
function addHelp(root: Command): void {
  root
    .command('help', { hidden: true })
    .description('Print the help of a command.')
    .argument('[command...]', 'words of the command')
    .examples('keyblock help tr31', 'keyblock help tr31 inspect')
    .action(async (words: string[]) => {
      let found: CommanderCommand = root;
      for (const word of words) {
        const next = found.commands.find((command) => command.name() === word);
        // A group rejects an unknown command and suggests a similar one.
        if (!next && found.commands.length > 0) {
          await found.parseAsync([word], { from: 'user' });
          return;
        }
        found = next ?? found;
      }
      found.help();
    });
}

/** Formats a message of commander. */
function sentence(message: string): string {
  const text = message.replace(/^error: /, '');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
