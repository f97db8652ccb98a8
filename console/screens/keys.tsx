import { usageCode } from '../../src/payment/keys/key-block-attributes.js';
import { KEY_ALGORITHMS, KEY_USAGES } from '../../src/payment/keys/key-attributes.js';
import { Choice, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { More } from '../components/more.js';
import { Save } from '../components/save.js';
import { Await, Empty } from '../components/states.js';
import { Tag, Usage } from '../components/tag.js';
import { usePages, useSettled } from '../load.js';
import {
  csvOf,
  type Filters,
  keyId,
  type KeyPage,
  type ListedKey,
  loadKeyPage,
  MOST_KEYS,
  STATES,
  stateOf,
} from '../payment-keys.js';
import { hrefOf, place, setQuery } from '../router.js';
import { region } from '../session.js';
import { agoWords, algorithmWords, count, principalWords, untilWords, usageWords } from '../words.js';

const NO_FILTERS: Filters = { find: '', usage: '', algorithm: '', state: '', unused: '' };

/** The payment keys of a Region, with filters that are in the address. */
export function Keys() {
  const { query } = place.value;
  const names = Object.keys(NO_FILTERS) as (keyof Filters)[];
  const filters = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ''])) as unknown as Filters;
  const find = useSettled(filters.find);
  const asked = { ...filters, find };
  const { loaded, pages } = usePages<ListedKey, KeyPage>(
    (token) => loadKeyPage(asked, token),
    [region.value, ...Object.values(asked)],
  );
  const hasInventory = loaded.state !== 'ready' || loaded.value.hasInventory;
  return (
    <>
      <Head
        title="Payment keys"
        actions={
          <>
            <a class="btn" href={hrefOf(['keys', 'import'])}>
              Import
            </a>
            <a class="btn go" href={hrefOf(['keys', 'create'])}>
              Create
            </a>
          </>
        }
      >
        <p>Stored in {region.value}. Key material is never shown here.</p>
      </Head>
      <section class="sheet">
        <KeyFilters filters={filters} hasInventory={hasInventory} />
        <Await loaded={loaded}>
          {() => (
            <>
              {pages.items.length > 0 ? (
                <KeyTable keys={pages.items} hasInventory={hasInventory} />
              ) : names.some((name) => asked[name] !== '') ? (
                <Empty title="No key matches">
                  <button type="button" class="btn slim" onClick={() => setQuery({ ...NO_FILTERS })}>
                    Clear the filters
                  </button>
                </Empty>
              ) : (
                <NoKeys />
              )}
              <div class="foot">
                <span role="status">
                  {count(pages.items.length, 'key')}
                  {pages.more && ', and there may be more'}
                  {!hasInventory && (
                    <>
                      , of the first {count(MOST_KEYS, 'key')}. Their last use needs{' '}
                      <code>keyblock:ListKeyInventory</code>.
                    </>
                  )}
                </span>
                <span class="row">
                  {pages.items.length > 0 && <KeysAsCsv keys={pages.items} />}
                  <More pages={pages} text="Show more" />
                </span>
              </div>
            </>
          )}
        </Await>
      </section>
    </>
  );
}

function NoKeys() {
  return (
    <Empty title={`No keys in ${region.value}`}>
      <p>
        Create one, or import one. <code>keyblock demo</code> creates a key of each kind.
      </p>
    </Empty>
  );
}

function KeyTable({ keys, hasInventory }: { keys: readonly ListedKey[]; hasInventory: boolean }) {
  return (
    <table class="table cards">
      <caption class="vh">{count(keys.length, 'key')}</caption>
      <thead>
        <tr>
          <th scope="col">Alias</th>
          <th scope="col">Usage</th>
          <th scope="col">Algorithm</th>
          <th scope="col">Check value</th>
          <th scope="col">State</th>
          {hasInventory && (
            <>
              <th scope="col">Last used</th>
              <th scope="col">Regions</th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <KeyRow key={key.KeyArn} of={key} />
        ))}
      </tbody>
    </table>
  );
}

