const another = (character: string | undefined) => (character === '0' ? '1' : '0');

/**
 * Returns a text of the same length and alphabet that surely differs: decimal or hexadecimal digits, base64 or base64url.
 * It changes the last character but one, because the last may carry nothing: the last bits of base64, the parity bit of a
 * DES key or the check digit of an account number.
 */
export const altered = (text: string) => text.replace(/.(?=.?=*$)/, another);

/** Returns a text of digits with another digit at this index. */
export const withOtherDigit = (text: string, at: number) => text.slice(0, at) + another(text[at]) + text.slice(at + 1);
