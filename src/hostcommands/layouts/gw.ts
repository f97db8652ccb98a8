import { readKsn } from './ksn-field.js';
import type { RequestLayout } from './layout.js';
import type { KeyField } from './request-fields.js';

/** Length of the MAC in bytes. */
export const LENGTH = 8;

export interface Request {
  readonly bdk: KeyField;
  readonly ksn: string;
  /** MAC to verify; undefined to generate one. */
  readonly claimed?: Buffer;
  readonly data: Buffer;
}

export const GW: RequestLayout<Request> = {
  code: 'GW',
  title: 'Generate or verify a MAC under a DUKPT key',
  parse: (fields) => {
    const isVerification = fields.choice('MAC mode', ['1', '4']) === '1';
    fields.choice('MAC method', ['1']);
    const bdk = fields.key('BDK', { isDouble: true });
    return readKsn(fields, bdk, (ksn) => {
      const claimed = isVerification ? fields.hexBytes('MAC', 2 * LENGTH) : undefined;
      return { bdk, ksn, claimed, data: fields.raw('data', fields.number('data length', 4)) };
    });
  },
};
