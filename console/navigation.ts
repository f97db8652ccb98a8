import { DEPLOYMENT } from './deployment.js';

export interface Link {
  text: string;
  path: readonly string[];
  /** The key after `g` that leads there. */
  shortcut?: string;
}

/** The screens that this deployment serves, in groups. */
export const NAVIGATION: readonly { title?: string; links: readonly Link[] }[] = [
  { links: [{ text: 'Overview', path: ['overview'] }] },
  { title: 'Keys', links: [{ text: 'Payment keys', path: ['keys'], shortcut: 'k' }] },
  ...(DEPLOYMENT.workbench
    ? [
        {
          title: 'Workbench',
          links: [
            { text: 'Check values', path: ['workbench', 'check-values'], shortcut: 'w' },
            { text: 'Key blocks', path: ['workbench', 'key-blocks'] },
          ],
        },
      ]
    : []),
  {
    title: 'Operate',
    links: [
      { text: 'Audit', path: ['audit'], shortcut: 'a' },
      { text: 'Access', path: ['access'] },
      { text: 'Health', path: ['health'] },
    ],
  },
];

export const HOME: readonly string[] = ['overview'];
