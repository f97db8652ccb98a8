import { aes } from '../../crypto/aes.js';
import { padMethod1, padMethod2, toHex } from '../../crypto/bytes.js';
import { cbcMac } from '../../crypto/cbc-mac.js';
import { cmac } from '../../crypto/cmac.js';
import { tdes } from '../../crypto/des.js';
import { hmac, type HmacHash } from '../../crypto/hmac.js';
import { retailMac } from '../../crypto/retail-mac.js';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import { printAnswer, type ResultOptions, withJson } from '../results.js';
import { calculated } from './compute.js';
import { hexOf, type TestKeyOptions, useTestKey, withTestKey } from './test-key.js';

const KEY = 'MAC key';
const EXAMPLE = '\\\n  --key 0123456789ABCDEFFEDCBA9876543210 --data 3132333435363738';

interface MacOptions extends TestKeyOptions, ResultOptions {
  algorithm: string;
  data: string;
  padding: string;
  length?: string;
  verify?: string;
}

const hmacOf = (hash: HmacHash) => (key: Buffer, data: Buffer) => hmac(hash, key, data);

/** MACs with all their bytes, by the names of algorithms. */
const ALGORITHMS: Readonly<Record<string, { pads: boolean; mac: (key: Buffer, data: Buffer) => Buffer }>> = {
  ISO9797_ALGORITHM1: { pads: true, mac: (key, data) => cbcMac(key, data) },
  ISO9797_ALGORITHM3: { pads: true, mac: (key, data) => retailMac(key, data) },
  CMAC_TDES: { pads: false, mac: tdesCmac },
  CMAC_AES: { pads: false, mac: aesCmac },
  HMAC_SHA224: { pads: false, mac: hmacOf('SHA224') },
  HMAC_SHA256: { pads: false, mac: hmacOf('SHA256') },
  HMAC_SHA384: { pads: false, mac: hmacOf('SHA384') },
  HMAC_SHA512: { pads: false, mac: hmacOf('SHA512') },
};
const NAMES = Object.keys(ALGORITHMS);

/** Adds `keyblock mac`. */
export function addMac(program: Command, streams: Streams): void {
  const command = program
    .command('mac')
    .description(
      `Compute a MAC, or verify one.\n\nAlgorithms: ${NAMES.join(', ')}. Only those of ISO 9797-1 pad the data.`,
    )
    .requiredOption('--algorithm <name>', 'The algorithm.')
    .requiredOption('--data <hex>', 'The message.')
    .option('--padding <method>', 'Padding method of ISO/IEC 9797-1, 1 or 2.', '1')
    .option('--length <bytes>', 'Length of the MAC, from the left; all by default.')
    .option('--verify <hex>', 'Compare with this MAC.')
    .examples(
      `keyblock mac --algorithm ISO9797_ALGORITHM3 --padding 2 \\\n  ${EXAMPLE}`,
      `keyblock mac --algorithm CMAC_TDES ${EXAMPLE} --length 4`,
    )
    .readOn('docs/calculators.md');
  withJson(withTestKey(command, KEY)).action(async (options: MacOptions) => {
    const algorithm = ALGORITHMS[options.algorithm];
    if (!algorithm) throw new Failure(EXIT.usage, `The algorithm is one of ${NAMES.join(', ')}.`);
    const data = paddedData(options, algorithm.pads);
    const expected = options.verify === undefined ? undefined : hexOf('MAC', options.verify);
    const whole = await useTestKey(KEY, options, streams, (key) => calculated(() => algorithm.mac(key, data)));
    const value = whole.subarray(0, lengthOf(options, whole.length, expected?.length));
    const isRight = expected === undefined || value.equals(expected);
    const result = { Mac: toHex(value), ...(expected && { Verified: isRight }) };
    printAnswer(streams, options, isRight, result, [
      isRight ? toHex(value) : `${toHex(value)}, not ${String(options.verify)}`,
    ]);
  });
}

function paddedData({ data: text, padding }: MacOptions, pads: boolean): Buffer {
  const data = hexOf('message', text);
  if (padding !== '1' && padding !== '2') throw new Failure(EXIT.usage, 'A padding method is 1 or 2.');
  if (!pads) return data;
  return padding === '2' ? padMethod2(data, 8) : padMethod1(data, 8);
}

function lengthOf({ length }: MacOptions, whole: number, otherwise = whole): number {
  if (length === undefined) return otherwise;
  const bytes = Number(length);
  if (!Number.isInteger(bytes) || bytes < 4 || bytes > whole)
    throw new Failure(EXIT.usage, `A MAC of this algorithm has 4 to ${whole} bytes.`);
  return bytes;
}

function tdesCmac(key: Buffer, data: Buffer): Buffer {
  using cipher = tdes(key);
  return cmac(cipher, data);
}

function aesCmac(key: Buffer, data: Buffer): Buffer {
  using cipher = aes(key);
  return cmac(cipher, data);
}
