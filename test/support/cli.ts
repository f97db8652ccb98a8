import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { keyblock } from '../../src/cli/keyblock.js';

/** Runs the command `keyblock` in this process, with its environment. */
export async function runKeyblock(
  args: string[],
  input = '',
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await keyblock(args, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr });
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) };
}
