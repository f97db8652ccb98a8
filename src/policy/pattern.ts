/** Looks up the values of a condition key, named in lower case; undefined if the request has none. */
export type Context = (key: string) => readonly string[] | undefined;

/** True if a value of a request matches a string of a policy. */
export type Test = (value: string, context: Context) => boolean;

/** The syntax of a string in a policy. */
export interface Reading {
  /** `*` matches any number of characters and `?` one character. */
  wildcards: boolean;
  /** `${…}` is replaced by a value of the request: version 2012-10-17 and later. */
  variables: boolean;
}

/** A compiled pattern: UTF-16 code units, and the two wildcards. */
type Glob = readonly number[];
const MANY = -1;
const ONE = -2;

/** A policy variable: a condition key, and the default for a request without it. */
interface Variable {
  key: string;
  fallback?: string;
}

const VARIABLE = /\$\{([*?$]|[^{}$*?,]+(?:,\s*'[^']*')?)\}/;

/**
 * Compiles a string of a policy. The value of a variable is literal, even if it contains wildcards; a variable with no
 * value, or with several, matches nothing.
 */
export function textTest(text: string, { wildcards, variables }: Reading): Test {
  const parts = variables ? partsOf(text) : [text];
  if (parts.length <= 1 && typeof (parts[0] ?? '') === 'string')
    return plainTest((parts[0] ?? '') as string, wildcards);
  return (value, context) => {
    const glob: number[] = [];
    for (const part of parts) {
      const filled = typeof part === 'string' ? part : 'literal' in part ? part.literal : fill(part, context);
      if (filled === undefined) return false;
      glob.push(...globOf(filled, wildcards && typeof part === 'string'));
    }
    return matches(glob, value);
  };
}

function plainTest(text: string, wildcards: boolean): Test {
  const firstWild = wildcards ? text.search(/[*?]/) : -1;
  if (firstWild < 0) return (value) => value === text;
  if (text.endsWith('*') && firstWild === text.length - 1) {
    const start = text.slice(0, -1);
    return (value) => value.startsWith(start);
  }
  const glob = globOf(text, true);
  return (value) => matches(glob, value);
}

/** Splits a string into literal text, variables, and the characters that `${*}`, `${?}` and `${$}` escape. */
function partsOf(text: string): (string | Variable | { literal: string })[] {
  return text.split(new RegExp(VARIABLE, 'g')).flatMap((part, i): (string | Variable | { literal: string })[] => {
    if (i % 2 === 0) return part === '' ? [] : [part];
    if (part.length === 1 && '*?$'.includes(part)) return [{ literal: part }];
    const [, key = '', fallback] = /^([^,]+?)\s*(?:,\s*'([^']*)')?$/.exec(part) ?? [];
    return [{ key: key.toLowerCase(), fallback }];
  });
}

function fill({ key, fallback }: Variable, context: Context): string | undefined {
  const values = context(key);
  if (values === undefined) return fallback;
  return values.length === 1 ? values[0] : undefined;
}

/** Compiles text. @param wildcards false if its wildcards stand for themselves */
export function globOf(text: string, wildcards: boolean): Glob {
  return Array.from({ length: text.length }, (_, i) => {
    const char = text.charAt(i);
    if (!wildcards || (char !== '*' && char !== '?')) return text.charCodeAt(i);
    return char === '*' ? MANY : ONE;
  });
}

/** Steps by backtracking for each character of the pattern and of the value, beyond which the match is computed in parallel. */
const STEPS_PER_CHARACTER = 2;

/**
 * Backtracks to the last `*` only, so the time is bounded by the product of the lengths. Where that becomes long, all positions in the
 * pattern are followed at once.
 */
function matches(glob: Glob, value: string): boolean {
  let at = 0;
  let inGlob = 0;
  let lastMany = -1;
  let afterMany = 0;
  let steps = STEPS_PER_CHARACTER * (glob.length + value.length);
  while (at < value.length) {
    if (steps-- === 0) return matchesInParallel(glob, value);
    const token = glob[inGlob];
    if (token === MANY) {
      lastMany = inGlob++;
      afterMany = at;
    } else if (token === ONE || token === value.charCodeAt(at)) {
      at++;
      inGlob++;
    } else if (lastMany >= 0) {
      inGlob = lastMany + 1;
      at = ++afterMany;
    } else return false;
  }
  while (glob[inGlob] === MANY) inGlob++;
  return inGlob === glob.length;
}

/**
 * Follows all positions in a pattern at once, each as a bit: Baeza-Yates and Gonnet's Shift-And, with a bit that stays where a `*` is. The
 * time is the product of the lengths, divided by 32.
 */
export function matchesInParallel(glob: Glob, value: string): boolean {
  const tokens = glob.filter((token) => token !== MANY);
  const words = Math.floor(tokens.length / 32) + 1;
  const set = (bits: Uint32Array, position: number) => {
    bits[position >>> 5] = (bits[position >>> 5] as number) | (1 << (position & 31));
  };

  // Position i is before the token i: the tokens before it have matched.
  const many = new Uint32Array(words);
  let position = 0;
  for (const token of glob)
    if (token === MANY) set(many, position);
    else position++;
  const one = new Uint32Array(words);
  tokens.forEach((token, i) => token === ONE && set(one, i));
  const byCode = new Map<number, Uint32Array>();
  tokens.forEach((token, i) => {
    if (token === ONE) return;
    const bits = byCode.get(token) ?? one.slice();
    set(bits, i);
    byCode.set(token, bits);
  });

  const state = new Uint32Array(words);
  state[0] = 1;
  for (let at = 0; at < value.length; at++) {
    const matching = byCode.get(value.charCodeAt(at)) ?? one;
    let carry = 0;
    for (let word = 0; word < words; word++) {
      const current = state[word] as number;
      const moved = current & (matching[word] as number);
      state[word] = (moved << 1) | carry | (current & (many[word] as number));
      carry = moved >>> 31;
    }
  }
  return (((state[tokens.length >>> 5] as number) >>> (tokens.length & 31)) & 1) === 1;
}
