/** What a request says under a condition key, which is in lower case; undefined where it says nothing. */
export type Context = (key: string) => readonly string[] | undefined;

/** Whether a value of a request is what a text in a policy means. */
export type Test = (value: string, context: Context) => boolean;

/** How texts of a policy are read. */
export interface Reading {
  /** `*` stands for any characters and `?` for one. */
  wildcards: boolean;
  /** `${…}` stands for what the request says: version 2012-10-17 and later. */
  variables: boolean;
}

/** UTF-16 code units that stand for themselves, and these two. */
type Glob = readonly number[];
const MANY = -1;
const ONE = -2;

/** A policy variable: the condition key, and what it is where the request says nothing. */
interface Variable {
  key: string;
  fallback?: string;
}

const VARIABLE = /\$\{([*?$]|[^{}$*?,]+(?:,\s*'[^']*')?)\}/;

/**
 * Reads a text of a policy. What comes of a variable stands for itself, also where it looks like a wildcard; a variable of
 * which the request says nothing, or several things, matches nothing.
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

/** The text between variables, the variables, and the characters that `${*}`, `${?}` and `${$}` stand for. */
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

function globOf(text: string, wildcards: boolean): Glob {
  return Array.from({ length: text.length }, (_, i) => {
    const char = text.charAt(i);
    if (!wildcards || (char !== '*' && char !== '?')) return text.charCodeAt(i);
    return char === '*' ? MANY : ONE;
  });
}

/** Goes back to the last `*` only, and so takes no longer than the product of the lengths. */
function matches(glob: Glob, value: string): boolean {
  let at = 0;
  let inGlob = 0;
  let lastMany = -1;
  let afterMany = 0;
  while (at < value.length) {
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