function KeyFilters({ filters, hasInventory }: { filters: Filters; hasInventory: boolean }) {
  const set = (name: keyof Filters) => (value: string) => setQuery({ [name]: value });
  const usages = KEY_USAGES.map((usage) => [usageCode(usage), `${usageCode(usage)} ${usageWords(usage)}`] as const);
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <TextField
        label="Find"
        type="search"
        placeholder={hasInventory ? 'Alias, key ID, check value or tag' : 'Alias, key ID or check value'}
        value={filters.find}
        onInput={set('find')}
      />
      <Choice
        label="Usage"
        value={filters.usage}
        onInput={set('usage')}
        options={[['', 'All usages'], ...usages.sort(([one], [other]) => one.localeCompare(other))]}
      />
      <Choice
        label="Algorithm"
        value={filters.algorithm}
        onInput={set('algorithm')}
        options={[['', 'All'], ...KEY_ALGORITHMS.map((name) => [name, algorithmWords(name)] as const)]}
      />
      <Choice
        label="State"
        value={filters.state}
        onInput={set('state')}
        options={[['', 'Not deleted'], ...Object.entries(STATES)]}
      />
      {hasInventory && (
        <Choice
          label="Last used"
          value={filters.unused}
          onInput={set('unused')}
          options={[
            ['', 'Any time'],
            ['30', 'Not in 30 days'],
            ['180', 'Not in 180 days'],
            ['365', 'Not in a year'],
          ]}
        />
      )}
    </form>
  );
}

/** What is normal is plain text; only what differs has a tag. */
function KeyRow({ of: key }: { of: ListedKey }) {
  const { KeyUsage, KeyAlgorithm } = key.KeyAttributes;
  const [alias = keyId(key.KeyArn), ...others] = key.aliases;
  const { inventory } = key;
  return (
    <tr>
      <td>
        <a href={hrefOf(['keys', region.value, keyId(key.KeyArn)])}>{alias}</a>
        {others.length > 0 && <small>also {others.join(', ')}</small>}
      </td>
      <td class="wide">
        <Usage usage={KeyUsage} /> {key.Exportable && <Tag>Exportable</Tag>}
        {inventory && inventory.Tags.length > 0 && (
          <small class="wrap">{inventory.Tags.map(({ Key, Value }) => `${Key}=${Value}`).join(', ')}</small>
        )}
      </td>
      <td>{algorithmWords(KeyAlgorithm)}</td>
      <td data-k="Check value">
        <code>{key.KeyCheckValue}</code>
      </td>
      <td class="corner">
        <StateWords of={key} />
      </td>
      {inventory && (
        <>
          <td data-k="Used">
            {inventory.LastUsed ? (
              <>
                {agoWords(inventory.LastUsed.Time)}
                <small>by {principalWords(inventory.LastUsed.By)}</small>
              </>
            ) : (
              'Never'
            )}
          </td>
          <td class="gone">{[region.value, ...inventory.Replication.map(({ Region }) => Region)].join(', ')}</td>
        </>
      )}
    </tr>
  );
}

function StateWords({ of: key }: { of: ListedKey }) {
  const state = stateOf(key);
  const deletion = key.inventory?.DeletePendingTimestamp;
  if (state === 'enabled') return <>{STATES[state]}</>;
  if (state === 'delete-pending')
    return <Tag tone="bad">{deletion === undefined ? STATES[state] : `Deleted ${untilWords(deletion)}`}</Tag>;
  return <Tag>{STATES[state]}</Tag>;
}

function KeysAsCsv({ keys }: { keys: readonly ListedKey[] }) {
  const header = ['Aliases', 'KeyArn', 'KeyUsage', 'KeyAlgorithm', 'KeyCheckValue', 'State', 'Exportable', 'LastUsed'];
  const rows = keys.map((key) => [
    key.aliases.join(' '),
    key.KeyArn,
    key.KeyAttributes.KeyUsage,
    key.KeyAttributes.KeyAlgorithm,
    key.KeyCheckValue,
    STATES[stateOf(key)],
    key.Exportable ? 'Exportable' : '',
    key.inventory?.LastUsed ? new Date(1000 * key.inventory.LastUsed.Time).toISOString() : '',
  ]);
  return (
    <Save
      text="Export as CSV"
      file={`keys-${region.value}.csv`}
      type="text/csv"
      content={() => csvOf([header, ...rows])}
    />
  );
}
