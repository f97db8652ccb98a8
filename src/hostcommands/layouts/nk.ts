import { HostError } from '../host-error.js';
import type { RequestLayout } from './layout.js';

export interface Chain {
  /** True if each command has a header. */
  hasHeaders: boolean;
  messages: readonly Buffer[];
}

export const NK: RequestLayout<Chain> = {
  code: 'NK',
  title: 'Run several commands one after another',
  parse(fields) {
    const hasHeaders = fields.choice('header flag', ['0', '1']) === '1';
    const count = fields.number('number of commands', 2);
    if (count === 0) throw new HostError('15', 'number of commands must be 01 to 99');
    const messages: Buffer[] = [];
    for (let i = 1; i <= count; i++)
      messages.push(fields.raw(`command ${i}`, fields.number(`length of command ${i}`, 4)));
    return { hasHeaders, messages };
  },
};
