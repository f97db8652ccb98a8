import type { Readable, Writable } from 'node:stream';
import { access } from './access.js';
import { auditVerify } from './audit.js';
import { type Command, InputError, UsageError } from './command.js';
import { masterKey } from './master-key.js';
import { tr31Inspect } from './tr31.js';
import { tr34Inspect } from './tr34.js';

const COMMANDS: readonly Command[] = [access, auditVerify, masterKey, tr31Inspect, tr34Inspect];

const HELP = `Usage: keyblock <command>

${COMMANDS.map(({ name, summary }) => `  ${name}  ${summary}`).join('\n')}

keyblock <command> --help says more.
Exit code: 0 done, 1 the input is malformed, 2 the command was called wrongly. No command prints a cryptographic key.`;

/** The process's streams, or those of a test. */
export interface Streams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/**
 * Runs one command.
 *
 * @param args what follows `keyblock`
 * @returns the exit code: 0 done, 1 the input is malformed, 2 the command was called wrongly
 */
export async function keyblock(args: string[], { stdin, stdout, stderr }: Streams): Promise<number> {
  const command = COMMANDS.find(({ name }) => name === args.slice(0, name.split(' ').length).join(' '));
  if (isHelp(args)) {
    stdout.write(`${command?.help ?? HELP}\n`);
    return 0;
  }
  if (command === undefined) {
    stderr.write(`${args.length === 0 ? 'Name a command.' : 'There is no such command.'}\n\n${HELP}\n`);
    return 2;
  }
  try {
    await command.run(args.slice(command.name.split(' ').length), { stdin, stdout });
    return 0;
  } catch (error) {
    if (error instanceof InputError) {
      stderr.write(`${error.message}\n`);
      return 1;
    }
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`${error.message}\n\n${command.help}\n`);
    return 2;
  }
}

function isHelp(args: string[]): boolean {
  return args.includes('--help') || args.includes('-h');
}
