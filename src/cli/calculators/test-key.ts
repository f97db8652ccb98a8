import type { Readable } from 'node:stream';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import { readInput } from '../input.js';
import type { OutputOptions } from '../results.js';

/** The options of a calculator that takes a test key. */
export interface TestKeyOptions extends OutputOptions {
  key?: string;
  keyFile?: string;
}

/**
 * Adds the options for a key: a file, standard input, or an option value, which the shell's history keeps.
 *
 * @param what the key in the field's terms, e.g. `base derivation key`
 */
export function withTestKey(command: Command, what: string): Command {
  return command
    .option('--key <hex>', `The ${what}; only a test key, as others can see it.`)
    .option('--key-file <path>', `Read the ${what} from a file.\nWithout either, it is read from standard input.`);
}

/**
 * Passes a command's key to a computation, and zeroizes it.
 *
 * @param what    as for `withTestKey`
 * @throws Failure if the key isn't hexadecimal
 */
export async function useTestKey<T>(
  what: string,
  { key, keyFile, quiet }: TestKeyOptions,
  { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>,
  compute: (key: Buffer) => T,
): Promise<T> {
  if (key !== undefined && quiet !== true)
    stderr.write("The key is now in your shell's history, and other users may see a process's arguments.\n");
  const bytes = hexOf(what, await textOf(key, keyFile, stdin));
  try {
    return compute(bytes);
  } finally {
    bytes.fill(0);
  }
}

/**
 * Decodes hexadecimal digits; blanks between them are ignored.
 *
 * @param what names the value in the message, which doesn't repeat it
 */
export function hexOf(what: string, text: string): Buffer {
  const digits = text.replace(/\s/g, '');
  if (!/^(?:[0-9A-Fa-f]{2})+$/.test(digits))
    throw new Failure(EXIT.usage, `The ${what} must be an even number of hexadecimal digits.`);
  return Buffer.from(digits, 'hex');
}

async function textOf(key: string | undefined, keyFile: string | undefined, stdin: Readable): Promise<string> {
  if (key !== undefined && keyFile !== undefined) throw new Failure(EXIT.usage, 'Give --key or --key-file, not both.');
  if (key !== undefined) return key;
  const input = await readInput(keyFile === undefined ? '-' : undefined, { file: keyFile }, stdin);
  return input.toString('latin1');
}
