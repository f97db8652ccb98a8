import { toHex } from '../../crypto/bytes.js';
import { MAC_NAMES, macOf } from '../../workbench/macs.js';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import { printAnswer, withOutput } from '../results.js';
import { calculated } from './compute.js';
import { hexOf, type TestKeyOptions, useTestKey, withTestKey } from './test-key.js';

const KEY = 'MAC key';
const EXAMPLE = '\\\n  --key 0123456789ABCDEFFEDCBA9876543210 --data 3132333435363738';

interface MacOptions extends TestKeyOptions {
  algorithm: string;
  data: string;
  padding: string;
  length?: string;
  verify?: string;
}

/** Adds `keyblock mac`. */
export function addMac(program: Command, streams: Streams): void {
  const command = program
    .command('mac')
    .description(
      `Compute a MAC, or verify one.\n\nAlgorithms: ${MAC_NAMES.join(', ')}. Only those of ISO 9797-1 pad the data.`,
    )
    .requiredOption('--algorithm <name>', 'The algorithm.')
    .requiredOption('--data <hex>', 'The message.')
    .option('--padding <method>', 'Padding method of ISO/IEC 9797-1, 1 or 2.', '1')
    .option('--length <bytes>', 'Length of the MAC, from the left; all by default.')
    .option('--verify <hex>', 'Compare with this MAC.')
    .examples(
      `keyblock mac --algorithm ISO9797_ALGORITHM3 --padding 2 ${EXAMPLE}`,
      `keyblock mac --algorithm CMAC_TDES ${EXAMPLE} --length 4`,
    )
    .readOn('docs/calculators.md');
  withOutput(withTestKey(command, KEY)).action(async (options: MacOptions) => {
    const algorithm = MAC_NAMES.find((name) => name === options.algorithm);
    if (!algorithm) throw new Failure(EXIT.usage, `The algorithm is one of ${MAC_NAMES.join(', ')}.`);
    const data = hexOf('message', options.data);
    const padding = paddingOf(options);
    const expected = options.verify === undefined ? undefined : hexOf('MAC', options.verify);
    const { mac: whole } = await useTestKey(KEY, options, streams, (key) =>
      calculated(() => macOf(algorithm, key, data, padding)),
    );
    const value = whole.subarray(0, lengthOf(options, whole.length, expected?.length));
    const isRight = expected === undefined || value.equals(expected);
    const result = { Mac: toHex(value), ...(expected && { Verified: isRight }) };
    printAnswer(streams, options, isRight, result, [
      isRight ? toHex(value) : `${toHex(value)}, not ${String(options.verify)}`,
    ]);
  });
}

function paddingOf({ padding }: MacOptions): 1 | 2 {
  if (padding !== '1' && padding !== '2') throw new Failure(EXIT.usage, 'A padding method is 1 or 2.');
  return padding === '2' ? 2 : 1;
}

function lengthOf({ length }: MacOptions, whole: number, otherwise = whole): number {
  if (length === undefined) return otherwise;
  const bytes = Number(length);
  if (!Number.isInteger(bytes) || bytes < 4 || bytes > whole)
    throw new Failure(EXIT.usage, `A MAC of this algorithm has 4 to ${whole} bytes.`);
  return bytes;
}
