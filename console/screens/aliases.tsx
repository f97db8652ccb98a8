import { useState } from 'preact/hooks';
import type { AliasListEntry } from '../../src/kms/aliases/aliases.schema.js';
import type { Alias, ListAliasesOutput } from '../../src/payment/controlplane/aliases/aliases.schema.js';
import type { KeySummary, ListKeysOutput } from '../../src/payment/controlplane/keys/keys.schema.js';
import { control, kms, listAll, listKms, unlessRefused } from '../api.js';
import { useChange } from '../change.js';
import { Confirmation } from '../components/confirmation.js';
import { Choice, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { filtersIn } from '../components/key-list.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty, Failure } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag, Usage } from '../components/tag.js';
import { kmsArn } from '../kms-keys.js';
import { useLoad } from '../load.js';
import { keyArn, keyId, MOST_KEYS, STATES, stateOf } from '../payment-keys.js';
import { hrefOf, place, setQuery } from '../router.js';
import { identity, region } from '../session.js';
import { count } from '../words.js';

const MOST_ALIASES = 5000;

/** An alias of one of the APIs, without `alias/`. */
interface Named {
  name: string;
  /** ARN of its key; absent for an alias that names none. */
  key?: string | undefined;
  /** The payment key, if the caller may list it. */
  summary?: KeySummary | undefined;
}

/** Differences between the aliases of payment keys and those of KMS keys. */
interface Aliased {
  screen: string;
  load: () => Promise<{ all: Named[]; more: boolean }>;
  arnOf: (id: string) => string;
  call: (operation: 'CreateAlias' | 'UpdateAlias' | 'DeleteAlias', name: string, key?: string) => Promise<object>;
}

const PAYMENT: Aliased = {
  screen: 'keys',
  async load() {
    const [aliases, keys] = await Promise.all([
      listAll<ListAliasesOutput, Alias>(
        (paging) => control('ListAliases', paging),
        ({ Aliases }) => Aliases,
        MOST_ALIASES,
      ),
      listAll<ListKeysOutput, KeySummary>(
        (paging) => control('ListKeys', paging),
        ({ Keys }) => Keys,
        MOST_KEYS,
      ).catch(unlessRefused({ items: [] as KeySummary[] })),
    ]);
    const byArn = new Map(keys.items.map((key) => [key.KeyArn, key]));
    const all = aliases.items.map(({ AliasName, KeyArn }) => ({
      name: AliasName.slice(6),
      key: KeyArn,
      summary: byArn.get(KeyArn ?? ''),
    }));
    return { all, more: aliases.more };
  },
  arnOf: keyArn,
  call: (operation, name, key) => control(operation, { AliasName: `alias/${name}`, KeyArn: key }),
};

const KMS: Aliased = {
  screen: 'kms-keys',
  async load() {
    const found = await listKms<AliasListEntry>('ListAliases', 'Aliases');
    const all = found.map(({ AliasName = '', TargetKeyId }) => ({
      name: AliasName.slice(6),
      key: TargetKeyId === undefined ? undefined : kmsArn(TargetKeyId),
    }));
    return { all, more: false };
  },
  arnOf: kmsArn,
  call: (operation, name, key) => kms(operation, { AliasName: `alias/${name}`, TargetKeyId: key }),
};

/** The aliases of payment keys or of KMS keys, and the keys that they name. */
export function Aliases() {
  const hasKms = identity.value?.apis.includes('kms') === true;
  const of = place.value.query.get('api') === 'kms' && hasKms ? KMS : PAYMENT;
  return (
    <>
      <Head title="Aliases">
        <p>Names in {region.value} by which applications call keys.</p>
      </Head>
      {hasKms && (
        <nav class="tabs" aria-label="Aliases">
          <a href={hrefOf(['aliases'])} aria-current={of === PAYMENT ? 'page' : undefined}>
            Payment keys
          </a>
          <a href={hrefOf(['aliases'], { api: 'kms' })} aria-current={of === KMS ? 'page' : undefined}>
            KMS keys
          </a>
        </nav>
      )}
      <AliasesOf key={`${of.screen} ${region.value}`} of={of} />
    </>
  );
}

/** The aliases of an API in the page's Region, and the change of one of them. */
function AliasesOf({ of }: { of: Aliased }) {
  const { find, only } = filtersIn(place.value.query, ['find', 'only']);
  const loaded = useLoad(of.load, []);
  const [edited, setEdited] = useState<Named>();
  const [removed, setRemoved] = useState<string>();
  const { failure, run } = useChange();
  const { reload } = loaded;
  return (
    <>
      <section class="sheet" aria-label="Aliases">
        <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
          <TextField
            label="Find"
            type="search"
            placeholder="Alias or key ID"
            value={find}
            onInput={(text) => setQuery({ find: text })}
          />
          {of === PAYMENT && (
            <Choice
              label="Show"
              value={only}
              onInput={(value) => setQuery({ only: value })}
              options={[
                ['', 'All aliases'],
                ['orphans', 'Without a usable key'],
              ]}
            />
          )}
        </form>
        <Await loaded={loaded}>
          {({ all, more }) => {
            const shown = all.filter((alias) => matches(alias, find, of === PAYMENT && only !== ''));
            return (
              <>
                {shown.length > 0 ? (
                  <Table caption={count(shown.length, 'alias', 'aliases')} head={['Alias', 'Key', 'Usage', '']}>
                    {shown.map((alias) => (
                      <Row
                        key={alias.name}
                        of={alias}
                        screen={of.screen}
                        change={() => setEdited({ ...alias })}
                        remove={() => setRemoved(alias.name)}
                      />
                    ))}
                  </Table>
                ) : (
                  <Empty title={all.length > 0 ? 'No alias matches' : `No aliases in ${region.value}`}>
                    <p>Applications that call a key by an alias needn’t change when the key does.</p>
                  </Empty>
                )}
                <div class="foot">
                  <span role="status">
                    {count(shown.length, 'alias', 'aliases')}
                    {more && `, of the first ${count(MOST_ALIASES, 'alias', 'aliases')}`}
                  </span>
                </div>
              </>
            );
          }}
        </Await>
      </section>
      {failure && <Failure error={failure} />}
      <SetAlias key={edited === undefined ? '' : JSON.stringify(edited)} of={of} alias={edited} reload={reload} />
      {removed !== undefined && (
        <Confirmation
          title={`Remove ${removed}?`}
          name={removed}
          action="Remove"
          onClose={() => setRemoved(undefined)}
          onConfirm={() => {
            void run(() => of.call('DeleteAlias', removed), `Removed ${removed}`).then((done) => done && reload());
          }}
        >
          <p class="lede">Calls that use this alias will then fail. The key stays.</p>
        </Confirmation>
      )}
    </>
  );
}

function matches({ name, key, summary }: Named, find: string, isOrphan: boolean): boolean {
  const text = find.trim().toLowerCase();
  if (isOrphan && key !== undefined && (!summary || stateOf(summary) === 'enabled')) return false;
  return name.toLowerCase().includes(text) || key?.toLowerCase().includes(text) === true;
}

function Row({
  of: { name, key, summary },
  screen,
  change,
  remove,
}: {
  of: Named;
  screen: string;
  change: () => void;
  remove: () => void;
}) {
  const state = summary && stateOf(summary);
  return (
    <tr>
      <td class="wrap">{name}</td>
      <td data-k="Key">
        {key === undefined ? (
          <Tag tone="warn">No key</Tag>
        ) : (
          <a class="wrap" href={hrefOf([screen, region.value, keyId(key)])}>
            {keyId(key)}
          </a>
        )}{' '}
        {state !== undefined && state !== 'enabled' && <Tag tone="bad">{STATES[state]}</Tag>}
      </td>
      <td class="wide">
        {summary && (
          <>
            <Usage usage={summary.KeyAttributes.KeyUsage} /> <code>{summary.KeyCheckValue}</code>
          </>
        )}
      </td>
      <td class="wide">
        <span class="row">
          <button type="button" class="btn slim" onClick={change}>
            Change<span class="vh"> {name}</span>
          </button>
          <button type="button" class="btn slim stop" onClick={remove}>
            Remove<span class="vh"> {name}</span>
          </button>
        </span>
      </td>
    </tr>
  );
}

/** Sets the key of a new alias, or of one that exists. */
function SetAlias({ of, alias, reload }: { of: Aliased; alias: Named | undefined; reload: () => void }) {
  const [name, setName] = useState(alias?.name ?? '');
  const [key, setKey] = useState(alias?.key ?? '');
  const { failure, run } = useChange();
  const submit = async (event: Event) => {
    event.preventDefault();
    const arn = key === '' || key.startsWith('arn:') ? key : of.arnOf(key);
    const operation = alias === undefined ? 'CreateAlias' : 'UpdateAlias';
    if (!(await run(() => of.call(operation, name, arn || undefined), `Set ${name}`))) return;
    reload();
    if (alias === undefined) setName('');
  };
  return (
    <Sheet title={alias === undefined ? 'Create an alias' : `Change ${alias.name}`}>
      <form class="body" onSubmit={(event) => void submit(event)}>
        {alias === undefined && (
          <TextField
            label="Alias"
            value={name}
            onInput={(text) => setName(text.trim())}
            hint="Without alias/."
            required
          />
        )}
        <TextField
          label="Key ID or ARN"
          value={key}
          onInput={(text) => setKey(text.trim())}
          hint={
            of === KMS
              ? 'Must have the same usage and kind as the alias’s current key.'
              : 'Empty for an alias that names no key.'
          }
          mono
          autoFocus={alias !== undefined}
        />
        <button type="submit" class="btn go" disabled={name === ''}>
          {alias === undefined ? 'Create' : 'Change'}
        </button>
        {failure && <Failure error={failure} />}
      </form>
    </Sheet>
  );
}
