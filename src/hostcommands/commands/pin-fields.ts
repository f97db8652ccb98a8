import { type Ibm3624Arguments, isWeakDecimalizationTable } from '../../crypto/ibm3624.js';
import type { HostCall } from '../command.js';
import { HostError } from '../host-error.js';
import type { Ibm3624Fields, PinFormat } from '../layouts/pin-fields.js';

const CODES_OF = { 0: '01', DIEBOLD: '03', 1: '05', 3: '47', 4: '48' } as const satisfies Record<PinFormat, string>;

/** Returns the code of a PIN block format, two digits. */
export function formatCode(format: PinFormat): string {
  return CODES_OF[format];
}

/** @throws HostError 24 for a PIN that is longer than the maximum of the request */
export function requireAtMost(maximum: number, length: number): void {
  if (length > maximum) throw new HostError('24', 'The PIN is longer than the maximum PIN length');
}

/**
 * Returns the arguments of the IBM 3624 method.
 *
 * @throws HostError 25 for a decimalisation table that reveals PINs, or isn't 16 decimal digits
 */
export function ibm3624Arguments({ table, validationData }: Ibm3624Fields, { services }: HostCall): Ibm3624Arguments {
  if (!/^[0-9]{16}$/.test(table))
    throw new HostError('25', 'decimalisation table must be 16 decimal digits: no tables are encrypted under an LMK');
  if (!services.settings.takesWeakTables && isWeakDecimalizationTable(table))
    throw new HostError(
      '25',
      'decimalisation table must have at least 8 different digits, and none more than 4 times: others reveal PINs',
    );
  // The validation data has its full length, so no padding is needed.
  return { validationData, padCharacter: 'F', decimalizationTable: table };
}

/** Returns the field of an offset. */
export function offsetField(offset: string): string {
  return offset.padEnd(12, 'F');
}
