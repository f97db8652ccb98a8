import { checkValues, methodsOf } from '../../workbench/check-values.js';
import type { Command, Streams } from '../command.js';
import { table } from '../layout.js';
import { print, printAnswer, withOutput } from '../results.js';
import { calculated } from './compute.js';
import { type TestKeyOptions, useTestKey, withTestKey } from './test-key.js';

const DIGITS = 6;
const DESCRIPTION = `Compute the check values of a test key.

Prints the check value by each method for each algorithm that the length of the key fits: a block of zeros encrypted (ANSI X9.24-1 Annex A), the CMAC of a block of zeros, and the HMAC of the empty message. With --find, prints the methods that give a value.`;

/** Adds `keyblock kcv`. */
export function addKcv(program: Command, streams: Streams): void {
  const kcv = program
    .command('kcv')
    .description(DESCRIPTION)
    .option('--find <value>', 'Find the methods that give this check value, 4 to 16 digits.')
    .examples(
      'keyblock kcv --key 0123456789ABCDEFFEDCBA9876543210',
      'keyblock kcv --key 0123456789ABCDEFFEDCBA9876543210 --find 08D7B4',
    )
    .readOn('docs/calculators.md');
  withOutput(withTestKey(kcv, 'key')).action(async (options: TestKeyOptions & { find?: string }) => {
    const { find } = options;
    const values = await useTestKey('key', options, streams, (key) =>
      calculated(() => (find === undefined ? checkValues(key) : methodsOf(key, find))),
    );
    const length = find?.length ?? DIGITS;
    const rows = values.map(({ algorithm, method, digits }) => [algorithm, method, digits.slice(0, length)]);
    const CheckValues = values.map(({ algorithm, method, digits }) => ({
      Algorithm: algorithm,
      Method: method,
      Digits: digits,
    }));
    if (find === undefined)
      print(streams, options, { CheckValues }, table([['ALGORITHM', 'METHOD', 'CHECK VALUE'], ...rows]));
    else
      printAnswer(
        streams,
        options,
        values.length > 0,
        { CheckValues },
        values.length > 0
          ? table([['ALGORITHM', 'METHOD', 'CHECK VALUE'], ...rows])
          : [`No method gives ${find} with this key.`],
      );
  });
}
