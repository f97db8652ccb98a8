import { HostError } from '../host-error.js';
import type { RequestLayout } from './layout.js';
import { accountOf, LONGEST_PIN, SHORTEST_PIN } from './pin-fields.js';
import type { RequestFields } from './request-fields.js';

export interface Request {
  readonly account: string;
  readonly length: number;
}

export const JA: RequestLayout<Request> = {
  code: 'JA',
  title: 'Generate a random PIN under the LMK',
  parse: (fields) => {
    const account = accountOfPin(fields);
    const length = fields.isComplete ? SHORTEST_PIN : fields.number('PIN length', 2);
    if (length < SHORTEST_PIN || length > LONGEST_PIN) throw new HostError('24', 'PIN length must be 04 to 12');
    return { account, length };
  },
};

/** Reads 12 digits, or, under a key block LMK, the whole PAN and `;`. */
function accountOfPin(fields: RequestFields): string {
  const name = 'account number';
  if (fields.lmkAhead().scheme === 'variant') return fields.digits(name, 12);
  return accountOf(fields.digitsUntil(name, ';', { least: 12, most: 19 }));
}
