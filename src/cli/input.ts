import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { UsageError } from './command.js';

/** More than any key block or token has; no more is read. */
const MAX_BYTES = 1_048_576;

/**
 * The one input of a command: an argument, `-` for the standard input, or `--file` and its path.
 *
 * @returns its bytes as they are
 * @throws UsageError where there is none or more than one, or the file can't be read
 */
export async function readInput(args: string[], stdin: Readable): Promise<Buffer> {
  const { file, text } = inputOf(args);
  if (file !== undefined) return readPath(file);
  return text === '-' ? readStream(stdin) : Buffer.from(text);
}

function inputOf(args: string[]): { file: string; text?: never } | { file?: never; text: string } {
  const { values, positionals } = parse(args);
  const [text, ...more] = positionals;
  if (values.file !== undefined && text === undefined) return { file: values.file };
  if (values.file === undefined && text !== undefined && more.length === 0) return { text };
  throw new UsageError('Give one input: as an argument, - to read the standard input, or --file and its path.');
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: { file: { type: 'string' } }, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function readPath(path: string): Promise<Buffer> {
  try {
    return limited(await readFile(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The file can't be read: ${(error as Error).message}`);
  }
}

async function readStream(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES) break;
  }
  return limited(Buffer.concat(chunks));
}

function limited(input: Buffer): Buffer {
  if (input.length > MAX_BYTES) throw new UsageError(`The input may have at most ${MAX_BYTES} bytes.`);
  return input;
}
