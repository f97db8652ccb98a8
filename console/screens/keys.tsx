import { useRef, useState } from 'preact/hooks';
import { Choice, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { Await, Empty } from '../components/states.js';
import { Tag, Usage } from '../components/tag.js';
import { useLoad } from '../load.js';
import {
  csvOf,
  type Filters,
  isShown,
  keyId,
  type ListedKey,
  loadKeys,
  MOST_KEYS,
  STATES,
  stateOf,
} from '../payment-keys.js';
import { hrefOf, place, setQuery } from '../router.js';
import { region } from '../session.js';
import { algorithmWords, count, usageWords } from '../words.js';
import { usageCode } from '../../src/payment/keys/key-block-attributes.js';

const PAGE = 50;

/** The payment keys of a Region, with filters that are in the address. */
export function Keys() {
  const loaded = useLoad(loadKeys, [region.value]);
  return (
    <>
      <Head title="Payment keys">
        <p>Stored in {region.value}. Key material is never shown here.</p>
      </Head>
      <section class="sheet">
        <Await loaded={loaded}>
          {({ keys, more }) => (keys.length === 0 ? <NoKeys /> : <KeyList keys={keys} more={more} />)}
        </Await>
      </section>
    </>
  );
}

function NoKeys() {
  return (
    <Empty title={`No keys in ${region.value}`}>
      <p>
        Create one with the AWS CLI, or run <code>keyblock demo</code>, which creates a key of each kind.
      </p>
      <pre tabIndex={0}>
        {`export AWS_ENDPOINT_URL=${location.origin}
aws payment-cryptography create-key --no-exportable --key-attributes \\
  KeyUsage=TR31_C0_CARD_VERIFICATION_KEY,KeyClass=SYMMETRIC_KEY,KeyAlgorithm=TDES_2KEY,KeyModesOfUse='{Generate=true,Verify=true}'`}
      </pre>
      <p>
        <a href="/docs">The API reference</a> can create and import keys, too.
      </p>
    </Empty>
  );
}

function KeyList({ keys, more }: { keys: readonly ListedKey[]; more: boolean }) {
  const [shown, setShown] = useState(PAGE);
  const { query } = place.value;
  const filters: Filters = {
    find: query.get('find') ?? '',
    usage: query.get('usage') ?? '',
    algorithm: query.get('algorithm') ?? '',
    state: query.get('state') ?? '',
  };
  const found = keys.filter((key) => isShown(key, filters)).sort(byName);
  const rows = found.slice(0, shown);
  return (
    <>
      <KeyFilters keys={keys} filters={filters} onChange={() => setShown(PAGE)} />
      {found.length === 0 ? (
        <Empty title="No key matches">
          <button type="button" class="btn slim" onClick={() => setQuery({ ...NO_FILTERS })}>
            Clear the filters
          </button>
        </Empty>
      ) : (
        <table class="table cards">
          <caption class="vh">
            Keys, {rows.length} of {keys.length}
          </caption>
          <thead>
            <tr>
              <th scope="col">Alias</th>
              <th scope="col">Usage</th>
              <th scope="col">Algorithm</th>
              <th scope="col">Check value</th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((key) => (
              <KeyRow key={key.KeyArn} of={key} />
            ))}
          </tbody>
        </table>
      )}
      <div class="foot">
        <span role="status">
          {rows.length} of {more ? `the first ${count(MOST_KEYS, 'key')}` : count(keys.length, 'key')}
        </span>
        <span class="row">
          {found.length > 0 && <CsvButton keys={found} />}
          {found.length > rows.length && (
            <button type="button" class="btn slim" onClick={() => setShown(shown + PAGE)}>
              Show more
            </button>
          )}
        </span>
      </div>
    </>
  );
}

const NO_FILTERS: Filters = { find: '', usage: '', algorithm: '', state: '' };

function KeyFilters({
  keys,
  filters,
  onChange,
}: {
  keys: readonly ListedKey[];
  filters: Filters;
  onChange: () => void;
}) {
  const usages = [...new Set(keys.map((key) => key.KeyAttributes.KeyUsage))].sort();
  const algorithms = [...new Set(keys.map((key) => key.KeyAttributes.KeyAlgorithm))].sort();
  const set = (name: keyof Filters) => (value: string) => {
    setQuery({ [name]: value });
    onChange();
  };
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <TextField
        label="Find"
        type="search"
        placeholder="Alias, key ID or check value"
        value={filters.find}
        onInput={set('find')}
      />
      <Choice
        label="Usage"
        value={filters.usage}
        onInput={set('usage')}
        options={[
          ['', 'All usages'],
          ...usages.map((usage) => [usageCode(usage), `${usageCode(usage)} ${usageWords(usage)}`] as const),
        ]}
      />
      <Choice
        label="Algorithm"
        value={filters.algorithm}
        onInput={set('algorithm')}
        options={[['', 'All'], ...algorithms.map((name) => [name, algorithmWords(name)] as const)]}
      />
      <Choice
        label="State"
        value={filters.state}
        onInput={set('state')}
        options={[['', 'Not deleted'], ...Object.entries(STATES)]}
      />
    </form>
  );
}

/** What is normal is plain text; only what differs has a tag. */
function KeyRow({ of: key }: { of: ListedKey }) {
  const { KeyUsage, KeyAlgorithm } = key.KeyAttributes;
  const [alias = keyId(key.KeyArn), ...others] = key.aliases;
  const state = stateOf(key);
  return (
    <tr>
      <td>
        <a href={hrefOf(['keys', region.value, keyId(key.KeyArn)])}>{alias}</a>
        {others.length > 0 && <small>also {others.join(', ')}</small>}
      </td>
      <td class="wide">
        <Usage usage={KeyUsage} /> {key.Exportable && <Tag>Exportable</Tag>}
      </td>
      <td>{algorithmWords(KeyAlgorithm)}</td>
      <td data-k="Check value">
        <code>{key.KeyCheckValue}</code>
      </td>
      <td class="corner">
        {state === 'enabled' ? (
          STATES[state]
        ) : (
          <Tag tone={state === 'delete-pending' ? 'bad' : undefined}>{STATES[state]}</Tag>
        )}
      </td>
    </tr>
  );
}

function CsvButton({ keys }: { keys: readonly ListedKey[] }) {
  const link = useRef<HTMLAnchorElement>(null);
  const save = () => {
    const rows = keys.map((key) => [
      key.aliases.join(' '),
      key.KeyArn,
      key.KeyAttributes.KeyUsage,
      key.KeyAttributes.KeyAlgorithm,
      key.KeyCheckValue,
      STATES[stateOf(key)],
      key.Exportable ? 'Exportable' : '',
    ]);
    const header = ['Aliases', 'KeyArn', 'KeyUsage', 'KeyAlgorithm', 'KeyCheckValue', 'State', 'Exportable'];
    const url = URL.createObjectURL(new Blob([csvOf([header, ...rows])], { type: 'text/csv' }));
    if (link.current) {
      link.current.href = url;
      link.current.click();
    }
    URL.revokeObjectURL(url);
  };
  return (
    <>
      <a ref={link} download={`keys-${region.value}.csv`} hidden />
      <button type="button" class="btn slim" onClick={save}>
        Export as CSV
      </button>
    </>
  );
}

function byName(one: ListedKey, other: ListedKey): number {
  return nameOf(one).localeCompare(nameOf(other));
}

/** Keys without an alias come last. */
function nameOf(key: ListedKey): string {
  return key.aliases[0] ?? `~${key.KeyArn}`;
}
