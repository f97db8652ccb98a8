import { CryptoError } from '../errors.js';
import { cipherBlockBytes, KEY_USAGES, VERSIONS } from './header-values.js';
import { describeHeader, HEADER_CHARS, malformed, parseFixedHeader, quoted, type KeyBlockHeader } from './header.js';
import { formatOptionalBlocks, parseOptionalBlocks, type OptionalBlock } from './optional-blocks.js';

/** A key block parsed without any key. Nothing in it is authenticated yet. */
export interface KeyBlock {
  header: KeyBlockHeader;
  /** In the order of the block, including PB. */
  optionalBlocks: OptionalBlock[];
  /** The header with its optional blocks as ASCII bytes, as covered by the MAC. */
  headerBytes: Buffer;
  ciphertext: Buffer;
  mac: Buffer;
}

/**
 * Parses a key block (TR 31-2018 A.2, X9.143 6.2): header, optional blocks, encrypted key in hexadecimal, MAC in
 * hexadecimal. Checks every field. Hexadecimal must be upper case, as X9.143 clause 4 requires; lower case is rejected.
 *
 * @param text printable ASCII, 9999 characters at most
 * @throws CryptoError KEY_BLOCK, with the offset and name of the malformed field
 */
export function parseKeyBlock(text: string): KeyBlock {
  refuseSchemeLetter(text);
  const { header, optionalBlocks, headerChars } = parseHeader(text, text.length);

  const blockBytes = cipherBlockBytes(header.versionId);
  if (headerChars % blockBytes !== 0)
    throw malformed(headerChars, `header and optional blocks must be a multiple of ${blockBytes} characters`);
  const macOffset = text.length - 2 * VERSIONS[header.versionId].macBytes;
  if (macOffset <= headerChars || (macOffset - headerChars) % (2 * blockBytes) !== 0)
    throw malformed(headerChars, `the encrypted key must be a multiple of ${blockBytes} bytes, and the MAC whole`);
  const [stray] = /[^0-9A-F]/.exec(text.slice(headerChars)) ?? [];
  if (stray !== undefined)
    throw malformed(
      text.indexOf(stray, headerChars),
      `encrypted key and MAC must be upper-case hexadecimal digits, not ${quoted(stray)}`,
    );

  return {
    header,
    optionalBlocks,
    headerBytes: Buffer.from(text.slice(0, headerChars), 'latin1'),
    ciphertext: Buffer.from(text.slice(headerChars, macOffset), 'hex'),
    mac: Buffer.from(text.slice(macOffset), 'hex'),
  };
}

/** Refuses the letter that some HSMs put in front of a key block: `S` for their own scheme, `R` for TR-31. */
function refuseSchemeLetter(text: string): void {
  if (!/^[RS][A-D]\d{4}/.test(text)) return;
  try {
    parseKeyBlock(text.slice(1));
  } catch {
    return; // The text is malformed in another way, too.
  }
  throw malformed(0, `the key scheme letter ${quoted(text.charAt(0))} of an HSM precedes the key block: leave it out`);
}

/**
 * Parses a header and its optional blocks at the start of a text. TR-34 uses headers like this, without the rest of a
 * key block; the key block length then only has to be 4 digits. PB does not have to pad to the cipher's block length.
 *
 * @param blockChars characters of the whole block, which the key block length must state
 * @returns the header, the optional blocks and the number of characters read
 * @throws CryptoError KEY_BLOCK
 */
export function parseHeader(
  text: string,
  blockChars?: number,
): {
  header: KeyBlockHeader;
  optionalBlocks: OptionalBlock[];
  headerChars: number;
} {
  const { header, optionalBlockCount } = parseFixedHeader(text, blockChars);
  const { optionalBlocks, end } = parseOptionalBlocks(text, optionalBlockCount);
  return { header, optionalBlocks, headerChars: end };
}

/**
 * Formats a header and its optional blocks, adding PB where it is needed.
 *
 * @param payloadBytes length in bytes of the encrypted key that follows, for the key block length field
 * @returns printable ASCII
 * @throws CryptoError KEY_BLOCK, including when the whole block would exceed 9999 characters
 */
export function formatHeader(
  header: KeyBlockHeader,
  optionalBlocks: readonly OptionalBlock[],
  payloadBytes: number,
): string {
  describeHeader(header);
  const { versionId, keyUsage, algorithm, modeOfUse, keyVersionNumber, exportability, keyContext } = header;
  const { text, count } = formatOptionalBlocks(optionalBlocks, cipherBlockBytes(versionId));
  if (count > 99) throw malformed(12, 'a key block has 99 optional blocks at most');
  const length = HEADER_CHARS + text.length + 2 * (payloadBytes + VERSIONS[versionId].macBytes);
  if (length > 9999) throw malformed(1, 'a key block has 9999 characters at most: leave out optional blocks');
  return (
    versionId +
    String(length).padStart(4, '0') +
    keyUsage +
    algorithm +
    modeOfUse +
    keyVersionNumber +
    exportability +
    String(count).padStart(2, '0') +
    keyContext +
    '0' +
    text
  );
}

/**
 * Rejects attributes that X9.143 does not allow together: a mode of use that the key usage does not have (6.3.1), or an
 * HMAC key without the hash that it is bound to (6.3.6.5). The standard leaves it to the parties which algorithms a
 * usage allows, so that is not checked.
 *
 * @throws CryptoError KEY_BLOCK
 */
export function checkAttributes(
  { keyUsage, algorithm, modeOfUse }: KeyBlockHeader,
  optionalBlocks: readonly OptionalBlock[],
): void {
  const allowed = KEY_USAGES[keyUsage]?.modesOfUse;
  if (allowed !== undefined && !`${allowed}N0123456789`.includes(modeOfUse))
    throw new CryptoError('KEY_BLOCK', `Mode of use ${modeOfUse} does not go with key usage ${keyUsage}`);
  if (algorithm === 'H' && !optionalBlocks.some(({ id }) => id === 'HM'))
    throw new CryptoError('KEY_BLOCK', 'A key block with an HMAC key needs optional block HM');
}
