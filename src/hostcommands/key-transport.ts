import { equal, toHex } from '../crypto/bytes.js';
import { isStrong, withOddParity } from '../crypto/des.js';
import { CryptoError } from '../crypto/errors.js';
import { lendBytes } from '../crypto/held-key.js';
import { isComponent } from '../crypto/tr31/header.js';
import { type KeyBlock, parseKeyBlock } from '../crypto/tr31/key-block.js';
import { unwrapKeyBlock } from '../crypto/tr31/unwrap.js';
import { wrapKeyBlock } from '../crypto/tr31/wrap.js';
import { ValidationException } from '../errors/exceptions.js';
import { kbpkAlgorithm } from '../payment/exchange/key-block-protection.js';
import { checkStrength, requireOtherKey } from '../payment/exchange/strength.js';
import { isTdes } from '../payment/keys/key-attributes.js';
import type { HostKey } from './command.js';
import { HostError, type HostErrorCode } from './host-error.js';
import { type HostKeyAttributes, usageCodeOf } from './layouts/block-header.js';
import { letterOf } from './layouts/key-options.js';
import type { KeyField } from './layouts/request-fields.js';
import { decryptKey, encryptKey, requireScheme, type VariantScheme } from './lmk/key-scheme.js';
import { LmkBlocks, parseLmkBlock, UNDER_ZMK } from './lmk/lmk-block.js';
import { algorithmOf } from './lmk/opened-key.js';
import { cipherWithVariant, hasOddParity } from './lmk/variant-lmk.js';

/** Form of a key that is exported under a ZMK. */
export interface ExportedAs {
  /** U, T, X, Y, Z, 0, S or R. */
  readonly scheme: string;
  /** Attributes for a key block: the key's own, or those that the command names. */
  readonly attributes?: HostKeyAttributes | undefined;
  /** Exportability of the key block; that of the attributes by default. */
  readonly exportability?: string | undefined;
  /** Version of the key block that the command requests. */
  readonly version?: string | undefined;
  readonly takesAnsiX917: boolean;
}

/** Passes a key in the host's length to a computation. @param compute must not keep the buffer or a view of it */
export function lendKey<T>(key: HostKey, compute: (clear: Buffer) => T): T {
  let result: { value: T } | undefined;
  key.use((held) => {
    result = lendBytes(held, (clear) => ({ value: compute(clear.subarray(0, key.bytes)) }));
  });
  return (result as { value: T }).value;
}

/**
 * Encrypts a key under a ZMK.
 *
 * @param key   DES or AES key; the caller zeroizes it
 * @param isAes whether it is an AES key
 * @throws HostError 26, 27 if the scheme doesn't suit the keys, AA for a key that can't be exported in this form, BB
 *   for a ZMK that is weaker than the key or equals it
 */
export function exportUnder(zmk: HostKey, key: Buffer, isAes: boolean, as: ExportedAs): string {
  checkProtection(zmk, key.length, isAes);
  checkExportable(as);
  return lendKey(zmk, (kek) => {
    checkOther(key, kek);
    checkDisguise(zmk, kek, key.length);
    if (as.scheme === 'R') return `R${tr31Of(zmk, kek, key, isAes, as)}`;
    if (as.scheme === 'S') return vendorBlockOf(zmk, kek, key, isAes, as);
    if (isAes) throw new HostError('26', `Key scheme: ${as.scheme} isn't a scheme for an AES key`);
    const { scheme, letter } = requireScheme(as.scheme, key.length, as.takesAnsiX917);
    checkVariant(scheme, zmk);
    return letter + toHex(encryptKey(scheme, key, (variant) => cipherWithVariant(kek, variant)));
  });
}

/** Attributes of an imported key that do not come from the fields of the command. */
export interface Imported {
  /** The key, which the caller must zeroize; DES keys with odd parity. */
  readonly clear: Buffer;
  readonly isAes: boolean;
  /** Attributes in the key block. */
  readonly attributes?: HostKeyAttributes;
  /** The key had wrong parity, which was corrected. */
  readonly hadWrongParity: boolean;
}

/**
 * Decrypts an imported key under a ZMK.
 *
 * @throws HostError 11 for a weak key, 26, 75 for a key with equal parts, A4 to AB for a key block, BB
 */
