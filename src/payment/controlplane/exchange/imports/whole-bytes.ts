import { ValidationException } from '../../../../errors/exceptions.js';

/**
 * The bytes of upper-case hexadecimal digits, whose number the model leaves open.
 *
 * @param member what the caller calls them
 * @throws ValidationException for half a byte, which would otherwise be dropped unseen
 */
export function wholeBytes(member: string, digits: string): Buffer {
  if (digits.length % 2 !== 0) throw new ValidationException(`${member} must be hexadecimal digits of whole bytes.`);
  return Buffer.from(digits, 'hex');
}
