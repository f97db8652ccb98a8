const DIGITS = '0123456789';

/**
 * Decimalizes in two passes, as the CVV, the PVV and EMV option B require: first the decimal digits in order, then the
 * letters A to F in order as 0 to 5.
 *
 * @returns two digits per byte
 */
export function decimalize(bytes: Buffer): string {
  let firstPass = '';
  let secondPass = '';
  for (let i = 0; i < 2 * bytes.length; i++) {
    const byte = bytes[i >> 1] as number;
    const digit = i % 2 === 0 ? byte >> 4 : byte & 0x0f;
    if (digit < 10) firstPass += DIGITS.charAt(digit);
    else secondPass += DIGITS.charAt(digit - 10);
  }
  return firstPass + secondPass;
}
