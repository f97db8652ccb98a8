import { ValidationException } from '../../../../errors/exceptions.js';

/**
 * Decodes upper-case hexadecimal digits. AWS's model allows an odd number of them.
 *
 * @param member name of the input member, for the message
 * @throws ValidationException for an odd number of digits, of which Buffer.from would silently drop the last
 */
export function wholeBytes(member: string, digits: string): Buffer {
  if (digits.length % 2 !== 0) throw new ValidationException(`${member} must be an even number of hexadecimal digits.`);
  return Buffer.from(digits, 'hex');
}
