/** Printable ASCII characters that JSON doesn't escape. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * Formats text as a JSON string, for JSON that is concatenated by hand. JSON.stringify takes about five times as long for
 * a short text.
 */
export function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
