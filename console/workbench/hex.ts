/** Groups hexadecimal digits by four, in upper case. */
export function grouped(hex: string): string {
  return hex.toUpperCase().replace(/.{4}(?=.)/g, '$& ');
}

/** Content of a field of hexadecimal digits: its bytes, or the reason why it is refused. */
export type Typed = { bytes: Buffer } | { fault: string } | undefined;

/**
 * Reads hexadecimal digits; white space between them is ignored.
 *
 * @returns undefined if nothing is typed
 */
export function readHex(text: string): Typed {
  const digits = text.replace(/\s/g, '');
  if (digits === '') return undefined;
  const stray = /[^0-9a-f]/i.exec(digits);
  if (stray) return { fault: `“${stray[0]}” is not a hexadecimal digit.` };
  if (digits.length % 2 !== 0) return { fault: `${digits.length} digits are not whole bytes.` };
  return { bytes: Buffer.from(digits, 'hex') };
}
