import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Command } from './command.js';
import { EXIT, Failure } from './failure.js';

/** Limit of an input, which no key block, token or policy exceeds. */
const MAX_BYTES = 1_048_576;

/** Options of a command that reads an input. */
export interface InputOptions {
  file?: string;
}

/**
 * Adds one input to a command: an argument, `-` for standard input, or `--file` and its path.
 *
 * @param name name of the argument in the help
 */
export function withInput(command: Command, name: string, description: string): Command {
  return command
    .argument(`[${name}]`, `${description}; - reads standard input`)
    .option('--file <path>', `Read the ${name} from a file.`);
}

/**
 * Reads the input of a command.
 *
 * @param text the argument
 * @returns the bytes as they are, at most 1 MiB
 * @throws Failure if there is no input or more than one, or the file can't be read
 */
export async function readInput(text: string | undefined, { file }: InputOptions, stdin: Readable): Promise<Buffer> {
  if (file !== undefined && text === undefined) return readPath(file);
  if (file !== undefined || text === undefined)
    throw new Failure(EXIT.usage, 'Give one input: an argument, - for standard input, or --file and a path.');
  return text === '-' ? readStream(stdin) : Buffer.from(text);
}

/** Reads a file of at most 1 MiB. @throws Failure if it can't be read */
export async function readPath(path: string): Promise<Buffer> {
  try {
    return limited(await readFile(path));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(EXIT.usage, `The file can't be read: ${(error as Error).message}`);
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
  if (input.length > MAX_BYTES) throw new Failure(EXIT.usage, `The input may have at most ${MAX_BYTES} bytes.`);
  return input;
}

/** Reads a JSON object from a file, or from standard input if its path is `-`. @throws Failure if it isn't one */
export async function readJson(path: string, stdin: Readable): Promise<Record<string, unknown>> {
  const bytes = path === '-' ? await readStream(stdin) : await readPath(path);
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Reported below: the parser's message quotes the input, which may be secret.
  }
  throw new Failure(EXIT.usage, `${path === '-' ? 'Standard input' : path} must have one JSON object.`);
}
