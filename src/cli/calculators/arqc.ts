import { toHex } from '../../crypto/bytes.js';
import type { SessionKeyScheme } from '../../crypto/emv/session-key.js';
import {
  type ArqcAttempt,
  type ArqcTransaction,
  type ArqcWay,
  cryptogramOf,
  cryptogramVersionOf,
  parseTlv,
  searchArqc,
  SESSION_KEY_NAMES,
} from '../../workbench/arqc-search.js';
import type { Command, Streams } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import { count, section, table } from '../layout.js';
import { print, printAnswer, withOutput } from '../results.js';
import { calculated, grouped } from './compute.js';
import { hexOf, type TestKeyOptions, useTestKey, withTestKey } from './test-key.js';

const IMK = 'issuer master key';
const NAMES = Object.values(SESSION_KEY_NAMES);
const CARD =
  '--key 263D9EEA20259B7CC2612AADD5EF19CD \\\n  --pan 5413330089020011 ' +
  '--psn 01 --atc 00A7 --un 5A3C91E7 \\\n' +
  '  --session-key Mastercard --data "$(cat arqc-data.txt)" \\\n' +
  '  --iad 0114A50003020000000000000000000000FF';

interface ArqcOptions extends TestKeyOptions {
  pan: string;
  psn: string;
  atc: string;
  un: string;
  data: string;
  iad?: string;
  iadPart: string;
  sessionKey: string;
  padding: string;
  optionB?: boolean;
  arqc?: string;
}

/** Adds `keyblock arqc`. */
export function addArqc(program: Command, streams: Streams): void {
  const arqc = program
    .command('arqc')
    .description('Compute EMV cryptograms with a test key, or find out why one differs.')
    .readOn('docs/calculators.md');
  const compute = arqc
    .command('compute')
    .description('Compute an application cryptogram: ARQC, TC or AAC.')
    .examples(`keyblock arqc compute ${CARD}`, `keyblock arqc compute ${CARD} --json`)
    .readOn('docs/calculators.md');
  withTransaction(compute).action(async (options: ArqcOptions) => {
    const cryptogram = await useTestKey(IMK, options, streams, (issuerKey) =>
      calculated(() => cryptogramOf({ issuerKey, ...transactionOf(options) }, wayOf(options))),
    );
    print(streams, options, { Cryptogram: toHex(cryptogram) }, [toHex(cryptogram)]);
  });
  const explain = arqc
    .command('explain')
    .description(
      "Find out why a cryptogram doesn't match.\n\nTries every session key, both paddings, both parts of the issuer application data and the sequence number 00; if none matches, also the other derivation of the card's key and common mistakes in the data.",
    )
    .requiredOption('--arqc <hex>', "The card's cryptogram, 8 bytes.")
    .examples(
      `keyblock arqc explain ${CARD} \\\n  --arqc 3BDBEBF8E13C9EBB`,
      `keyblock arqc explain ${CARD} \\\n  --arqc 3BDBEBF8E13C9EBB --json`,
    )
    .readOn('docs/calculators.md');
  withTransaction(explain).action((options: ArqcOptions) => explainArqc(options, streams));
}

function withTransaction(command: Command): Command {
  command
    .requiredOption('--pan <digits>', 'The PAN with its check digit.')
    .option('--psn <digits>', 'The PAN sequence number, 2 digits.', '00')
    .requiredOption('--atc <hex>', 'The application transaction counter, 2 bytes.')
    .option('--un <hex>', 'The unpredictable number, 4 bytes.', '00000000')
    .requiredOption(
      '--data <tlv>',
      'The data elements that the card signs, as TLV, in its\norder, without the issuer application data.',
    )
    .option('--iad <hex>', 'The issuer application data (9F10), signed after them.')
    .option('--iad-part <part>', 'The signed part of it: cvr or whole.', 'cvr')
    .option('--session-key <name>', `${NAMES.slice(0, 3).join(', ')},\n${NAMES.slice(3).join(', ')}.`, 'EmvCommon')
    .option('--padding <method>', 'Padding method of ISO/IEC 9797-1, 1 or 2.', '2')
    .option('--option-b', "Derive the card's key by option B.");
  return withOutput(withTestKey(command, IMK));
}

function transactionOf({ pan, atc, un, iad, data }: ArqcOptions): Omit<ArqcTransaction, 'issuerKey'> {
  return {
    pan,
    atc: exactly(2, 'application transaction counter', atc),
    un: exactly(4, 'unpredictable number', un),
    iad: iad === undefined ? Buffer.alloc(0) : hexOf('issuer application data', iad),
    elements: calculated(() => parseTlv(hexOf('data', data))),
  };
}

