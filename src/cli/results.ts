import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { BOLD, printable, table } from './layout.js';

/** Options of every command that prints results. */
export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
  /** False with --no-color. */
  color?: boolean;
}

/** Adds `--json`, `--quiet` and `--no-color` to a command. */
export function withOutput(command: Command, json = 'Print one JSON document.'): Command {
  return command
    .option('--json', json)
    .option('--quiet', 'Print results only, no remarks.')
    .option('--no-color', 'Print no bold headers; NO_COLOR does the same.');
}

/** Prints a result: as JSON, or as lines. */
export function print({ stdout }: Streams, { json }: OutputOptions, result: object, lines: readonly string[]): void {
  if (json === true) stdout.write(`${JSON.stringify(result)}\n`);
  else for (const line of lines) stdout.write(`${printable(line)}\n`);
}

/** Prints items: as a JSON line each, or as a table whose header is bold at a terminal. */
export function printItems<Item extends object>(
  streams: Streams,
  options: OutputOptions,
  items: readonly Item[],
  header: readonly string[],
  rowOf: (item: Item) => readonly (string | number)[],
): void {
  if (options.json === true) for (const item of items) print(streams, options, item, []);
  else print(streams, options, {}, headed(streams, options, header, items.map(rowOf)));
}

/** Formats a table with a header, which is bold at a terminal. */
export function headed(
  { stdout }: Streams,
  { color }: OutputOptions,
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const [first = '', ...others] = table([header, ...rows]);
  const isTerminal = (stdout as Partial<NodeJS.WriteStream>).isTTY === true;
  const isBold = isTerminal && color !== false && !process.env['NO_COLOR'];
  return [isBold ? `${BOLD.on}${first}${BOLD.off}` : first, ...others];
}

/** Prints a remark on stderr, unless the command is quiet or prints JSON. */
export function remark({ stderr }: Streams, { json, quiet }: OutputOptions, line: string): void {
  if (json !== true && quiet !== true) stderr.write(`${printable(line)}\n`);
}

/** Prints a yes-or-no result. @throws Failure with exit code 1, without a message, if it is no */
export function printAnswer(
  streams: Streams,
  options: OutputOptions,
  isYes: boolean,
  result: object,
  lines: readonly string[],
): void {
  print(streams, options, result, lines);
  if (!isYes) throw new Failure(EXIT.no, '');
}
