import { existsSync, writeFileSync } from 'node:fs';
import { EXIT, Failure } from './failure.js';

/** Writes a master key or a component to a new file of 64 hexadecimal digits, which only its owner can read. */
export function writeKeyFile(file: string, key: Buffer): void {
  try {
    writeFileSync(file, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw exists(file);
    throw code === undefined ? error : new Failure(EXIT.usage, `The key can't be written: ${message}`);
  }
}

/** @throws Failure for a file that exists */
export function requireNew(file: string): void {
  if (existsSync(file)) throw exists(file);
}

function exists(file: string): Failure {
  return new Failure(EXIT.state, `${file} already exists and is not overwritten. Give the path of a new file.`);
}
