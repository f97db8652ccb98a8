import { setImmediate } from 'node:timers/promises';
import type { HostCommand, ReplyField } from '../command.js';
import { HostError } from '../host-error.js';
import * as layouts from '../layouts/nk.js';
import type { Chain } from '../layouts/nk.js';

/** Lengths of replies have four digits. */
const MAX_LENGTH = 9999;

/** A chain of commands in one message. Each is authorized and recorded as if it had come alone. */
export const NK: HostCommand<Chain> = {
  ...layouts.NK,
  isDefault: false,
  async execute({ hasHeaders, messages }, host) {
    const { listener } = host.services;
    const headerLength = hasHeaders ? listener.headerLength : 0;
    for (const [i, message] of messages.entries()) {
      const code = message.toString('latin1', headerLength, headerLength + 2);
      if (code.length < 2 || code === 'NK')
        throw new HostError('15', `command ${i + 1} must be a command other than NK`);
    }
    const fields: ReplyField[] = [];
    for (const [i, message] of messages.entries()) {
      const reply = await listener.run(host, message, headerLength);
      if (reply.length > MAX_LENGTH)
        throw new HostError('80', `reply ${i + 1} is longer than its length field can state`);
      fields.push([`length of reply ${i + 1}`, String(reply.length).padStart(4, '0')], [`reply ${i + 1}`, reply]);
      // Yields to other connections, because a chain may have 99 commands.
      await setImmediate();
    }
    return { fields };
  },
};
