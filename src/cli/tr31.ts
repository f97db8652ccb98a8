import { CryptoError } from '../crypto/errors.js';
import { ALGORITHMS, cipherBlockBytes, VERSIONS } from '../crypto/tr31/header-values.js';
import type { KeyBlockHeader } from '../crypto/tr31/header.js';
import { checkAttributes, parseKeyBlock, type KeyBlock } from '../crypto/tr31/key-block.js';
import { payloadBytes } from '../crypto/tr31/wrap.js';
import { type Command, InputError } from './command.js';
import { readInput } from './input.js';
import { headerChoices, headerWords, optionalBlockWords } from './key-block-words.js';
import { alternatives, count, section } from './layout.js';

/** The longest excerpt of a malformed block that is shown on each side of the mistake. */
const EXCERPT_CHARS = 30;

/** Prints a TR-31 key block in words. */
export const tr31Inspect: Command = {
  name: 'tr31 inspect',
  summary: 'Print each header field and optional block of a TR-31 / X9.143 key block in words, without any key',
  help: `Usage: keyblock tr31 inspect <block> | - | --file <path>

Prints a TR-31 / X9.143 key block of version A, B, C or D in words: header, optional blocks, lengths, MAC.
No key is needed, so nothing of it is authentic.

  <block>        the key block
  -              read it from the standard input
  --file <path>  read it from a file

White space around the block and line ends in it are left out.

Example: keyblock tr31 inspect A0072K0TN00N0000F40D5672C6D0EC86F860BA88D44D00F0CA9A8CE8CD2F640287A9A9EB`,
  async run(args, { stdin, stdout }) {
    const input = await readInput(args, stdin);
    stdout.write(`${tr31Words(input.toString('utf8')).join('\n')}\n`);
  },
};

/**
 * A key block in words.
 *
 * @param input a key block; white space around it and line ends in it don't count
 * @returns lines
 * @throws InputError with offset, what is wrong and what would be right
 */
export function tr31Words(input: string): string[] {
  const text = input.trim().replace(/[\r\n]/g, '');
  const block = parse(text);
  const { header, optionalBlocks, headerBytes } = block;
  return [
    `TR-31 key block, ${count(text.length, 'character')}. Nothing of it is verified: that takes the key block protection key.`,
    ...section('Header', headerWords(text, header)),
    ...(optionalBlocks.length === 0 ? [] : section('Optional blocks', optionalBlockWords(text, optionalBlocks))),
    ...section(`Encrypted key, offset ${headerBytes.length}`, payloadWords(block)),
    ...section(`MAC, offset ${text.length - 2 * block.mac.length}`, macWords(block)),
    ...remarks(block),
  ];
}

function parse(text: string): KeyBlock {
  try {
    return parseKeyBlock(text);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new InputError([`${error.message}.`, ...adviceAt(text, error.offset ?? 0)].join('\n'));
  }
}

/** What stands at the offset, marked, and what may stand there. */
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
          `The block has ${count(text.length, 'character')}: write that number, or look for characters missing or too many.`,
        ]
      : []),
    ...(offset === 0 && /^[RS][A-D]\d{4}/.test(text) ? [`Leave out the ${text.charAt(0)} before the block.`] : []),
  ];
}

function payloadWords({ header, ciphertext }: KeyBlock): string[] {
  const { kbpkAlgorithm, binding } = VERSIONS[header.versionId];
  const blocks = ciphertext.length / cipherBlockBytes(header.versionId);
  return [
    `${2 * ciphertext.length} digits: ${count(ciphertext.length, 'byte')}, ${count(blocks, 'block')} of ${kbpkAlgorithm} in CBC`,
    `under a key made from the key block protection key by ${binding}`,
    'clear: length of the key in bits (2 bytes), key, random padding',
    keyLengthWords(header, ciphertext.length),
  ];
}

/** What can be said of the length of the key, which is encrypted with it. */
function keyLengthWords(header: KeyBlockHeader, bytes: number): string {
  const room = bytes - 2;
  const lengths = ALGORITHMS[header.algorithm]?.keyBytes;
  if (lengths === undefined)
    return `length of the key: at most ${count(room, 'byte')}; only who opens the block sees it`;
  const fitting = lengths.filter((length) => length <= room);
  const longest = lengths.at(-1) ?? 0;
  if (fitting.length === 0) return `length of the key: no key of this algorithm fits in ${count(room, 'byte')}`;
  if (fitting.length === 1)
    return `length of the key: ${alternatives(fitting)} bytes, no other length fits: not obfuscated`;
  return bytes >= payloadBytes(header, longest, 0)
    ? `length of the key: obfuscated, ${alternatives(fitting)} bytes; only who opens the block sees it`
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

/** What is well-formed but will not be opened, or not be meant. */
function remarks({ header, optionalBlocks }: KeyBlock): string[] {
  const lines: string[] = [];
  try {
    checkAttributes(header, optionalBlocks);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    lines.push(`This block will not be opened: ${error.message}.`);
  }
  if (header.versionId === 'A') lines.push('Version A is deprecated: ask for version B, or D under an AES key.');
  return lines.length === 0 ? [] : section('Remarks', lines);
}
