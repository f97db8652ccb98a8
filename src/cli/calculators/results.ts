import { toHex } from '../../crypto/bytes.js';
import { CryptoError } from '../../crypto/errors.js';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';

/** The options of a command that can print JSON. */
export interface ResultOptions {
  json?: boolean;
}

/** Gives a command `--json`. */
export function withJson(command: Command): Command {
  return command.option('--json', 'Print one JSON document.');
}

/** Prints a result: as JSON, or as lines. */
export function print({ stdout }: Streams, { json }: ResultOptions, result: object, lines: readonly string[]): void {
  stdout.write(`${json === true ? JSON.stringify(result) : lines.join('\n')}\n`);
}

/** Prints a result whose answer is yes or no. @throws Failure with exit code 1, without a message, if it is no */
export function printAnswer(
  streams: Streams,
  options: ResultOptions,
  isYes: boolean,
  result: object,
  lines: readonly string[],
): void {
  print(streams, options, result, lines);
  if (!isYes) throw new Failure(EXIT.no, '');
}

/** Runs a computation, and reports the error of an argument as a wrong call. */
export function calculated<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof CryptoError) throw new Failure(EXIT.usage, `${error.message}.`);
    throw error;
  }
}

/** Formats bytes in groups of four digits, as people read them. */
export function grouped(bytes: Buffer): string {
  return toHex(bytes).replace(/(.{4})(?=.)/g, '$1 ');
}
