import { Fragment } from 'preact';
import type { GetKeyUseOutput } from '../../src/admin/keys.schema.js';
import type { ListAliasesOutput } from '../../src/payment/controlplane/aliases/aliases.schema.js';
import type { Key as StoredKey, KeyOutput } from '../../src/payment/controlplane/keys/keys.schema.js';
import type { ListTagsForResourceOutput } from '../../src/payment/controlplane/tags/tags.schema.js';
import { algorithmLetter, modeLetter, usageCode } from '../../src/payment/keys/key-block-attributes.js';
import { admin, control, listAll, unlessRefused } from '../api.js';
import { ByteRuler } from '../components/byte-ruler.js';
import { Copy } from '../components/copy.js';
import { AwaitPage } from '../components/await-page.js';
import { Head } from '../components/head.js';
import { History } from '../components/history.js';
import { Sheet } from '../components/sheet.js';
import { Empty } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { Tags } from '../components/tags.js';
import { argumentsOf } from '../key-arguments.js';
import { useLoad } from '../load.js';
import { keyArn, keyId, REPLICATION, shortNames, type State, STATES, stateOf } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { algorithmWords, modeWords, timeWords, usageWords } from '../words.js';
import { KeyPolicy } from './key-policy.js';
import { Access } from './key-access.js';
import { Deletion, UsageSwitch } from './key-changes.js';
import { Use } from './key-use.js';

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
