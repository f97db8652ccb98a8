import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import type { ExplainKeyAccessOutput } from '../../src/admin/admin.schema.js';
import type { GetKeyUseOutput } from '../../src/admin/keys.schema.js';
import type { ListAliasesOutput } from '../../src/payment/controlplane/aliases/aliases.schema.js';
import type { Key as StoredKey, KeyOutput } from '../../src/payment/controlplane/keys/keys.schema.js';
import type { ListTagsForResourceOutput } from '../../src/payment/controlplane/tags/tags.schema.js';
import { algorithmLetter, modeLetter, usageCode } from '../../src/payment/keys/key-block-attributes.js';
import { admin, control, listAll, unlessRefused } from '../api.js';
import { useChange } from '../change.js';
import { ByteRuler } from '../components/byte-ruler.js';
import { Copy } from '../components/copy.js';
import { Confirmation } from '../components/confirmation.js';
import { AwaitPage } from '../components/await-page.js';
import { Head } from '../components/head.js';
import { History } from '../components/history.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty, Failure } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { Tags } from '../components/tags.js';
import { argumentsOf } from '../key-arguments.js';
import { type Loaded, useLoad } from '../load.js';
import { keyArn, keyId, REPLICATION, shortNames, type State, STATES, stateOf } from '../payment-keys.js';
import { hrefOf, simulatorHref } from '../router.js';
import { region } from '../session.js';
import {
  agoWords,
  algorithmWords,
  count,
  modeWords,
  principalWords,
  timeWords,
  untilWords,
  usageWords,
} from '../words.js';
import { KeyPolicy } from './key-policy.js';

/** One payment key. @param id last part of its ARN, in the page's Region */
export function Key({ id }: { id: string }) {
  const loaded = useLoad(async () => {
    const { Key: stored } = await control<KeyOutput>('GetKey', { KeyIdentifier: keyArn(id) });
    const aliases = await listAll(
      (paging) => control<ListAliasesOutput>('ListAliases', { KeyArn: stored.KeyArn, ...paging }),
      ({ Aliases }) => Aliases,
      100,
    )
      .then(({ items }) => shortNames(items))
      .catch(unlessRefused([]));
    return { stored, aliases };
  }, [id, region.value]);
  return (
    <>
      <p class="crumb">
        <a href={hrefOf(['keys'])}>Payment keys</a>
      </p>
      <AwaitPage title={id} loaded={loaded}>
        {(value, reload) => <KeyPage {...value} reload={reload} />}
      </AwaitPage>
    </>
  );
}

function KeyPage({ stored, aliases, reload }: { stored: StoredKey; aliases: readonly string[]; reload: () => void }) {
  const state = stateOf(stored);
  const use = useLoad(
    () =>
      admin<GetKeyUseOutput>('GetKeyUse', ['GET', `keys/${keyId(stored.KeyArn)}/use`], {
        resource: stored.KeyArn,
      }),
    [stored.KeyArn],
  );
  const name = aliases[0] ?? keyId(stored.KeyArn);
  return (
    <>
      <Head
        title={name}
        actions={
          <>
            {stored.KeyState === 'CREATE_COMPLETE' && (
              <a class="btn" href={hrefOf(['keys', region.value, keyId(stored.KeyArn), 'export'])}>
                Export
              </a>
            )}
            <UsageSwitch stored={stored} name={name} reload={reload} />
          </>
        }
      >
        <p class="row arn">
          <Tag tone={TONES[state]}>{STATES[state]}</Tag>
          <code class="wrap">{stored.KeyArn}</code>
          <Copy text={stored.KeyArn} what="the ARN" />
        </p>
      </Head>
      <Attributes stored={stored} />
      <div class="cols">
        <div>
          <Abilities stored={stored} />
          <Use loaded={use} />
          <History arn={stored.KeyArn} />
          {state !== 'deleted' && <KeyPolicy arn={stored.KeyArn} />}
          <Deletion
            stored={stored}
            name={name}
            reload={reload}
            lastUsed={use.state === 'ready' ? use.value.LastUsed : undefined}
          />
        </div>
        <div>
          <Facts stored={stored} aliases={aliases} />
          <Access arn={stored.KeyArn} />
          <Regions stored={stored} />
          <Tags arn={stored.KeyArn} load={loadTags} />
        </div>
      </div>
    </>
  );
}

