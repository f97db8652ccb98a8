import type { Readable, Writable } from 'node:stream';

/** A command of `keyblock`. */
export interface Command {
  /** The words that call it, such as `tr31 inspect`. */
  name: string;
  /** What it does, in a line. */
  summary: string;
  /** What `--help` prints: usage, options, an example. */
  help: string;
  /**
   * @param args   what follows the name
   * @param stdin  read only where the arguments ask for it
   * @param stdout gets the answer, in whole lines
   * @throws UsageError, InputError
   */
  run: (args: string[], io: { stdin: Readable; stdout: Writable }) => Promise<void>;
}

/** The command was not called as it wants to be. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What the command was given is malformed; the message says where and what to change. Exit code 1. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
