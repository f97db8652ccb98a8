import { KeyFileError, readText } from '../../config/key-file.js';
import { isStrong } from '../../crypto/des.js';
import { CryptoError } from '../../crypto/errors.js';
import { combineComponents } from '../../crypto/key-components.js';
import { type Pair, PAIR_NAMES, VariantLmk } from './variant-lmk.js';

const PAIR_BYTES = 16;

/**
 * Reads a variant LMK from the files of its components. Each file has a line for each pair with its name, e.g. `04-05`,
 * and 32 hexadecimal digits. A pair is the XOR of its components.
 *
 * @param paths two or three
 * @throws KeyFileError that names the file and the line, but never a digit
 */
export function readVariantLmk(paths: readonly string[]): VariantLmk {
  const components: Map<Pair, Buffer>[] = [];
  const pairs = new Map<Pair, Buffer>();
  try {
    for (const path of paths) components.push(readComponent(path));
    for (const name of PAIR_NAMES) pairs.set(name, combined(name, components));
    return new VariantLmk(pairs);
  } finally {
    for (const map of [...components, pairs]) for (const secret of map.values()) secret.fill(0);
  }
}

function combined(name: Pair, components: readonly Map<Pair, Buffer>[]): Buffer {
  try {
    const pair = combineComponents(
      components.map((component) => component.get(name) as Buffer),
      PAIR_BYTES,
    );
    if (isStrong(pair)) return pair;
    pair.fill(0);
  } catch (error) {
    throw error instanceof CryptoError ? new KeyFileError(`cannot be used: pair ${name}: ${error.message}`) : error;
  }
  throw new KeyFileError(`cannot be used: pair ${name} has equal or weak halves`);
}

function readComponent(path: string): Map<Pair, Buffer> {
  const component = new Map<Pair, Buffer>();
  const refuse = (what: string) => {
    for (const secret of component.values()) secret.fill(0);
    return new KeyFileError(`(${path}) ${what}`);
  };
  const lines = readText(path).split(/\r?\n/);
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, digits] = /^([0-9]{2}-[0-9]{2})[ \t]+([0-9A-Fa-f]{32})[ \t]*$/.exec(line) ?? [];
    const pair = PAIR_NAMES.find((each) => each === name);
    if (pair === undefined || digits === undefined)
      throw refuse(`line ${i + 1} must have the name of a pair and 32 hexadecimal digits`);
    if (component.has(pair)) throw refuse(`line ${i + 1} states the pair ${pair} twice`);
    component.set(pair, Buffer.from(digits, 'hex'));
  }
  const missing = PAIR_NAMES.find((name) => !component.has(name));
  if (missing !== undefined) throw refuse(`has no line for the pair ${missing}`);
  return component;
}