const TONES: Readonly<Partial<Record<State, 'ok' | 'bad'>>> = { enabled: 'ok', 'delete-pending': 'bad' };

/** The key's attributes as the fields of a key block header. */
function Attributes({ stored }: { stored: StoredKey }) {
  const { KeyUsage, KeyAlgorithm, KeyModesOfUse } = stored.KeyAttributes;
  return (
    <Sheet title="What it is" aside={<span class="quiet">As in a key block header</span>}>
      <div class="body">
        <ByteRuler
          big
          label="Attributes of the key as fields of a key block header"
          fields={[
            { value: usageCode(KeyUsage), name: 'Usage', note: usageWords(KeyUsage), hue: 1 },
            { value: algorithmLetter(KeyAlgorithm), name: 'Algorithm', note: algorithmWords(KeyAlgorithm), hue: 2 },
            {
              // The key exchange table has no key pairs; signing keys have usage S.
              value: KeyModesOfUse.Sign ? 'S' : modeLetter(KeyModesOfUse),
              name: 'Mode of use',
              note: modeWords(KeyModesOfUse),
              hue: 3,
            },
            {
              value: stored.Exportable ? 'E' : 'N',
              name: 'Exportability',
              note: stored.Exportable ? 'under a trusted key' : 'not exportable',
              hue: 4,
            },
            {
              value: stored.KeyCheckValue,
              name: 'Check value',
              note: `${stored.KeyCheckValueAlgorithm}, ${stored.KeyCheckValue.length / 2} bytes`,
              hue: 5,
            },
          ]}
        />
      </div>
    </Sheet>
  );
}

/** The operations that accept the key, from the table that the service enforces. */
function Abilities({ stored }: { stored: StoredKey }) {
  const uses = argumentsOf(stored);
  return (
    <Sheet title="What it can do" aside={<span class="quiet">From its usage and modes</span>}>
      {uses.length === 0 ? (
        <Empty title="No operation of the data plane uses it">
          <p>It exchanges keys: ImportKey and ExportKey, and the operations that return parameters and certificates.</p>
        </Empty>
      ) : (
        <Table head={['Operation', 'Argument', 'Variant']}>
          {uses.map(({ operation, argument, variants }) => (
            <tr key={`${operation} ${argument}`}>
              <td>{operation}</td>
              <td class="wide">{argument}</td>
              <td class="wide quiet">{variants.join(', ')}</td>
            </tr>
          ))}
        </Table>
      )}
    </Sheet>
  );
}

type LastUsed = NonNullable<GetKeyUseOutput['LastUsed']>;

/** The last users of the key, and the number of uses by operation. */
function Use({ loaded }: { loaded: Loaded<GetKeyUseOutput> }) {
  return (
    <Sheet title="Use" aside={<span class="quiet">Last 30 days</span>}>
      <Await loaded={loaded}>
        {({ LastUsed, Days }) => (
          <>
            <p class="body">{lastUseWords(LastUsed)}</p>
            {Days.length > 0 && <UseTable days={Days} />}
          </>
        )}
      </Await>
    </Sheet>
  );
}

