import { toHex } from '../crypto/bytes.js';
import { CryptoError } from '../crypto/errors.js';
import { ALGORITHMS, cipherBlockBytes, VERSIONS } from '../crypto/tr31/header-values.js';
import { isComponent, type KeyBlockHeader, parseFixedHeader } from '../crypto/tr31/header.js';
import { checkAttributes, parseKeyBlock, type KeyBlock } from '../crypto/tr31/key-block.js';
import { type Kbpk } from '../crypto/tr31/kbpk.js';
import { unwrapKeyBlock } from '../crypto/tr31/unwrap.js';
import { payloadBytes, wrapKeyBlock } from '../crypto/tr31/wrap.js';
import { calculated } from './calculators/compute.js';
import { hexOf, type TestKeyOptions, useTestKey, withTestKey } from './calculators/test-key.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { type InputOptions, readInput, withInput } from './input.js';
import { headerChoices, headerTable, optionalBlockTable } from './key-block-tables.js';
import { alternatives, count, section } from './layout.js';
import { print, printAnswer, type OutputOptions, withOutput } from './results.js';

const DOCUMENT = 'docs/key-exchange.md';

/** Maximum number of characters of a malformed block to show on each side of the error. */
const EXCERPT_CHARS = 30;

const DESCRIPTION = `Describe a TR-31 key block without any key.

Prints each header field and optional block, the lengths and the MAC of a TR-31 / X9.143 key block of version A, B, C or D. Verifies nothing, because that needs the key. White space around the block and line ends in it are ignored.`;

/** Adds `keyblock tr31`. */
export function addTr31(program: Command, streams: Streams): void {
  const tr31 = program
    .command('tr31')
    .description('Inspect, wrap and unwrap TR-31 / X9.143 key blocks.')
    .readOn(DOCUMENT);
  addUnwrap(tr31, streams);
  addWrap(tr31, streams);
  const inspect = tr31
    .command('inspect')
    .description(DESCRIPTION)
    .examples(
      'keyblock tr31 inspect \\\n  A0072K0TN00N0000F40D5672C6D0EC86F860BA88D44D00F0CA9A8CE8CD2F640287A9A9EB',
      'keyblock tr31 inspect --file block.txt',
    )
    .readOn(DOCUMENT);
  withOutput(withInput(inspect, 'block', 'key block')).action(
    async (text: string | undefined, options: InputOptions & OutputOptions) => {
      const input = (await readInput(text, options, streams.stdin)).toString('utf8');
      print(streams, options, tr31Document(input), tr31Words(input));
    },
  );
}

const KBPK = 'key block protection key';
interface UnwrapOptions extends TestKeyOptions {
  block: string;
}

interface WrapOptions extends TestKeyOptions {
  header: string;
  wrap: string;
}

function addUnwrap(tr31: Command, streams: Streams): void {
  const unwrap = tr31
    .command('unwrap')
    .description('Unwrap a key block with a test key.\n\nPrints the clear key and its header.')
    .requiredOption('--block <text>', 'The key block.')
    .examples(
      'keyblock tr31 unwrap --key-file kbpk.txt --block "$(cat block.txt)"',
      'cat kbpk.txt | keyblock tr31 unwrap --block "$(cat block.txt)" --json',
    )
    .readOn(DOCUMENT);
  withOutput(withTestKey(unwrap, KBPK)).action(async (options: UnwrapOptions) => {
    const { header } = parse(options.block);
    const found = await useTestKey(KBPK, options, streams, (key) => opened(options.block, kbpkOf(header, key)));
    const json = found && { KeyBlockHeader: found.header, Key: found.key };
    printAnswer(streams, options, found !== undefined, json ?? {}, [
      found?.key ?? 'The block is not wrapped under this key, or it was changed.',
    ]);
  });
}

/** Returns header and key in hexadecimal; undefined if the block isn't under this key. */
function opened(text: string, kbpk: Kbpk): { header: string; key: string } | undefined {
  try {
    const { key } = unwrapKeyBlock(kbpk, text);
    const digits = key.toString('hex').toUpperCase();
    key.fill(0);
    return { header: text.slice(0, 16), key: digits };
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    if (error.code === 'DECRYPTION_FAILED') return undefined;
    throw new Failure(EXIT.usage, `${error.message}.`);
  }
}

function addWrap(tr31: Command, streams: Streams): void {
  const wrap = tr31
    .command('wrap')
    .description(
      'Wrap a test key in a key block.\n\nThe length and the number of optional blocks in the header are filled in.',
    )
    .requiredOption('--header <text>', 'The first 16 characters, e.g. D0000P0AE00E0000.')
    .requiredOption('--wrap <hex>', 'The test key to wrap.')
    .examples(
      'keyblock tr31 wrap --key-file kbpk.txt \\\n  --header D0000P0AE00E0000 --wrap 3F419E1CB7079442AA37474C2EFBF8B8',
      'keyblock tr31 wrap --key-file kbpk.txt \\\n  --header B0000P0TE00E0000 --wrap 0123456789ABCDEFFEDCBA9876543210',
    )
    .readOn(DOCUMENT);
  withOutput(withTestKey(wrap, KBPK)).action(async (options: WrapOptions) => {
    const key = hexOf('key to wrap', options.wrap);
    const { header } = calculated(() => parseFixedHeader(options.header));
    const block = await useTestKey(KBPK, options, streams, (kbpk) =>
      calculated(() => wrapKeyBlock({ kbpk: kbpkOf(header, kbpk), header, key })),
    );
    print(streams, options, { KeyBlock: block }, [block]);
  });
}

