import type { HostCommand } from '../command.js';
import { BA, BG, NG, QK } from './ba-ng-bg-qk.command.js';
import { BC, BE } from './bc-be.command.js';
import { BK, FW } from './bk-fw.command.js';
import { CA, CC } from './ca-cc.command.js';
import { CU, DU } from './cu-du.command.js';
import { DA, EA } from './da-ea.command.js';
import { DC, EC } from './dc-ec.command.js';
import { DE, DG, EE } from './de-ee-dg.command.js';
import { CI, G0 } from './g0-ci.command.js';
import { CK, CM, GO, GQ } from './go-gq-ck-cm.command.js';
import { JA } from './ja.command.js';
import { JC, JE } from './jc-je.command.js';
import { JG } from './jg.command.js';

/** Commands of PIN translation, PINs under the LMK and PIN verification. */
export const PIN_COMMANDS: readonly HostCommand[] = [
  CA,
  CC,
  G0,
  CI,
  JA,
  JC,
  JE,
  JG,
  BA,
  NG,
  BG,
  QK,
  DA,
  EA,
  DC,
  EC,
  GO,
  GQ,
  CK,
  CM,
  BC,
  BE,
  DE,
  BK,
  EE,
  DG,
  FW,
  CU,
  DU,
];
