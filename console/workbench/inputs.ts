import { useEffect, useState } from 'preact/hooks';
import { CryptoError } from '../../src/crypto/errors.js';
import { announce } from '../components/toast.js';
import { count } from '../words.js';
import { readHex } from './hex.js';

/** Time without input after which a calculator clears its fields. */
const KEPT_MS = 5 * 60_000;

export interface Inputs<Values> {
  values: Values;
  /** Returns a handler of the input of one field. */
  set: <Name extends keyof Values>(name: Name) => (value: Values[Name]) => void;
  change: (changes: Partial<Values>) => void;
  clear: () => void;
}

/**
 * Input of a calculator. Only the component's memory holds it: leaving the calculator and signing out forget it,
 * and so do Clear and five minutes without input.
 */
export function useInputs<Values extends object>(blank: Values): Inputs<Values> {
  const [values, setValues] = useState(blank);
  const clear = () => setValues(blank);
  const change = (changes: Partial<Values>) => setValues((last) => ({ ...last, ...changes }));
  useEffect(() => {
    if (values === blank) return undefined;
    const forgetting = setTimeout(() => {
      clear();
      announce('Cleared after 5 minutes without input');
    }, KEPT_MS);
    return () => clearTimeout(forgetting);
  }, [values]);
  return {
    values,
    change,
    clear,
    set: (name) => (value) => change({ [name]: value } as unknown as Partial<Values>),
  };
}

/** A required field is empty or doesn't have the right length yet. */
export class Incomplete extends Error {
  /** @param what the field, e.g. `the ATC, 2 bytes` */
  constructor(readonly what: string) {
    super(what);
  }
}

/**
 * Reads a field of hexadecimal digits.
 *
 * @param what   names the field within a sentence, e.g. `the ATC`
 * @param length the accepted lengths in bytes; any length but 0 by default
 * @throws Incomplete if it is empty or has another length
 */
export function bytesOf(what: string, text: string, ...length: number[]): Buffer {
  const typed = readHex(text);
  const missing =
    length.length > 0
      ? `${what}, ${length.slice(0, -1).join(', ')}${length.length > 1 ? ' or ' : ''}${count(length.at(-1) ?? 0, 'byte')}`
      : what;
  if (typed === undefined || 'fault' in typed) throw new Incomplete(missing);
  if (length.length > 0 && !length.includes(typed.bytes.length)) throw new Incomplete(missing);
  return typed.bytes;
}

/** Reads a field of hexadecimal digits that may be empty. */
export function optionalBytesOf(what: string, text: string): Buffer {
  return text.trim() === '' ? Buffer.alloc(0) : bytesOf(what, text);
}

/** Reads a field of characters without blanks. @throws Incomplete if it is empty */
export function digitsOf(what: string, text: string): string {
  const digits = text.replace(/\s/g, '');
  if (digits === '') throw new Incomplete(what);
  return digits;
}

/** Result of a calculator: a value, the inputs that are missing, or the reason why the input is refused. */
export type Outcome<Value> = { value: Value } | { missing: string } | { refused: CryptoError };

/** Computes with the input. */
export function outcomeOf<Value>(compute: () => Value): Outcome<Value> {
  try {
    return { value: compute() };
  } catch (error) {
    if (error instanceof Incomplete) return { missing: error.what };
    if (error instanceof CryptoError) return { refused: error };
    throw error;
  }
}