function wayOf({ sessionKey, padding, iad, iadPart, psn, optionB }: ArqcOptions): ArqcWay {
  const scheme = (Object.keys(SESSION_KEY_NAMES) as SessionKeyScheme[]).find(
    (each) => SESSION_KEY_NAMES[each] === sessionKey,
  );
  if (!scheme) throw new Failure(EXIT.usage, `The session key is one of ${NAMES.join(', ')}.`);
  if (padding !== '1' && padding !== '2') throw new Failure(EXIT.usage, 'A padding method is 1 or 2.');
  if (iadPart !== 'cvr' && iadPart !== 'whole') throw new Failure(EXIT.usage, 'The part must be cvr or whole.');
  const part = iadPart === 'cvr' ? 'CVR' : 'WHOLE';
  return {
    scheme,
    padding: padding === '1' ? 1 : 2,
    iad: iad === undefined ? 'NONE' : part,
    psn,
    majorKeyDerivation: optionB === true ? 'EMV_OPTION_B' : 'EMV_OPTION_A',
  };
}

function exactly(bytes: number, what: string, text: string): Buffer {
  const value = hexOf(what, text);
  if (value.length !== bytes) throw new Failure(EXIT.usage, `The ${what} has ${count(bytes, 'byte')}.`);
  return value;
}

async function explainArqc(options: ArqcOptions, streams: Streams): Promise<void> {
  const given = {
    ...transactionOf(options),
    arqc: exactly(8, 'cryptogram', options.arqc ?? ''),
    expected: wayOf(options),
  };
  const { attempts, matches, isExtended } = await useTestKey(IMK, options, streams, (issuerKey) =>
    calculated(() => searchArqc({ issuerKey, ...given })),
  );
  const version = cryptogramVersionOf(given.iad);
  const json = {
    Tried: attempts.length,
    Extended: isExtended,
    CryptogramVersion: version === undefined ? undefined : toHex(Buffer.from([version])),
    Matches: matches.map((match) => ({ ...wayJson(match.way), Differences: match.differences.map(nameOf) })),
  };
  printAnswer(streams, options, matches.length > 0, json, [
    ...verdict(matches, attempts.length),
    ...(version === undefined
      ? []
      : [`The issuer application data says cryptogram version ${json.CryptogramVersion}.`]),
    ...section('Matches', matches.length === 0 ? ['none'] : table([HEADER, ...matches.map((match) => wayRow(match))])),
    ...section('Closest to the expected variant', table([HEADER, ...closest(attempts).map((each) => wayRow(each))])),
  ]);
}

/** Number of attempts to print. */
const CLOSEST = 8;

/** Returns the attempts with the fewest differences. */
function closest(attempts: readonly ArqcAttempt[]): ArqcAttempt[] {
  return [...attempts].sort((a, b) => a.differences.length - b.differences.length).slice(0, CLOSEST);
}

const HEADER = ['SESSION KEY', 'PADDING', 'IAD', 'PSN', 'CARD KEY', 'CHANGE', 'CRYPTOGRAM'];

function wayRow({ way, cryptogram }: ArqcAttempt): string[] {
  const { SessionKey, Padding, IssuerApplicationData, PanSequenceNumber, CardKey, Change } = wayJson(way);
  return [
    SessionKey,
    String(Padding),
    IssuerApplicationData,
    PanSequenceNumber,
    CardKey,
    Change ?? '',
    grouped(cryptogram),
  ];
}

function wayJson({ scheme, padding, iad, psn, majorKeyDerivation, change }: ArqcWay) {
  return {
    SessionKey: SESSION_KEY_NAMES[scheme],
    Padding: padding,
    IssuerApplicationData: iad.toLowerCase(),
    PanSequenceNumber: psn,
    CardKey: majorKeyDerivation,
    Change: change?.toLowerCase().replaceAll('_', ' '),
  };
}

/** Names of the differences, as the members of the JSON have them. */
function nameOf(member: keyof ArqcWay): string {
  const names: Record<keyof ArqcWay, string> = {
    scheme: 'SessionKey',
    padding: 'Padding',
    iad: 'IssuerApplicationData',
    psn: 'PanSequenceNumber',
    majorKeyDerivation: 'CardKey',
    change: 'Change',
  };
  return names[member];
}

function verdict(matches: readonly ArqcAttempt[], tried: number): string[] {
  const [best] = matches;
  if (!best) return [`No match in ${tried} ways: check the issuer master key, the PAN and the data.`];
  if (best.differences.length === 0) return ['The cryptogram matches as expected.'];
  const { way } = best;
  const found = wayJson(way);
  const changes = best.differences.map((member) => {
    const name = nameOf(member) as keyof typeof found;
    return `${name} ${found[name] ?? ''}`;
  });
  return [
    `The cryptogram matches with ${changes.join(' and ')}.`,
    ...(best.differences.includes('scheme')
      ? [`In the API call, set SessionKeyDerivationAttributes to ${found.SessionKey}.`]
      : []),
  ];
}
