import type { Alias, ListAliasesOutput } from '../src/payment/controlplane/aliases/aliases.schema.js';
import type { KeySummary, ListKeysOutput } from '../src/payment/controlplane/keys/keys.schema.js';
import { control, listAll, unlessRefused } from './api.js';
import { DEPLOYMENT } from './deployment.js';
import { region } from './session.js';

/** Without an inventory operation the console filters in the tab, so it loads no more keys than this. */
export const MOST_KEYS = 1000;
const MOST_ALIASES = 5000;

/** A key of the list, with its aliases. */
export interface ListedKey extends KeySummary {
  /** Without `alias/`, sorted. */
  aliases: string[];
}

/** Loads the keys of the page's Region. Aliases are left out if the caller may not list them. @throws ApiError */
export async function loadKeys(): Promise<{ keys: ListedKey[]; more: boolean }> {
  const [keys, aliases] = await Promise.all([
    listAll(
      (paging) => control<ListKeysOutput>('ListKeys', paging),
      ({ Keys }) => Keys,
      MOST_KEYS,
    ),
    listAll(
      (paging) => control<ListAliasesOutput>('ListAliases', paging),
      ({ Aliases }) => Aliases,
      MOST_ALIASES,
    ).catch(unlessRefused({ items: [] as Alias[] })),
  ]);
  const names = Map.groupBy(aliases.items, ({ KeyArn }) => KeyArn);
  return {
    keys: keys.items.map((key) => ({ ...key, aliases: shortNames(names.get(key.KeyArn) ?? []) })),
    more: keys.more,
  };
}

export function shortNames(aliases: readonly Alias[]): string[] {
  return aliases.map(({ AliasName }) => AliasName.replace(/^alias\//, '')).sort();
}

/** The last part of a key's ARN. */
export function keyId(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** The ARN of a key in the page's Region. */
export function keyArn(id: string): string {
  return `arn:aws:payment-cryptography:${region.value}:${DEPLOYMENT.accountId}:key/${id}`;
}

/** States of a key as the console tells them apart, with their words. */
export const STATES = {
  enabled: 'Enabled',
  disabled: 'Disabled',
  creating: 'Being created',
  'delete-pending': 'To be deleted',
  deleted: 'Deleted',
} as const;
export type State = keyof typeof STATES;

export function stateOf({ KeyState, Enabled }: Pick<KeySummary, 'KeyState' | 'Enabled'>): State {
  if (KeyState === 'DELETE_COMPLETE') return 'deleted';
  if (KeyState === 'DELETE_PENDING') return 'delete-pending';
  if (KeyState === 'CREATE_IN_PROGRESS') return 'creating';
  return Enabled ? 'enabled' : 'disabled';
}

/** The filters of the list, as they are in the address. */
export interface Filters {
  find: string;
  usage: string;
  algorithm: string;
  state: string;
}

/** True for a key that the filters show. `find` is part of an alias or of the key's ID, or the start of a check value. */
export function isShown(key: ListedKey, { find, usage, algorithm, state }: Filters): boolean {
  const text = find.trim().toLowerCase();
  const { KeyUsage, KeyAlgorithm } = key.KeyAttributes;
  return (
    (text === '' ||
      key.aliases.some((alias) => alias.toLowerCase().includes(text)) ||
      key.KeyArn.toLowerCase().endsWith(text) ||
      keyId(key.KeyArn).includes(text) ||
      key.KeyCheckValue.toLowerCase().startsWith(text)) &&
    (usage === '' || KeyUsage.startsWith(`TR31_${usage}_`)) &&
    (algorithm === '' || KeyAlgorithm === algorithm) &&
    (state === '' ? stateOf(key) !== 'deleted' : stateOf(key) === state)
  );
}

/** Formats rows as RFC 4180. A cell that a spreadsheet would run as a formula gets an apostrophe before it. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
