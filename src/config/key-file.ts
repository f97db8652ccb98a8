import { readFileSync } from 'node:fs';
import { CryptoError } from '../crypto/errors.js';
import { combineComponents, componentCheckValue } from '../crypto/key-components.js';

/**
 * Thrown if a file can't be read or has invalid content. The message continues a sentence that begins with the file's
 * name.
 */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/** A master key read from a file or combined from components. */
export interface FiledKey {
  /** 32 bytes, the caller's to zeroize. */
  key: Buffer;
  /** Check values of the components, if there are any. */
  componentCheckValues?: readonly string[];
}

/**
 * Reads a master key or a component: 64 hexadecimal digits.
 *
 * @returns 32 bytes, the caller's to zeroize
 * @throws KeyFileError
 */
export function readKeyFile(path: string): Buffer {
  const key = parseKey(readText(path).trim());
  if (!key) throw new KeyFileError('must hold 64 hexadecimal digits');
  return key;
}

/** Reads a secret of one line, without its newline. @throws KeyFileError */
export function readSecretFile(path: string): string {
  const secret = readText(path).replace(/\r?\n$/, '');
  if (secret === '') throw new KeyFileError('is empty');
  if (/[\r\n]/.test(secret)) throw new KeyFileError('must hold a single line');
  return secret;
}

/** Reads a UTF-8 file. @throws KeyFileError */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new KeyFileError(`cannot be read: ${(error as Error).message}`);
  }
}

/** Parses 64 hexadecimal digits. @returns 32 bytes, the caller's to zeroize; undefined for any other text */
export function parseKey(text: string): Buffer | undefined {
  return /^[0-9A-Fa-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/**
 * Reads the component files of a master key and combines them.
 *
 * @throws KeyFileError
 */
export function readComponentFiles(paths: readonly string[]): FiledKey {
  const components: Buffer[] = [];
  try {
    for (const path of paths) components.push(readComponent(path));
    return { key: combineComponents(components), componentCheckValues: components.map(componentCheckValue) };
  } catch (error) {
    throw error instanceof CryptoError ? new KeyFileError(`cannot be used: ${error.message}`) : error;
  } finally {
    for (const component of components) component.fill(0);
  }
}

function readComponent(path: string): Buffer {
  try {
    return readKeyFile(path);
  } catch (error) {
    throw error instanceof KeyFileError ? new KeyFileError(`(${path}) ${error.message}`) : error;
  }
}
