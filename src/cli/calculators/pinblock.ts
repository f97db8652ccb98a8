import { aes } from '../../crypto/aes.js';
import { toHex } from '../../crypto/bytes.js';
import { tdes } from '../../crypto/des.js';
import {
  decodePinBlock,
  decryptPinBlock,
  encodePinBlock,
  encryptPinBlock,
  type PinBlockFormat,
} from '../../crypto/pin-block.js';
import { readingsOf } from '../../workbench/pin-blocks.js';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import { table } from '../layout.js';
import { print, printAnswer, withOutput } from '../results.js';
import { calculated, grouped } from './compute.js';
import { hexOf, type TestKeyOptions, useTestKey, withTestKey } from './test-key.js';

const PEK = 'PIN encryption key';
const FORMATS = ['0', '1', '2', '3', '4'];

interface PinBlockOptions extends TestKeyOptions {
  format?: string;
  pin?: string;
  pan?: string;
  block?: string;
  clear?: boolean;
}

/** Adds `keyblock pinblock`. */
export function addPinBlock(program: Command, streams: Streams): void {
  const pinblock = program
    .command('pinblock')
    .description('Encode and decode PIN blocks of test PINs.')
    .readOn('docs/calculators.md');
  const encode = pinblock
    .command('encode')
    .description('Encode a PIN block of ISO 9564-1.\n\nFormats 0 to 3 are encrypted under TDES, format 4 under AES.')
    .requiredOption('--format <number>', 'The format, 0 to 4.')
    .requiredOption('--pin <digits>', 'The PIN, 4 to 12 digits.')
    .option('--pan <digits>', 'The PAN with its check digit, for formats 0, 3 and 4.')
    .option('--clear', 'Print the clear block; no key is needed.')
    .examples(
      'keyblock pinblock encode --format 0 --pin 1234 --pan 4012345678909 --clear',
      'keyblock pinblock encode --format 3 --pin 1234 --pan 4012345678909 \\\n  --key 0123456789ABCDEFFEDCBA9876543210',
    )
    .readOn('docs/calculators.md');
  withOutput(withTestKey(encode, PEK)).action(async (options: PinBlockOptions) => {
    const format = formatOf(options.format);
    const from = { pin: options.pin ?? '', pan: options.pan };
    const block =
      options.clear === true
        ? calculated(() => encodePinBlock(clearFormat(format), from))
        : await useTestKey(PEK, options, streams, (key) =>
            calculated(() => {
              using cipher = format === 4 ? aes(key) : tdes(key);
              return encryptPinBlock(cipher, format, from);
            }),
          );
    print(streams, options, { PinBlock: toHex(block) }, [toHex(block)]);
  });
  const decode = pinblock
    .command('decode')
    .description(
      'Decode a PIN block.\n\nWithout --format, a clear block is decoded in every format, and with parts of the PAN that are often used by mistake.',
    )
    .requiredOption('--block <hex>', 'The PIN block, 16 digits; 32 in format 4.')
    .option('--format <number>', 'The format, 0 to 4.')
    .option('--pan <digits>', 'The PAN with its check digit.')
    .option('--clear', 'The block is not encrypted; no key is needed.')
    .examples(
      'keyblock pinblock decode --block 041274EDCBA9876F --pan 4012345678909 --clear',
      'keyblock pinblock decode --format 0 --block 1B9C1845EB993A7A \\\n  --pan 4012345678909 --key 042666B49184CF5C68DE9628D0397B36',
    )
    .readOn('docs/calculators.md');
  withOutput(withTestKey(decode, PEK)).action(async (options: PinBlockOptions) => {
    const block = hexOf('PIN block', options.block ?? '');
    const { pan } = options;
    if (options.format !== undefined) {
      const format = formatOf(options.format);
      const pin =
        options.clear === true
          ? calculated(() => decodePinBlock(clearFormat(format), { block, pan }))
          : await useTestKey(PEK, options, streams, (key) =>
              calculated(() => {
                using cipher = format === 4 ? aes(key) : tdes(key);
                return decryptPinBlock(cipher, format, { block, pan });
              }),
            );
      print(streams, options, { Pin: pin }, [pin]);
      return;
    }
    const clear =
      options.clear === true
        ? block
        : await useTestKey(PEK, options, streams, (key) =>
            calculated(() => {
              using cipher = tdes(key);
              return cipher.decrypt(block);
            }),
          );
    const readings = calculated(() => readingsOf(clear, pan));
    printAnswer(
      streams,
      options,
      readings.length > 0,
      { Readings: readings.map(({ format, panPart, pin }) => ({ Format: format, PanPart: panPart, Pin: pin })) },
      readings.length > 0
        ? table([
            ['FORMAT', 'PIN', 'PAN'],
            ...readings.map(({ format, panPart, pin }) => [String(format), pin, panPart ?? '']),
          ])
        : [`The block ${grouped(clear)} isn't a PIN block of any format.`],
    );
  });
}

function formatOf(text: string | undefined): PinBlockFormat {
  if (text === undefined || !FORMATS.includes(text)) throw new Failure(EXIT.usage, 'A format is 0, 1, 2, 3 or 4.');
  return Number(text) as PinBlockFormat;
}

function clearFormat(format: PinBlockFormat): Exclude<PinBlockFormat, 4> {
  if (format === 4) throw new Failure(EXIT.usage, 'Format 4 has no clear block: the PIN field is encrypted twice.');
  return format;
}
