import { useEffect } from 'preact/hooks';
import type { Alias, ListAliasesOutput } from '../src/payment/controlplane/aliases/aliases.schema.js';
import type { KeySummary, ListKeysOutput } from '../src/payment/controlplane/keys/keys.schema.js';
import type { ListKeyInventoryOutput } from '../src/admin/keys.schema.js';
import { usageCode } from '../src/payment/keys/key-block-attributes.js';
import { KEY_USAGES } from '../src/payment/keys/key-attributes.js';
import { admin, ApiError, control, listAll, unlessRefused } from './api.js';
import { DEPLOYMENT } from './deployment.js';
import type { Loaded, Page } from './load.js';
import { region } from './session.js';

/** Without the inventory the console filters in the tab, so it loads no more keys than this. */
export const MOST_KEYS = 1000;
const MOST_ALIASES = 5000;

/** A key of the list. Members from the inventory are absent without it. */
export interface ListedKey extends Pick<
  KeySummary,
  'KeyArn' | 'KeyAttributes' | 'KeyCheckValue' | 'KeyState' | 'Enabled' | 'Exportable'
> {
  /** Without `alias/`, sorted. */
  aliases: string[];
  inventory?: InventoryKey;
}
type InventoryKey = ListKeyInventoryOutput['Keys'][number];

/** A page of the list, and whether it came from the inventory. */
export interface KeyPage extends Page<ListedKey> {
  hasInventory: boolean;
}

/** Minimum number of keys on a page, if there are that many. */
const PAGE = 50;
/** Number of keys to a call, if most of them won't be shown, and number of calls after which a page may have fewer. */
const LARGEST_PAGE = 200;
const MOST_CALLS = 10;

/**
 * Loads a page of the keys that the filters show. Without the right to list the inventory, it has all of the first 1,000
 * keys, filtered in the tab.
 *
 * @throws ApiError
 */
export async function loadKeyPage(filters: Filters, token?: string): Promise<KeyPage> {
  try {
    return await inventoryPage(filters, token);
  } catch (error) {
    if (!(error instanceof ApiError) || !error.isRefusal) throw error;
  }
  const { keys } = await loadKeys();
  return { items: keys.filter((key) => isShown(key, filters)).sort(byName), hasInventory: false };
}

/** The inventory can't filter by enabled or disabled, so pages are read until enough keys match. */
async function inventoryPage(filters: Filters, token?: string): Promise<KeyPage> {
  const { find, usage, algorithm, state, unused, sort } = filters;
  const items: ListedKey[] = [];
  let next = token;
  let calls = 0;
  do {
    const page = await admin<ListKeyInventoryOutput>('ListKeyInventory', ['GET', 'keys'], {
      query: {
        Query: find.trim(),
        Usage: KEY_USAGES.find((name) => usageCode(name) === usage),
        Algorithm: algorithm,
        State: state === '' ? undefined : KEY_STATES[state as State],
        UnusedDays: unused,
        Sort: sort,
        MaxResults: state === 'disabled' ? LARGEST_PAGE : PAGE,
        NextToken: next,
      },
    });
    calls += 1;
    const keys = page.Keys.map(listedKey);
    items.push(...keys.filter((key) => hasState(key, state)));
    next = page.NextToken;
  } while (next !== undefined && items.length < PAGE && calls < MOST_CALLS);
  return { items, next, hasInventory: true };
}

function listedKey(key: InventoryKey): ListedKey {
  return { ...(key as InventoryKey & ListedKey), aliases: key.Aliases.map(shortName), inventory: key };
}

/** The first keys of a Region, and whether it has more. */
export interface LoadedKeys {
  keys: ListedKey[];
  more: boolean;
}

/** Loads the first 1,000 keys of the page's Region. Omits aliases if the caller may not list them. @throws ApiError */
export async function loadKeys(): Promise<LoadedKeys> {
  const [keys, names] = await Promise.all([
    listAll(
      (paging) => control<ListKeysOutput>('ListKeys', paging),
      ({ Keys }) => Keys,
      MOST_KEYS,
    ),
    loadAliases(),
  ]);
  return { keys: keys.items.map((key) => ({ ...key, aliases: names.get(key.KeyArn) ?? [] })), more: keys.more };
}

