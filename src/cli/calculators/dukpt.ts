import { toHex } from '../../crypto/bytes.js';
import { type DukptDerivation, deriveTransaction } from '../../workbench/dukpt.js';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import { section, table } from '../layout.js';
import { print, withOutput } from '../results.js';
import { calculated, grouped } from './compute.js';
import { hexOf, type TestKeyOptions, useTestKey, withTestKey } from './test-key.js';

const BDK = 'base derivation key';
const EXAMPLE = '--key 0123456789ABCDEFFEDCBA9876543210 \\\n  --ksn FFFF9876543210E00006';

interface DukptOptions extends TestKeyOptions {
  ksn: string;
  usage?: string;
}

/** Adds `keyblock dukpt`. */
export function addDukpt(program: Command, streams: Streams): void {
  const dukpt = program
    .command('dukpt')
    .description('Derive DUKPT keys from a test base derivation key.')
    .readOn('docs/calculators.md');
  const derive = dukpt
    .command('derive')
    .description(
      'Derive the working keys of a transaction.\n\nTDES by ANSI X9.24-1 for a key serial number of 8 or 10 bytes, AES by X9.24-3 for one of 12.',
    )
    .option('--usage <name>', 'Print only this key, e.g. PIN or DATA_REQUEST.')
    .examples(`keyblock dukpt derive ${EXAMPLE}`, `keyblock dukpt derive ${EXAMPLE} --usage PIN`)
    .readOn('docs/calculators.md');
  withDukpt(derive).action((options: DukptOptions) =>
    withDerivation(options, streams, (derivation) => {
      const { usage } = options;
      const keys = derivation.workingKeys.filter((each) => usage === undefined || each.usage === usage);
      if (keys.length === 0)
        throw new Failure(
          EXIT.usage,
          `There is no usage ${usage}: use ${derivation.workingKeys.map((each) => each.usage).join(', ')}.`,
        );
      print(
        streams,
        options,
        { WorkingKeys: keys.map(({ usage: Usage, key }) => ({ Usage, Key: toHex(key) })) },
        usage === undefined
          ? table([['USAGE', 'KEY'], ...keys.map((each) => [each.usage, grouped(each.key)])])
          : keys.map(({ key }) => toHex(key)),
      );
    }),
  );
  const explain = dukpt
    .command('explain')
    .description(
      'Show how the keys of a transaction are derived.\n\nPrints the fields of the key serial number, the initial key, the key after each one-bit of the counter, and the working keys.',
    )
    .examples(
      `keyblock dukpt explain ${EXAMPLE}`,
      'keyblock dukpt explain --key FEDCBA9876543210F1F1F1F1F1F1F1F1 \\\n  --ksn 123456789012345600000003',
    )
    .readOn('docs/calculators.md');
  withDukpt(explain).action((options: DukptOptions) =>
    withDerivation(options, streams, (derivation) =>
      print(streams, options, derivationJson(derivation), derivationLines(derivation)),
    ),
  );
}

function withDukpt(command: Command): Command {
  return withOutput(withTestKey(command.requiredOption('--ksn <hex>', 'The key serial number.'), BDK));
}

async function withDerivation(
  options: DukptOptions,
  streams: Streams,
  use: (derivation: DukptDerivation) => void,
): Promise<void> {
  const ksn = hexOf('key serial number', options.ksn);
  const derivation = await useTestKey(BDK, options, streams, (bdk) =>
    calculated(() => deriveTransaction({ bdk, ksn })),
  );
  use(derivation);
}

function derivationJson({ algorithm, fields, counter, initialKey, steps, workingKeys }: DukptDerivation): object {
  return {
    Algorithm: algorithm,
    KeySerialNumber: fields.map(({ name, digits }) => ({ Field: name, Digits: digits })),
    Counter: counter,
    InitialKey: toHex(initialKey),
    Steps: steps.map((step) => ({ Counter: step.counter, Key: toHex(step.key) })),
    WorkingKeys: workingKeys.map(({ usage, key }) => ({ Usage: usage, Key: toHex(key) })),
  };
}

function derivationLines({ algorithm, fields, initialKey, steps, workingKeys }: DukptDerivation): string[] {
  return [
    `DUKPT with ${algorithm}.`,
    ...section('Key serial number', table(fields.map(({ name, digits }) => [name, digits]))),
    ...section(
      'Intermediate keys',
      table([
        ['initial key', grouped(initialKey)],
        ...steps.map(({ counter, key }) => [`counter ${counter.toString(16).toUpperCase()}`, grouped(key)]),
      ]),
    ),
    ...section('Working keys', table(workingKeys.map(({ usage, key }) => [usage, grouped(key)]))),
  ];
}
