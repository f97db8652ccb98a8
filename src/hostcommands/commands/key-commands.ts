import type { HostCommand } from '../command.js';
import { A0 } from './a0.command.js';
import { A4 } from './a4.command.js';
import { A6 } from './a6.command.js';
import { A8 } from './a8.command.js';
import { BU, KA } from './bu-ka.command.js';
import { BW } from './bw.command.js';
import { DW, FA, GC } from './fa-gc-dw.command.js';
import { HA, HC } from './ha-hc.command.js';

/** Commands that generate, form, translate and check keys. */
export const KEY_COMMANDS: readonly HostCommand[] = [A0, A4, A6, A8, BU, BW, DW, FA, GC, HA, HC, KA];