export function importUnder(zmk: HostKey, field: KeyField): Imported {
  return lendKey(zmk, (kek) => {
    const { key, isAes, attributes } = open(zmk, kek, field);
    try {
      checkProtection(zmk, key.length, isAes);
      checkOther(key, kek);
      checkDisguise(zmk, kek, key.length);
      if (isAes) return { clear: Buffer.from(key), isAes, hadWrongParity: false, ...(attributes && { attributes }) };
      requireGoodKey(key, field.name);
      const hadWrongParity = !hasOddParity(key);
      return { clear: withOddParity(key), isAes, hadWrongParity, ...(attributes && { attributes }) };
    } finally {
      key.fill(0);
    }
  });
}

/**
 * Checks a DES key that is imported or formed: NIST SP 800-67 revision 2, section 3.3.
 *
 * @throws HostError 75 for equal parts, 11 for weak ones, such as zeros
 */
export function requireGoodKey(key: Buffer, name: string): void {
  const adjusted = withOddParity(key);
  try {
    const parts = partsOf(adjusted);
    if (parts.some((part, i) => parts.slice(0, i).some((other) => equal(part, other))))
      throw new HostError('75', `${name} has equal parts: it is equivalent to a shorter key`);
    if (!isStrong(adjusted)) throw new HostError('11', `${name} has a weak or semi-weak part`);
  } finally {
    adjusted.fill(0);
  }
}

function open(
  zmk: HostKey,
  kek: Buffer,
  field: KeyField,
): { key: Buffer; isAes: boolean; attributes?: HostKeyAttributes } {
  if (field.scheme === 'R') return openTr31(zmk, kek, field);
  if (field.scheme === 'S') {
    const block = parseLmkBlock(field.value, field.name);
    if (block.header.lmk !== UNDER_ZMK)
      throw new HostError('A3', `${field.name} is a block under an LMK, not under a ZMK`);
    if (isTdes(zmk.algorithm)) throw new HostError('26', `${field.name}: a block of scheme S needs an AES ZMK: use R`);
    const { header } = block;
    return {
      key: authentic(field, () => new LmkBlocks(kek).open(block)),
      isAes: header.algorithm === 'A',
      attributes: header,
    };
  }
  if (field.scheme === '@') throw new HostError('26', `${field.name} must be a key under the ZMK`);
  const scheme = field.scheme;
  checkVariant(scheme, zmk);
  const encrypted = Buffer.from(field.value, 'hex');
  return { key: decryptKey(scheme, encrypted, (variant) => cipherWithVariant(kek, variant)), isAes: false };
}

function openTr31(zmk: HostKey, kek: Buffer, field: KeyField) {
  const { header, optionalBlocks }: KeyBlock = authentic(field, () => parseKeyBlock(field.value));
  if (header.versionId === 'A' || header.versionId === 'C')
    throw new HostError('A4', `${field.name} is a block of version ${header.versionId}: use B, or D under an AES key`);
  if (isComponent(header)) throw new HostError('A9', `${field.name} is a block with a component of a key`);
  if (header.algorithm !== 'T' && header.algorithm !== 'D' && header.algorithm !== 'A')
    throw new HostError('A7', `${field.name} is a block with algorithm ${header.algorithm}`);
  if (optionalBlocks.some(({ id }) => id !== 'PB' && id !== 'KC' && id !== 'KP' && id !== 'TS'))
    throw new HostError(
      'AB',
      `${field.name} is a block with optional blocks, which the key block under the LMK can't keep`,
    );
  requireBlockZmk(zmk);
  const algorithm = kbpkAlgorithm(zmk.algorithm);
  const { key } = authentic(field, () => unwrapKeyBlock({ algorithm, key: kek }, field.value));
  const { keyUsage, modeOfUse, keyVersionNumber, exportability } = header;
  const attributes = { usage: usageCodeOf(keyUsage), modeOfUse, keyVersionNumber, exportability };
  return { key, isAes: header.algorithm === 'A', attributes };
}

/** Refuses a malformed block as A5 and one that can't be opened as A4. */
function authentic<T>({ name }: KeyField, openIt: () => T): T {
  try {
    return openIt();
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    const code: HostErrorCode = error.code === 'KEY_BLOCK' ? 'A5' : 'A4';
    throw new HostError(code, code === 'A5' ? `${name}: ${error.message}` : `${name} is not a block under this ZMK`);
  }
}

