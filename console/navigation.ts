import { DEPLOYMENT } from './deployment.js';

export interface Link {
  text: string;
  path: readonly string[];
  /** The API that the screen needs. */
  api?: string;
  /** The shortcut key after `g`. */
  shortcut?: string;
}

/** The screens that this deployment serves, in groups. */
export const NAVIGATION: readonly { title?: string; links: readonly Link[] }[] = [
  { links: [{ text: 'Overview', path: ['overview'] }] },
  {
    title: 'Keys',
    links: [
      { text: 'Payment keys', path: ['keys'], shortcut: 'k' },
      { text: 'KMS keys', path: ['kms-keys'], api: 'kms' },
      { text: 'Aliases', path: ['aliases'] },
      { text: 'Grants', path: ['grants'], api: 'kms' },
      { text: 'Regions', path: ['regions'] },
      { text: 'Exchange', path: ['exchange'] },
    ],
  },
  ...(DEPLOYMENT.workbench
    ? [
        {
          title: 'Workbench',
          links: [
            { text: 'Check values', path: ['workbench', 'check-values'], shortcut: 'w' },
            { text: 'Key blocks', path: ['workbench', 'key-blocks'] },
            { text: 'DUKPT', path: ['workbench', 'dukpt'] },
            { text: 'PIN blocks', path: ['workbench', 'pin-blocks'] },
            { text: 'PIN values', path: ['workbench', 'pin-values'] },
            { text: 'Card values', path: ['workbench', 'card-values'] },
            { text: 'MAC', path: ['workbench', 'mac'] },
            { text: 'EMV cryptograms', path: ['workbench', 'emv'] },
            { text: 'AS 2805', path: ['workbench', 'as2805'] },
            { text: 'Host commands', path: ['workbench', 'host-commands'], api: 'hostcommands' },
          ],
        },
      ]
    : []),
  {
    title: 'Operate',
    links: [
      { text: 'Audit', path: ['audit'], shortcut: 'a' },
      { text: 'Access', path: ['access'] },
      { text: 'Approvals', path: ['approvals'] },
      { text: 'Connections', path: ['connections'] },
      { text: 'Health', path: ['health'] },
    ],
  },
];

export const HOME: readonly string[] = ['overview'];

/** Screens whose subpages belong to one Region, which is the first step of their path. */
export const PAGES_OF_REGIONS: readonly string[] = ['keys', 'kms-keys', 'approvals'];
