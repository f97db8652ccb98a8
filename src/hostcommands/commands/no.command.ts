import type { HostCommand } from '../command.js';
import { HostError } from '../host-error.js';
import * as layouts from '../layouts/no.js';

/** A buffer of 32 KiB. */
const BUFFER = '3';
const TCP = '1';

/** Status of the HSM: mode 00 reports buffer and connections, 01 compliance with PCI HSM. */
export const NO: HostCommand<{ mode: string }> = {
  ...layouts.NO,
  isDefault: true,
  execute({ mode }, { services: { listener, settings } }) {
    if (mode === '01') return { fields: [['PCI HSM compliance', '0']] };
    if (mode !== '00') throw new HostError('15', `mode: "${mode}" is not one of 00 01`);
    return {
      fields: [
        ['I/O buffer size', BUFFER],
        ['connection', TCP],
        ['number of sockets', String(Math.min(listener.maxConnections, 9999)).padStart(4, '0')],
        ['firmware', settings.firmware],
        ['reserved', '0'],
        ['reserved', '0000'],
      ],
    };
  },
};
