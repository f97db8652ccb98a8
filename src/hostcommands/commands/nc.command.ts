import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/nc.js';

/** Check value of the LMK, and firmware. */
export const NC: HostCommand<undefined> = {
  ...layouts.NC,
  isDefault: true,
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
