import type { ComponentChildren } from 'preact';
import type { Loaded, Page, Pages } from '../load.js';
import { setQuery } from '../router.js';
import { count } from '../words.js';
import { Choice, TextField } from './field.js';
import { More } from './more.js';
import { Await, Empty } from './states.js';

/** A choice that narrows or sorts a list: its parameter in the address, label and options. */
export interface Narrowing {
  name: string;
  label: string;
  options: readonly (readonly [value: string, text: string])[];
}

export const SORTS: Narrowing = {
  name: 'sort',
  label: 'Order',
  options: [
    ['', 'Oldest first'],
    ['Newest', 'Newest first'],
    ['Alias', 'By alias'],
    ['LongestUnused', 'Longest unused'],
    ['LastUsed', 'Last used'],
  ],
};

export const UNUSED: Narrowing = {
  name: 'unused',
  label: 'Last used',
  options: [
    ['', 'Any time'],
    ['30', 'Not in 30 days'],
    ['180', 'Not in 180 days'],
    ['365', 'Not in the last year'],
  ],
};

/**
 * A list of keys with the filters that are in the address.
 *
 * @param filters values by parameter, always including `find`
 * @param settled the values with which the list was loaded
 * @param empty   shown if there is nothing without a filter
 * @param aside   in the foot of a list that has items
 */
export function KeyList<Item, First extends Page<Item>>({
  placeholder,
  filters,
  settled,
  narrowings,
  loaded,
  pages,
  empty,
  remark,
  aside,
  children,
}: {
  placeholder: string;
  filters: Readonly<Record<string, string>>;
  settled: Readonly<Record<string, string>>;
  narrowings: readonly Narrowing[];
  loaded: Loaded<First>;
  pages: Pages<Item>;
  empty: ComponentChildren;
  remark?: ComponentChildren;
  aside?: ComponentChildren;
  children: (items: readonly Item[]) => ComponentChildren;
}) {
  const names = ['find', ...narrowings.filter(({ name }) => name !== SORTS.name).map(({ name }) => name)];
  return (
    <section class="sheet">
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <TextField
          label="Find"
          type="search"
          placeholder={placeholder}
          value={filters['find'] ?? ''}
          onInput={(find) => setQuery({ find })}
        />
        {narrowings.map(({ name, label, options }) => (
          <Choice
            key={name}
            label={label}
            value={filters[name] ?? ''}
            onInput={(value) => setQuery({ [name]: value })}
            options={options}
          />
        ))}
      </form>
      <Await loaded={loaded}>
        {() => (
          <>
            {pages.items.length > 0 ? (
              children(pages.items)
            ) : names.some((name) => settled[name]) ? (
              <Empty title={pages.more ? 'No key matches so far' : 'No key matches'}>
                <button
                  type="button"
                  class="btn slim"
                  onClick={() => setQuery(Object.fromEntries(names.map((name) => [name, ''])))}
                >
                  Clear the filters
                </button>
              </Empty>
            ) : (
              empty
            )}
            <div class="foot">
              <span role="status">
                {count(pages.items.length, 'key')}
                {pages.more && ', and there may be more'}
                {remark}
              </span>
              <span class="row">
                {pages.items.length > 0 && aside}
                <More pages={pages} text="Show more" />
              </span>
            </div>
          </>
        )}
      </Await>
    </section>
  );
}

/** Reads parameters of the URL; absent ones are empty. */
export function filtersIn<Name extends string>(query: URLSearchParams, names: readonly Name[]): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, query.get(name) ?? ''])) as Record<Name, string>;
}
