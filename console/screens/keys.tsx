import { usageCode } from '../../src/payment/keys/key-block-attributes.js';
import { KEY_ALGORITHMS, KEY_USAGES } from '../../src/payment/keys/key-attributes.js';
import { Head } from '../components/head.js';
import { filtersIn, KeyList, type Narrowing, SORTS, UNUSED } from '../components/key-list.js';
import { LastUse } from '../components/last-use.js';
import { PlainList } from '../components/plain.js';
import { Save } from '../components/save.js';
import { Empty } from '../components/states.js';
import { Table } from '../components/table.js';
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
import { hrefOf, place } from '../router.js';
import { region } from '../session.js';
import { algorithmWords, count, untilWords, usageWords } from '../words.js';

const NAMES = ['find', 'usage', 'algorithm', 'state', 'unused', 'sort'] as const satisfies (keyof Filters)[];

const USAGES = KEY_USAGES.map((usage) => [usageCode(usage), `${usageCode(usage)} ${usageWords(usage)}`] as const).sort(
  ([one], [other]) => one.localeCompare(other),
);
const NARROWINGS: readonly Narrowing[] = [
  { name: 'usage', label: 'Usage', options: [['', 'All usages'], ...USAGES] },
  {
    name: 'algorithm',
    label: 'Algorithm',
    options: [['', 'All'], ...KEY_ALGORITHMS.map((name) => [name, algorithmWords(name)] as const)],
  },
  { name: 'state', label: 'State', options: [['', 'Not deleted'], ...Object.entries(STATES)] },
];

/** The payment keys of a Region, with filters that are in the address. */
export function Keys() {
  const filters = filtersIn(place.value.query, NAMES);
  const asked = { ...filters, find: useSettled(filters.find) };
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
      <KeyList
        placeholder={hasInventory ? 'Alias, key ID, check value or tag' : 'Alias, key ID or check value'}
        filters={filters}
        settled={asked}
        narrowings={hasInventory ? [...NARROWINGS, UNUSED, SORTS] : NARROWINGS}
        loaded={loaded}
        pages={pages}
        empty={<NoKeys />}
        remark={
          !hasInventory && (
            <>
              , of the first {count(MOST_KEYS, 'key')}. Their last use needs <code>keyblock:ListKeyInventory</code>.
            </>
          )
        }
        aside={<KeysAsCsv keys={pages.items} />}
      >
        {(keys) => (
          <Table
            caption={count(keys.length, 'key')}
            head={[
              'Alias',
              'Usage',
              'Algorithm',
              'Check value',
              'State',
              ...(hasInventory ? ['Last used', 'Regions'] : []),
            ]}
          >
            {keys.map((key) => (
              <KeyRow key={key.KeyArn} of={key} />
            ))}
          </Table>
        )}
      </KeyList>
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

/** Shows normal states as plain text and tags only the others. */
function KeyRow({ of: key }: { of: ListedKey }) {
  const { KeyUsage, KeyAlgorithm } = key.KeyAttributes;
  const [alias = keyId(key.KeyArn), ...others] = key.aliases;
  const { inventory } = key;
  return (
    <tr>
      <td>
        <a class="wrap" href={hrefOf(['keys', region.value, keyId(key.KeyArn)])}>
          {alias}
        </a>
        {others.length > 0 && <small class="wrap">also {others.join(', ')}</small>}
      </td>
      <td class="wide">
        <Usage usage={KeyUsage} /> {key.Exportable && <Tag>Exportable</Tag>}
        {inventory && inventory.Tags.length > 0 && (
          <small class="wrap">
            <PlainList texts={inventory.Tags.map(({ Key, Value }) => `${Key}=${Value}`)} />
          </small>
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
            <LastUse of={inventory.LastUsed} />
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
