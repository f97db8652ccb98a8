/**
 * Decimalization of the CVV, the PVV and EMV option B: the decimal digits in their order, then the letters A to F in
 * theirs as 0 to 5.
 *
 * @returns two digits for each byte
 */
export function decimalize(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  const firstPass = hex.replace(/[a-f]/g, '');
  const secondPass = hex.replace(/[0-9]/g, '').replace(/[a-f]/g, (letter) => (parseInt(letter, 16) - 10).toString());
  return firstPass + secondPass;
}