function UseTable({ days }: { days: GetKeyUseOutput['Days'] }) {
  const byOperation = [...Map.groupBy(days, ({ Operation }) => Operation)].map(([operation, own]) => ({
    operation,
    served: own.reduce((sum, { Served }) => sum + Served, 0),
    refused: own.reduce((sum, { Refused }) => sum + Refused, 0),
  }));
  return (
    <Table head={['Operation', '#Served', '#Refused']}>
      {byOperation.map(({ operation, served, refused }) => (
        <tr key={operation}>
          <td class="wide">{operation}</td>
          <td class="num" data-k="Served">
            {served.toLocaleString('en-GB')}
          </td>
          <td class="num" data-k="Refused">
            {refused === 0 ? 0 : <Tag tone="bad">{refused.toLocaleString('en-GB')}</Tag>}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function lastUseWords(last: LastUsed | undefined): string {
  if (last === undefined) return 'Never used.';
  return `Last used ${agoWords(last.Time)}, by ${principalWords(last.By)}: ${last.Operation}.`;
}

/** Principals that may use the key, by the policy or grant that allows it. */
function Access({ arn }: { arn: string }) {
  const loaded = useLoad(
    () => admin<ExplainKeyAccessOutput>('ExplainKeyAccess', ['POST', 'explain-key'], { body: { Resource: arn } }),
    [arn],
  );
  return (
    <Sheet
      title="Who may use it"
      aside={<a href={simulatorHref({ action: 'payment-cryptography:GetKey', resource: arn })}>Simulate</a>}
    >
      <Await loaded={loaded}>
        {({ Principals, Truncated }) => (
          <>
            <ul class="items plain">
              {Principals.map(({ Arn, Actions, By, GrantId }) => (
                <li key={`${Arn} ${By?.Policy} ${By?.Number} ${GrantId}`}>
                  <div>
                    <h3>{principalWords(Arn)}</h3>
                    <ActionNames of={Actions} />
                  </div>
                  <Tag tone={By?.Policy === arn ? 'warn' : undefined}>
                    {By === undefined ? (GrantId === undefined ? 'Root' : 'Grant') : policyWords(By, arn)}
                  </Tag>
                </li>
              ))}
            </ul>
            {Truncated && <p class="body problem">There are more users and roles than one response covers.</p>}
          </>
        )}
      </Await>
    </Sheet>
  );
}

function policyWords({ Policy, Sid }: { Policy: string; Sid?: string | undefined }, arn: string): string {
  return `${Policy === arn ? 'Key policy' : Policy}${Sid === undefined ? '' : `, ${Sid}`}`;
}

/** Number of actions that a list names; the others are only counted. */
const NAMED_ACTIONS = 4;

function ActionNames({ of: actions }: { of: readonly string[] }) {
  const names = actions.map((action) => action.replace(/^.*:/, ''));
  if (names.length <= NAMED_ACTIONS) return <p>{names.join(', ')}</p>;
  return (
    <details>
      <summary>{count(names.length, 'operation')}</summary>
      <p class="wrap">{names.join(', ')}</p>
    </details>
  );
}

function Facts({ stored, aliases }: { stored: StoredKey; aliases: readonly string[] }) {
  const times = [
    ['Created', stored.CreateTimestamp],
    ['Usage started', stored.UsageStartTimestamp],
    ['Usage stopped', stored.UsageStopTimestamp],
    ['Deletion', stored.DeletePendingTimestamp],
    ['Deleted', stored.DeleteTimestamp],
  ] as const;
  return (
    <Sheet title="Facts">
      <div class="body">
        <dl class="defs">
          <dt>Aliases</dt>
          <dd>{aliases.join(', ') || 'None'}</dd>
          <dt>Origin</dt>
          <dd>{stored.KeyOrigin === 'EXTERNAL' ? 'Imported' : 'Generated here'}</dd>
          {stored.DeriveKeyUsage !== undefined && (
            <>
              <dt>Derives</dt>
              <dd>{usageWords(stored.DeriveKeyUsage)}</dd>
            </>
          )}
          {times.map(
            ([what, time]) =>
              time !== undefined && (
                <Fragment key={what}>
                  <dt>{what}</dt>
                  <dd>{timeWords(time)}</dd>
                </Fragment>
              ),
          )}
        </dl>
      </div>
    </Sheet>
  );
}

function Regions({ stored }: { stored: StoredKey }) {
  const replicas = Object.entries(stored.ReplicationStatus ?? {});
  const role = { PRIMARY: 'Primary', REPLICA: `Replica of ${stored.PrimaryRegion}` };
  return (
    <Sheet title="Regions">
      <ul class="items plain">
        <li>
          <div>
            <h3>{region.value}</h3>
            <p>{stored.MultiRegionKeyType === undefined ? 'Only here' : role[stored.MultiRegionKeyType]}</p>
          </div>
          <Tag>Here</Tag>
        </li>
        {replicas.map(([name, { Status, StatusMessage }]) => (
          <li key={name}>
            <div>
              <h3>{name}</h3>
              <p>{StatusMessage ?? 'Replica, same check value'}</p>
            </div>
            <Tag tone={REPLICATION[Status].tone}>{REPLICATION[Status].words}</Tag>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}

const loadTags = async (arn: string) => {
  const { items } = await listAll(
    (paging) => control<ListTagsForResourceOutput>('ListTagsForResource', { ResourceArn: arn, ...paging }),
    (output) => output.Tags,
    200,
  );
  return items.map(({ Key, Value }) => `${Key}=${Value}`);
};

/** Runs a change of the key, and reloads it. */
function useKeyChange(reload: () => void) {
  const { failure, run } = useChange();
  return {
    failure,
    run: async (operation: string, input: object, done: string) => {
      if (await run(() => control<object>(operation, input), done)) reload();
    },
  };
}

interface ChangeProps {
  stored: StoredKey;
  name: string;
  reload: () => void;
}

/** Only the primary key of a multi-Region key can be changed. */
const canChange = ({ MultiRegionKeyType }: StoredKey) => MultiRegionKeyType !== 'REPLICA';

function UsageSwitch({ stored, name, reload }: ChangeProps) {
  const { failure, run } = useKeyChange(reload);
  if (stored.KeyState !== 'CREATE_COMPLETE' || !canChange(stored)) return null;
  const [operation, words, done] = stored.Enabled
    ? (['StopKeyUsage', 'Stop usage', 'Stopped'] as const)
    : (['StartKeyUsage', 'Start usage', 'Started'] as const);
  return (
    <>
      <button
        type="button"
        class="btn"
        onClick={() => void run(operation, { KeyIdentifier: stored.KeyArn }, `${done} ${name}`)}
      >
        {words}
      </button>
      {failure && <Failure error={failure} />}
    </>
  );
}

function Deletion({ stored, name, reload, lastUsed }: ChangeProps & { lastUsed: LastUsed | undefined }) {
  const { failure, run } = useKeyChange(reload);
  const [isAsking, setIsAsking] = useState(false);
  if (stored.KeyState === 'DELETE_COMPLETE' || !canChange(stored)) return null;
  const pending = stored.DeletePendingTimestamp;
  return (
    <Sheet title="Delete">
      {stored.KeyState === 'DELETE_PENDING' && pending !== undefined ? (
        <div class="body row">
          <p class="quiet">
            Will be deleted {untilWords(pending)}, on {timeWords(pending)}.
          </p>
          <button
            type="button"
            class="btn"
            onClick={() => void run('RestoreKey', { KeyIdentifier: stored.KeyArn }, `Restored ${name}`)}
          >
            Restore
          </button>
        </div>
      ) : (
        <div class="body row">
          <p class="quiet">
            {lastUsed && `${lastUseWords(lastUsed)} `}
            {stored.Enabled
              ? 'Stop its usage first and watch for refused calls; deletion then waits 3 to 180 days.'
              : 'Deletion waits 3 to 180 days, and can be cancelled until then.'}
          </p>
          <button type="button" class="btn stop" onClick={() => setIsAsking(true)}>
            Schedule deletion
          </button>
        </div>
      )}
      {failure && <Failure error={failure} />}
      {isAsking && (
        <Confirmation
          title={`Delete ${name}?`}
          name={name}
          action="Schedule deletion"
          waiting={{ least: 3, most: 180 }}
          onClose={() => setIsAsking(false)}
          onConfirm={(days) => {
            void run(
              'DeleteKey',
              { KeyIdentifier: stored.KeyArn, DeleteKeyInDays: days },
              `Scheduled the deletion of ${name}`,
            );
          }}
        >
          <p class="lede">
            The key can no longer be used. After the waiting period its material is destroyed, and can’t be recovered.
            {lastUsed && ` ${lastUseWords(lastUsed)}`}
          </p>
        </Confirmation>
      )}
    </Sheet>
  );
}
