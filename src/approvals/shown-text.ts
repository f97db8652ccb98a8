import { diffLines } from './text-diff.js';

/**
 * Escapes what could make a screen show a text other than the one that is approved: Unicode's control and format
 * characters.
 */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Escapes each line of a text as `plain` does. */
export function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

/**
 * Returns the lines of a document that a call replaces, adds or deletes, indented and escaped.
 *
 * @param before JSON; undefined if the call adds the document
 * @param after  JSON; undefined if the call deletes the document
 * @returns lines with `- ` before removed ones, `+ ` before added ones and blanks before the others
 */
export function documentLines(before: string | undefined, after: string | undefined): string[] {
  if (before === undefined) return indented(after).map((line) => `+ ${plain(line)}`);
  if (after === undefined) return indented(before).map((line) => `- ${plain(line)}`);
  return diffLines(indented(before).join('\n'), indented(after).join('\n')).map(plain);
}

function indented(json = ''): string[] {
  try {
    return JSON.stringify(JSON.parse(json), null, 2).split('\n');
  } catch {
    return json.split('\n');
  }
}
