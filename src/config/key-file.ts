import { readFileSync } from 'node:fs';
import { CryptoError } from '../crypto/errors.js';
import { combineComponents, componentCheckValue } from '../crypto/key-components.js';

/** A file can't be read or doesn't hold what it should; the message goes on after its name. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/** A master key, with what is said of it where it was put together from components. */
export interface FiledKey {
  /** 32 bytes, the caller's to zeroize. */
  key: Buffer;
  /** Check value of each component. */
  componentCheckValues?: readonly string[];
}

/** A master key or a component: 64 hexadecimal digits. @returns 32 bytes, the caller's to zeroize @throws KeyFileError */
export function readKeyFile(path: string): Buffer {
  const key = parseKey(readText(path).trim());
  if (!key) throw new KeyFileError('must hold 64 hexadecimal digits');
  return key;
}

/** Reads a secret of one line; the end of the line is not part of it. @throws KeyFileError */
export function readSecretFile(path: string): string {
  const secret = readText(path).replace(/\r?\n$/, '');
  if (secret === '') throw new KeyFileError('is empty');
  if (/[\r\n]/.test(secret)) throw new KeyFileError('must hold a single line');
  return secret;
}

/** Reads a file of UTF-8. @throws KeyFileError */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new KeyFileError(`cannot be read: ${(error as Error).message}`);
  }
}

/** 32 bytes, the caller's to zeroize; undefined where the text isn't 64 hexadecimal digits. */
export function parseKey(text: string): Buffer | undefined {
  return /^[0-9A-Fa-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/**
 * A master key put together from the files of its components.
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