function kbpkOf({ versionId }: KeyBlockHeader, key: Buffer): Kbpk {
  return { algorithm: VERSIONS[versionId].kbpkAlgorithm, key };
}

/**
 * Describes a key block.
 *
 * @param input a key block; white space around it and line ends in it are ignored
 * @returns lines
 * @throws Failure with the offset, the fault and the allowed values
 */
export function tr31Words(input: string): string[] {
  const text = textOf(input);
  const block = parse(text);
  const { header, optionalBlocks, headerBytes } = block;
  const warnings = remarks(block);
  return [
    `TR-31 key block, ${count(text.length, 'character')}. Not verified: verification needs the key block protection key.`,
    ...section('Header', headerTable(text, header)),
    ...(optionalBlocks.length === 0 ? [] : section('Optional blocks', optionalBlockTable(text, optionalBlocks))),
    ...section(`Encrypted key, offset ${headerBytes.length}`, payloadWords(block)),
    ...section(`MAC, offset ${text.length - 2 * block.mac.length}`, macWords(block)),
    ...(warnings.length === 0 ? [] : section('Remarks', warnings)),
  ];
}

/** Returns what `tr31Words` describes, as the document of --json. */
function tr31Document(input: string): object {
  const block = parse(textOf(input));
  const { header, optionalBlocks, ciphertext, mac } = block;
  return {
    VersionId: header.versionId,
    KeyUsage: header.keyUsage,
    Algorithm: header.algorithm,
    ModeOfUse: header.modeOfUse,
    KeyVersionNumber: header.keyVersionNumber,
    Exportability: header.exportability,
    KeyContext: header.keyContext,
    OptionalBlocks: optionalBlocks.map(({ id, data }) => ({ Id: id, Data: data })),
    EncryptedKey: toHex(ciphertext),
    Mac: toHex(mac),
    Remarks: remarks(block),
  };
}

function textOf(input: string): string {
  return input.trim().replace(/[\r\n]/g, '');
}

function parse(text: string): KeyBlock {
  try {
    return parseKeyBlock(text);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new Failure(EXIT.no, [`${error.message}.`, ...adviceAt(text, error.offset ?? 0)].join('\n'));
  }
}

/** Marks the offset in an excerpt, and lists the values that are allowed there. */
function adviceAt(text: string, offset: number): string[] {
  if (text === '') return ['The input is empty.'];
  const start = Math.max(0, offset - EXCERPT_CHARS);
  const excerpt = text.slice(start, offset + EXCERPT_CHARS).replace(/[^\x20-\x7e]/g, '?');
  const choices = headerChoices(offset);
  return [
    `  ${excerpt}`,
    `  ${' '.repeat(offset - start)}^`,
    ...(choices === undefined ? [] : [`It can be ${choices}.`]),
    ...(offset === 1
      ? [
          `The block has ${count(text.length, 'character')}: write that number, or look for missing or additional characters.`,
        ]
      : []),
  ];
}

function payloadWords({ header, ciphertext }: KeyBlock): string[] {
  const { kbpkAlgorithm, binding } = VERSIONS[header.versionId];
  const blocks = ciphertext.length / cipherBlockBytes(header.versionId);
  return [
    `${2 * ciphertext.length} digits: ${count(ciphertext.length, 'byte')}, ${count(blocks, 'block')} of ${kbpkAlgorithm} in CBC`,
    `under a key derived from the key block protection key by ${binding}`,
    'clear: length of the key in bits (2 bytes), key, random padding',
    keyLengthWords(header, ciphertext.length),
  ];
}

/** Describes which key lengths the length of the ciphertext allows, because the key's own length field is encrypted. */
function keyLengthWords(header: KeyBlockHeader, bytes: number): string {
  const room = bytes - 2;
  const lengths = ALGORITHMS[header.algorithm]?.keyBytes;
  if (lengths === undefined) return `length of the key: at most ${count(room, 'byte')}; visible only after unwrapping`;
  const fitting = lengths.filter((length) => length <= room);
  const longest = lengths.at(-1) ?? 0;
  if (fitting.length === 0) return `length of the key: no key of this algorithm fits in ${count(room, 'byte')}`;
  if (fitting.length === 1)
    return `length of the key: ${alternatives(fitting)} bytes, no other length fits: not obfuscated`;
  return bytes >= payloadBytes(header, longest, 0)
    ? `length of the key: obfuscated, ${alternatives(fitting)} bytes; visible only after unwrapping`
    : `length of the key: ${alternatives(fitting)} bytes; the padding is too short to hide a key of ${longest}`;
}

function macWords({ header, mac }: KeyBlock): string[] {
  const { kbpkAlgorithm, binding } = VERSIONS[header.versionId];
  const digits = mac.toString('hex').toUpperCase();
  return binding === 'variant'
    ? [`${digits}: ${count(mac.length, 'byte')} of the CBC-MAC (TDES) over header, optional blocks and encrypted key`]
    : [
        `${digits}: ${count(mac.length, 'byte')}, the CMAC (${kbpkAlgorithm}) over header, optional blocks and clear key`,
      ];
}

/** Warns about a well-formed block that the service refuses, or whose version is deprecated. */
function remarks({ header, optionalBlocks }: KeyBlock): string[] {
  const lines: string[] = [];
  try {
    checkAttributes(header, optionalBlocks);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    lines.push(`This block will not be opened: ${error.message}.`);
  }
  if (isComponent(header))
    lines.push('This block holds a component of a key, not a key: the service will not import it.');
  if (VERSIONS[header.versionId].binding === 'variant')
    lines.push(
      `Version ${header.versionId} is deprecated, and the service accepts it only with KEYBLOCK_TR31_LEGACY=allow: request version B, or D under an AES key.`,
    );
  return lines;
}
