import { HostError } from '../host-error.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** Values of the field of the algorithm by their names in the service model. */
const ALGORITHMS = { '1': 'ISO9797_ALGORITHM1', '3': 'ISO9797_ALGORITHM3', '6': 'CMAC' } as const;
export type Algorithm = (typeof ALGORITHMS)[keyof typeof ALGORITHMS];

/** None, or padding method 1, 2 or 3 of ISO/IEC 9797-1. */
const PADDINGS = ['0', '1', '2', '3'] as const;
type Padding = (typeof PADDINGS)[number];

/** Key types of a TAK and a ZAK, and that of keys in key blocks. */
const TAK = '003';
const KEY_TYPES = [TAK, '008', 'FFF'] as const;

/** Part of a message that a request has: all of it, its first part, one in the middle, the last. */
export type Part = '0' | '1' | '2' | '3';

/** Computation of a MAC. */
export interface MacMethod {
  readonly algorithm: Algorithm;
  readonly padding: Padding;
  /** Length of the MAC in bytes. */
  readonly length: 4 | 8;
  readonly key: KeyField;
  readonly keyType: string;
}

/** Reads size, algorithm, padding, key type and key. */
export function readMethod(fields: RequestFields, keyName: string): MacMethod {
  const length = fields.choice('MAC size', ['0', '1']) === '0' ? 4 : 8;
  const algorithm = ALGORITHMS[fields.choice('MAC algorithm', ['1', '3', '6'], '04')];
  const padding = fields.choice('padding method', PADDINGS, '09');
  if (algorithm === 'CMAC' && padding !== '0')
    throw new HostError('09', 'padding method must be 0 with algorithm 6, which pads by itself');
  const keyType = fields.choice('key type', KEY_TYPES, '05');
  if (algorithm === 'CMAC' && keyType === TAK)
    throw new HostError('05', 'key type: a TAK computes the algorithms 1 and 3 only');
  return { algorithm, padding, length, keyType, key: fields.key(keyName) };
}
