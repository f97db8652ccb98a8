import { A0 } from './a0.js';
import { A4 } from './a4.js';
import { A6 } from './a6.js';
import { A8 } from './a8.js';
import { B0 } from './b0.js';
import { B2 } from './b2.js';
import { BA, BG, NG, QK } from './ba-ng-bg-qk.js';
import { BC, BE } from './bc-be.js';
import { BK, FW } from './bk-fw.js';
import { BU, KA } from './bu-ka.js';
import { BW } from './bw.js';
import { C2, C4 } from './c2-c4.js';
import { CA, CC } from './ca-cc.js';
import { CU, DU } from './cu-du.js';
import { CW, CY } from './cw-cy.js';
import { DA, EA } from './da-ea.js';
import { DC, EC } from './dc-ec.js';
import { DE, DG, EE } from './de-ee-dg.js';
import { CI, G0 } from './g0-ci.js';
import { GG, GY } from './gg-gy.js';
import { GM } from './gm.js';
import { CK, CM, GO, GQ } from './go-gq-ck-cm.js';
import { GW } from './gw.js';
import { HE, HG } from './he-hg.js';
import { JA } from './ja.js';
import { JC, JE } from './jc-je.js';
import { JG } from './jg.js';
import { KQ } from './kq.js';
import { KW } from './kw.js';
import { LQ, LS } from './lq-ls.js';
import { M0, M2 } from './m0-m2.js';
import { M4 } from './m4.js';
import { M6, M8 } from './m6-m8.js';
import { MY } from './my.js';
import { N0 } from './n0.js';
import { NC } from './nc.js';
import { NK } from './nk.js';
import { NO } from './no.js';
import { AS, BI, FG, FI, HA, HC, IA } from './older-generation.js';
import { AE, AG, AU, AW, BY, DW, DY, FA, FC, FE, FK, FM, GC, MG, MI } from './older-translations.js';
import { RY } from './ry.js';
import type { RequestLayout } from './layout.js';

/** The layout of every command, in the order of the documentation. */
export const LAYOUTS: readonly RequestLayout[] = [
  NC,
  NO,
  B2,
  N0,
  NK,
  A0,
  A4,
  A6,
  A8,
  B0,
  BU,
  BW,
  AE,
  AG,
  AS,
  AU,
  AW,
  BI,
  BY,
  DW,
  DY,
  FA,
  FC,
  FE,
  FG,
  FI,
  FK,
  FM,
  GC,
  GG,
  GY,
  HA,
  HC,
  IA,
  KA,
  MG,
  MI,
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