/** Loads the aliases of each key of the page's Region; none if the caller may not list them. @throws ApiError */
export async function loadAliases(): Promise<Map<string, string[]>> {
  const { items } = await listAll(
    (paging) => control<ListAliasesOutput>('ListAliases', paging),
    ({ Aliases }) => Aliases,
    MOST_ALIASES,
  ).catch(unlessRefused({ items: [] as Alias[] }));
  const byKey = Map.groupBy(
    items.filter((alias): alias is Alias & { KeyArn: string } => alias.KeyArn !== undefined),
    ({ KeyArn }) => KeyArn,
  );
  return new Map([...byKey].map(([arn, aliases]) => [arn, shortNames(aliases)]));
}

/** Returns the first alias of a key, or its ID if it has none or the aliases aren't loaded. */
export function aliasOf(arn: string, aliases: Loaded<ReadonlyMap<string, readonly string[]>>): string {
  return (aliases.state === 'ready' ? aliases.value.get(arn)?.[0] : undefined) ?? keyId(arn);
}

export function shortNames(aliases: readonly Alias[]): string[] {
  return aliases.map(({ AliasName }) => shortName(AliasName)).sort();
}

function shortName(alias: string): string {
  return alias.replace(/^alias\//, '');
}

/** Clears the choice of a key that is no longer offered, which a form would send without showing it. */
export function useOffered(offered: readonly ListedKey[], chosen: string, onInput: (arn: string) => void): void {
  const isGone = chosen !== '' && !offered.some(({ KeyArn }) => KeyArn === chosen);
  useEffect(() => {
    if (isGone) onInput('');
  }, [isGone]);
}

/** The last part of a key's ARN. */
export function keyId(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** The ARN of a key in the page's Region. */
export function keyArn(id: string): string {
  return `arn:aws:payment-cryptography:${region.value}:${DEPLOYMENT.accountId}:key/${id}`;
}

/** States of a key in the console, with their labels. */
export const STATES = {
  enabled: 'Enabled',
  disabled: 'Disabled',
  creating: 'Being created',
  'delete-pending': 'To be deleted',
  deleted: 'Deleted',
} as const;
export type State = keyof typeof STATES;

/** States of keys in the API. */
const KEY_STATES: Readonly<Record<State, KeySummary['KeyState']>> = {
  enabled: 'CREATE_COMPLETE',
  disabled: 'CREATE_COMPLETE',
  creating: 'CREATE_IN_PROGRESS',
  'delete-pending': 'DELETE_PENDING',
  deleted: 'DELETE_COMPLETE',
};

export function stateOf({ KeyState, Enabled }: Pick<KeySummary, 'KeyState' | 'Enabled'>): State {
  if (KeyState === 'DELETE_COMPLETE') return 'deleted';
  if (KeyState === 'DELETE_PENDING') return 'delete-pending';
  if (KeyState === 'CREATE_IN_PROGRESS') return 'creating';
  return Enabled ? 'enabled' : 'disabled';
}

/** Filters of the list, as in the URL. */
export interface Filters {
  find: string;
  usage: string;
  algorithm: string;
  state: string;
  /** Days without use, of the inventory only. */
  unused: string;
  /** Order of the inventory. */
  sort: string;
}

/**
 * True for a key that the filters show. `find` matches a part of an alias or of the key's ID, or the start of a check
 * value.
 */
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
    hasState(key, state)
  );
}

function hasState(key: ListedKey, state: string): boolean {
  return state === '' ? stateOf(key) !== 'deleted' : stateOf(key) === state;
}

function byName(one: ListedKey, other: ListedKey): number {
  return nameOf(one).localeCompare(nameOf(other));
}

/** Keys without an alias come last. */
function nameOf(key: ListedKey): string {
  return key.aliases[0] ?? `~${key.KeyArn}`;
}

/** Formats rows as RFC 4180. A cell that a spreadsheet would run as a formula is prefixed with an apostrophe. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Label for the state of a replica. */
export const REPLICATION = {
  SYNCHRONIZED: { words: 'In step', tone: 'ok' },
  IN_PROGRESS: { words: 'Being copied', tone: 'warn' },
  DELETE_IN_PROGRESS: { words: 'Being removed', tone: 'warn' },
  FAILED: { words: 'Failed', tone: 'bad' },
} as const;
