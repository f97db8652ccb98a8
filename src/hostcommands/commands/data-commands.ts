import type { HostCommand } from '../command.js';
import { C2, C4 } from './c2-c4.command.js';
import { CW, CY } from './cw-cy.command.js';
import { GM } from './gm.command.js';
import { GW } from './gw.command.js';
import { HE, HG } from './he-hg.command.js';
import { KQ } from './kq.command.js';
import { KW } from './kw.command.js';
import { LQ, LS } from './lq-ls.command.js';
import { M0, M2 } from './m0-m2.command.js';
import { M4 } from './m4.command.js';
import { M6, M8 } from './m6-m8.command.js';
import { MY } from './my.command.js';
import { RY } from './ry.command.js';

/** Commands for card verification values, MACs, data and EMV cryptograms. */
export const DATA_COMMANDS: readonly HostCommand[] = [
  CW,
  CY,
  RY,
  M6,
  M8,
  MY,
  C2,
  C4,
  GW,
  LQ,
  LS,
  M0,
  M2,
  M4,
  HE,
  HG,
  GM,
  KQ,
  KW,
];
