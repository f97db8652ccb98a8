import type { HostCommand } from '../command.js';
import { A0 } from './a0.command.js';
import { A4 } from './a4.command.js';
import { A6 } from './a6.command.js';
import { A8 } from './a8.command.js';
import { B0 } from './b0.command.js';
import { BU, KA } from './bu-ka.command.js';
import { BW } from './bw.command.js';
import { GG, GY } from './gg-gy.command.js';
import { AS, BI, FG, FI, HA, HC, IA } from './older-generation.command.js';
import { AE, AG, AU, AW, BY, DW, DY, FA, FC, FE, FK, FM, GC, MG, MI } from './older-translations.command.js';

/** Commands that generate, form, translate and check keys. */
export const KEY_COMMANDS: readonly HostCommand[] = [
  ...[A0, A4, A6, A8, B0, BU, BW],
  ...[AE, AG, AS, AU, AW, BI, BY, DW, DY, FA, FC, FE, FG, FI, FK, FM, GC, GG, GY, HA, HC, IA, KA, MG, MI],
];
