/** Formats a heading, and lines under it. */
export function section(heading: string, lines: readonly string[]): string[] {
  return ['', heading, ...lines.map((line) => `  ${line}`)];
}

/**
 * Formats rows in columns as wide as their widest cell, without trailing spaces. Numbers are right-aligned.
 *
 * @param rows all with the same number of cells
 */
export function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  return rows.map((row) =>
    row
      .map((cell, i) =>
        typeof cell === 'number' ? String(cell).padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Formats a number with its unit: `1 byte`, `2 bytes`. */
export function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

/** Formats a list of alternatives: `8, 16 or 24`. */
export function alternatives(items: readonly (string | number)[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}

/** Formats a time in epoch seconds as UTC, or `-` if there is none. */
export function timeOf(seconds: number | undefined): string {
  return seconds === undefined ? '-' : `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** The control sequences around bold text. */
export const BOLD = { on: '\x1b[1m', off: '\x1b[22m' } as const;

/**
 * Replaces characters that control a terminal or reorder its text, which texts of a service may contain, by escapes such
 * as `\u{1b}`. Newlines, tabs and bold text stay.
 */
export function printable(text: string): string {
  const stays = (character: string, at: number) =>
    character === '\n' || character === '\t' || Object.values(BOLD).some((code) => text.startsWith(code, at));
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (character, at: number) =>
    stays(character, at) ? character : `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}
