import { cvv } from '../../crypto/cvv.js';
import { pvv } from '../../crypto/pvv.js';
import { cardValueWays } from '../../workbench/card-values.js';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import { table } from '../layout.js';
import { print, printAnswer, withOutput } from '../results.js';
import { calculated } from './compute.js';
import { type TestKeyOptions, useTestKey, withTestKey } from './test-key.js';

const CVK = 'card verification key';
const PVK = 'PIN verification key';
const CARD = '--key 0123456789ABCDEFFEDCBA9876543210 \\\n  --pan 4123456789012345 --expiry 8701';
const PIN = '--key C8199237EA5857BC40EF9DA2B5E96BBF \\\n  --pan 4550000025321 --pvki 1';

interface CvvOptions extends TestKeyOptions {
  pan: string;
  expiry: string;
  serviceCode?: string;
  length: string;
  find?: string;
}

interface PvvOptions extends TestKeyOptions {
  pan: string;
  pvki: string;
  pin: string;
  verify?: string;
}

/** Adds `keyblock cvv`. */
export function addCvv(program: Command, streams: Streams): void {
  const command = program
    .command('cvv')
    .description(
      'Compute a card verification value.\n\nThe date is used as it is given. Service code 000 gives the CVV2, 999 the iCVV. With --find, tries the date in both orders with the usual service codes.',
    )
    .requiredOption('--pan <digits>', 'The PAN with its check digit.')
    .requiredOption('--expiry <digits>', 'The expiry date, 4 digits in the order of the issuer.')
    .option('--service-code <digits>', 'The service code, 3 digits.')
    .option('--length <digits>', 'Number of digits, 3 to 5.', '3')
    .option('--find <value>', 'Find the date and service code that give this value.')
    .examples(`keyblock cvv ${CARD} --service-code 101`, `keyblock cvv ${CARD} --find 561`)
    .readOn('docs/calculators.md');
  withOutput(withTestKey(command, CVK)).action(async (options: CvvOptions) => {
    const { pan, expiry, serviceCode, find } = options;
    if (find !== undefined) {
      const ways = await useTestKey(CVK, options, streams, (key) =>
        calculated(() => cardValueWays(key, { pan, expiry, ...(serviceCode !== undefined && { serviceCode }) }, find)),
      );
      printAnswer(
        streams,
        options,
        ways.length > 0,
        { Ways: ways.map((way) => ({ Expiry: way.expiry, ServiceCode: way.serviceCode })) },
        ways.length > 0
          ? table([['EXPIRY', 'SERVICE CODE'], ...ways.map((way) => [way.expiry, way.serviceCode])])
          : [`None of the tried dates and service codes gives ${find}.`],
      );
      return;
    }
    if (serviceCode === undefined) throw new Failure(EXIT.usage, 'Give --service-code or --find.');
    const value = await useTestKey(CVK, options, streams, (key) =>
      calculated(() => cvv(key, { pan, expiry, serviceCode }, Number(options.length))),
    );
    print(streams, options, { CardVerificationValue: value }, [value]);
  });
}

/** Adds `keyblock pvv`. */
export function addPvv(program: Command, streams: Streams): void {
  const command = program
    .command('pvv')
    .description('Compute a Visa PIN verification value, or verify one.')
    .requiredOption('--pan <digits>', 'The PAN with its check digit.')
    .requiredOption('--pvki <digit>', 'The index of the key, 0 to 6.')
    .requiredOption('--pin <digits>', 'The PIN, 4 to 12 digits.')
    .option('--verify <value>', 'Compare with this value.')
    .examples(`keyblock pvv ${PIN} --pin 1234`, `keyblock pvv ${PIN} --pin 1234 --verify 4402`)
    .readOn('docs/calculators.md');
  withOutput(withTestKey(command, PVK)).action(async (options: PvvOptions) => {
    const { pan, pin, verify } = options;
    const value = await useTestKey(PVK, options, streams, (key) =>
      calculated(() => pvv(key, { pan, pvki: Number(options.pvki), pin })),
    );
    const isRight = verify === undefined || verify === value;
    const result = { PinVerificationValue: value, ...(verify !== undefined && { Verified: isRight }) };
    printAnswer(streams, options, isRight, result, [isRight ? value : `${value}, not ${verify}`]);
  });
}