function tr31Of(zmk: HostKey, kek: Buffer, key: Buffer, isAes: boolean, as: ExportedAs): string {
  requireBlockZmk(zmk);
  const algorithm = kbpkAlgorithm(zmk.algorithm);
  const versionId = algorithm === 'TDES' ? 'B' : 'D';
  requireVersion(as.version, versionId);
  const { usage, modeOfUse, keyVersionNumber } = requireAttributes(as);
  const header = {
    versionId,
    keyUsage: usage,
    algorithm: letterOf({ isAes, bytes: key.length }),
    modeOfUse,
    keyVersionNumber,
    exportability: exportabilityOf(as),
    keyContext: '0',
  } as const;
  return wrapKeyBlock({ kbpk: { algorithm, key: kek }, header, key });
}

function vendorBlockOf(zmk: HostKey, kek: Buffer, key: Buffer, isAes: boolean, as: ExportedAs): string {
  if (isTdes(zmk.algorithm)) throw new HostError('26', 'Key scheme: S needs an AES ZMK: use R');
  requireVersion(as.version, '1');
  const attributes = { ...requireAttributes(as), exportability: exportabilityOf(as) };
  return new LmkBlocks(kek).wrap(
    { ...attributes, algorithm: letterOf({ isAes, bytes: key.length }), lmk: UNDER_ZMK },
    key,
  );
}

function requireAttributes({ attributes }: ExportedAs): HostKeyAttributes {
  if (!attributes) throw new HostError('15', 'The fields after "#" are missing: a key block needs them');
  return attributes;
}

function requireVersion(wanted: string | undefined, version: string): void {
  if (wanted !== undefined && wanted !== version)
    throw new HostError('26', `Block version: a block under this ZMK has version ${version}`);
}

function requireBlockZmk({ bytes }: HostKey): void {
  if (bytes === 8) throw new HostError('27', 'A single-length ZMK protects no key block');
}

/**
 * Checks that a key may be exported: X9.143 6.3.5. Only S allows a form other than a key block. A key without
 * attributes is under a variant LMK, which doesn't record them.
 */
function checkExportable(as: ExportedAs): void {
  const own = as.attributes?.exportability;
  if (own === 'N') throw new HostError('AA', 'The key is not exportable');
  const isBlock = as.scheme === 'R' || as.scheme === 'S';
  if (own === 'E' && !isBlock) throw new HostError('AA', 'The key is exportable in a key block only: use scheme R');
  if (own === 'E' && as.exportability === 'S')
    throw new HostError('AA', 'Exportability: the key block may not allow more than the key');
}

function exportabilityOf(as: ExportedAs): string {
  return as.exportability ?? requireAttributes(as).exportability;
}

/** The public sources show U and T under a double-length ZMK only. */
function checkVariant(scheme: VariantScheme, zmk: HostKey): void {
  if (!isTdes(zmk.algorithm)) throw new HostError('26', `Key scheme: ${scheme} isn't a scheme under an AES ZMK: use R`);
  if ((scheme === 'U' || scheme === 'T') && zmk.bytes === 24)
    throw new HostError('26', `Key scheme: ${scheme} isn't a scheme under a triple-length ZMK: use R`);
}

/** Refuses a ZMK that is weaker than the key, as ImportKey and ExportKey do. */
function checkProtection(zmk: HostKey, bytes: number, isAes: boolean): void {
  if (bytes === 8) return;
  if (zmk.bytes === 8) throw new HostError('BB', 'A single-length ZMK is weaker than the key');
  wrapping(() => checkStrength(algorithmOf(bytes, isAes), { kek: zmk.algorithm }));
}

/**
 * Refuses a ZMK whose first or last two parts are equal, because it encrypts like a single-length one. Without a key
 * block that binds the halves of a key to each other, a host can assemble such a key.
 */
function checkDisguise({ algorithm }: HostKey, kek: Buffer, bytes: number): void {
  if (bytes === 8 || !isTdes(algorithm)) return;
  const parts = partsOf(kek);
  if (parts.some((part, i) => i > 0 && equal(part, parts[i - 1] as Buffer)))
    throw new HostError(
      'BB',
      'A ZMK with equal parts is equivalent to a single-length ZMK, which is weaker than the key',
    );
}

function partsOf(key: Buffer): Buffer[] {
  return Array.from({ length: key.length / 8 }, (_, i) => key.subarray(8 * i, 8 * i + 8));
}

function checkOther(key: Buffer, kek: Buffer): void {
  wrapping(() => requireOtherKey(key, kek));
}

function wrapping(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof ValidationException ? new HostError('BB', error.message) : error;
  }
}
