import type { HostCommand } from '../command.js';
import { B2 } from './b2.command.js';
import { N0 } from './n0.command.js';
import { NC } from './nc.command.js';
import { NK } from './nk.command.js';
import { NO } from './no.command.js';

/** Commands about the service itself. */
export const DIAGNOSTICS_COMMANDS: readonly HostCommand[] = [NC, NO, B2, N0, NK];
