import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';

/** Check value of the LMK, and firmware. */
export const NC: HostCommand<undefined> = {
  code: 'NC',
  title: 'Report the check value of the LMK and the firmware',
  isDefault: true,
  parse: () => undefined,
  execute(_, host) {
    const { listener, settings } = host.services;
    return whenReady(listener.checkValue(host), (checkValue) => ({
      fields: [
        ['LMK check value', checkValue],
        ['firmware', settings.firmware],
      ],
    }));
  },
};
