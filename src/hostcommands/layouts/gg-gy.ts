import { readCount } from './a4.js';
import type { CheckValue } from './key-fields.js';
import type { RequestLayout } from './layout.js';
import { readTail, readWithZmk, schemeOf, ZMK_KEY } from './older-keys.js';
import type { KeyField, RequestFields } from './request-fields.js';

export interface Request {
  readonly components: readonly KeyField[];
  readonly scheme: string;
  readonly values: readonly CheckValue[];
}

/** @param schemeOfDouble scheme where the command names none and the components are of double length without a letter */
const forming = (
  code: string,
  title: string,
  count: (fields: RequestFields) => number,
  schemeOfDouble: string,
): RequestLayout<Request> => ({
  code,
  title,

  parse(fields) {
    const length = count(fields);
    return readWithZmk(fields, (isDouble) => {
      const components = Array.from({ length }, (_, i) => fields.key(`component ${i + 1}`, { isDouble }));
      const [first] = components as [KeyField];
      const { schemes, values } = readTail(fields, ZMK_KEY);
      const isPlainDouble = isDouble && first.scheme === 'plain';
      const named = schemes?.lmk ?? (isPlainDouble ? schemeOfDouble : undefined);
      return { components, scheme: schemeOf(ZMK_KEY, named, first), values };
    });
  },
});

export const GG = forming('GG', 'Form a ZMK from three encrypted components', () => 3, 'X');
export const GY = forming('GY', 'Form a ZMK from 2 to 9 encrypted components', readCount, 'plain');
