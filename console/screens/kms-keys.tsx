import { useState } from 'preact/hooks';
import { KEY_SPECS } from '../../src/kms/keys/key-specs.js';
import type { CreateKeyOutput } from '../../src/kms/keys/keys.schema.js';
import { kms } from '../api.js';
import { useChange, useKeyWithAlias } from '../change.js';
import { Choice, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { filtersIn, KeyList, type Narrowing, SORTS, UNUSED } from '../components/key-list.js';
import { LastUse } from '../components/last-use.js';
import { PlainList } from '../components/plain.js';
import { Sheet } from '../components/sheet.js';
import { Empty, Failure } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import {
  KMS_FILTERS,
  KMS_ORIGINS,
  KMS_STATES,
  KMS_TONES,
  KMS_USAGES,
  type KmsState,
  type ListedKmsKey,
  loadKmsPage,
  specWords,
} from '../kms-keys.js';
import { type Page, usePages, useSettled } from '../load.js';
import { keyId } from '../payment-keys.js';
import { goTo, hrefOf, place } from '../router.js';
import { region } from '../session.js';
import { count, untilWords } from '../words.js';

const SPECS = Object.keys(KEY_SPECS).map((spec) => [spec, specWords(spec)] as const);
const NARROWINGS: readonly Narrowing[] = [
  { name: 'usage', label: 'Usage', options: [['', 'All usages'], ...Object.entries(KMS_USAGES)] },
  { name: 'algorithm', label: 'Spec', options: [['', 'All'], ...SPECS] },
  { name: 'state', label: 'State', options: [['', 'All'], ...Object.entries(KMS_STATES)] },
  UNUSED,
  SORTS,
];

/** The KMS keys of a Region, with filters that are in the address. */
export function KmsKeys() {
  const filters = filtersIn(place.value.query, KMS_FILTERS);
  const asked = { ...filters, find: useSettled(filters.find) };
  const { loaded, pages } = usePages<ListedKmsKey, Page<ListedKmsKey>>(
    (token) => loadKmsPage(asked, token),
    [region.value, ...Object.values(asked)],
  );
  return (
    <>
      <Head title="KMS keys">
        <p>Stored in {region.value}, apart from payment keys: neither API uses keys of the other.</p>
      </Head>
      <KeyList
        placeholder="Alias, key ID, description or tag"
        filters={filters}
        settled={asked}
        narrowings={NARROWINGS}
        loaded={loaded}
        pages={pages}
        empty={
          <Empty title={`No KMS keys in ${region.value}`}>
            <p>Create one below. Keys that you may not describe aren’t listed.</p>
          </Empty>
        }
      >
        {(keys) => (
          <Table
            caption={count(keys.length, 'key')}
            head={['Alias', 'Usage', 'Spec', 'Origin', 'Rotation', 'State', 'Last used']}
          >
            {keys.map((key) => (
              <Row key={key.KeyArn} of={key} />
            ))}
          </Table>
        )}
      </KeyList>
      <NewKey />
    </>
  );
}

function Row({ of: key }: { of: ListedKmsKey }) {
  const [alias = keyId(key.KeyArn), ...others] = key.Aliases.map((name) => name.replace(/^alias\//, ''));
  const state = key.KeyState as KmsState;
  return (
    <tr>
      <td>
        <a class="wrap" href={hrefOf(['kms-keys', region.value, keyId(key.KeyArn)])}>
          {alias}
        </a>
        {others.length > 0 && <small class="wrap">also {others.join(', ')}</small>}
      </td>
      <td class="wide">
        {KMS_USAGES[key.KeyUsage as keyof typeof KMS_USAGES]} {key.MultiRegion && <Tag>Multi-Region</Tag>}
        <small class="wrap">
          <PlainList
            texts={[key.Description, ...key.Tags.map(({ Key, Value }) => `${Key}=${Value}`)].filter(Boolean)}
          />
        </small>
      </td>
      <td>{specWords(key.KeySpec)}</td>
      <td data-k="Origin">
        {KMS_ORIGINS[key.Origin]}
        {key.CustomKeyStoreId !== undefined && <small class="wrap">{key.CustomKeyStoreId}</small>}
      </td>
      <td data-k="Rotation">{key.RotationPeriodInDays === undefined ? 'Off' : `${key.RotationPeriodInDays} days`}</td>
      <td class="corner">
        {state === 'Enabled' ? (
          KMS_STATES[state]
        ) : (
          <Tag tone={KMS_TONES[state]}>
            {key.DeletionDate === undefined ? KMS_STATES[state] : `Deleted ${untilWords(key.DeletionDate)}`}
          </Tag>
        )}
      </td>
      <td data-k="Used">
        <LastUse of={key.LastUsed} />
      </td>
    </tr>
  );
}

/** Only the usages of the spec that is chosen are offered. */
function NewKey() {
  const [spec, setSpec] = useState<keyof typeof KEY_SPECS>('SYMMETRIC_DEFAULT');
  const [chosen, setUsage] = useState('');
  const [description, setDescription] = useState('');
  const [alias, setAlias] = useState('');
  const { failure, run } = useChange();
  const usages = Object.keys(KEY_SPECS[spec].usages) as (keyof typeof KMS_USAGES)[];
  const usage = usages.find((each) => each === chosen) ?? usages[0];
  const input = { KeySpec: spec, KeyUsage: usage, Description: description };
  const { needsAlias, create } = useKeyWithAlias<string>(JSON.stringify(input));
  const createKey = async () =>
    (await run(() => kms<CreateKeyOutput>('CreateKey', input), 'Created a key'))?.KeyMetadata?.KeyId;
  const createAlias = (TargetKeyId: string) =>
    run(() => kms<object>('CreateAlias', { AliasName: `alias/${alias}`, TargetKeyId }), `Created ${alias}`);
  const submit = async (event: Event) => {
    event.preventDefault();
    const id = await create(createKey, alias === '' ? undefined : createAlias);
    if (id !== undefined) goTo(['kms-keys', region.value, id]);
  };
  return (
    <Sheet title="Create a KMS key">
      <form class="body" onSubmit={(event) => void submit(event)}>
        <div class="pair">
          <Choice
            label="Spec"
            value={spec}
            onInput={(value) => setSpec(value as keyof typeof KEY_SPECS)}
            options={SPECS}
          />
          <Choice
            label="Usage"
            value={usage ?? ''}
            onInput={setUsage}
            options={usages.map((each) => [each, KMS_USAGES[each]])}
          />
          <TextField label="Description" value={description} onInput={setDescription} />
          <TextField label="Alias" value={alias} onInput={(text) => setAlias(text.trim())} hint="Without alias/." />
        </div>
        <p class="hint lede">
          The default key policy delegates to policies of users and roles. Spec and usage can’t be changed.
        </p>
        <button type="submit" class="btn go">
          {needsAlias ? 'Create the alias' : 'Create'}
        </button>
        {needsAlias && <p class="hint">The key was created without an alias, and stays if you leave.</p>}
        {failure && <Failure error={failure} />}
      </form>
    </Sheet>
  );
}
