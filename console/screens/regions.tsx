import { useState } from 'preact/hooks';
import type { ListKeyInventoryOutput } from '../../src/admin/keys.schema.js';
import type { DefaultKeyReplicationRegionsOutput } from '../../src/payment/controlplane/replication/replication.schema.js';
import { admin, control } from '../api.js';
import { useChange } from '../change.js';
import { Dialog } from '../components/dialog.js';
import { Head } from '../components/head.js';
import { filtersIn, KeyList, SORTS } from '../components/key-list.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty, Failure } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { DEPLOYMENT } from '../deployment.js';
import { type Page, useLoad, usePages, useSettled } from '../load.js';
import { keyId, REPLICATION } from '../payment-keys.js';
import { hrefOf, place } from '../router.js';
import { region } from '../session.js';
import { agoWords, count, untilWords } from '../words.js';

type ListedKey = ListKeyInventoryOutput['Keys'][number];
type Replica = ListedKey['Replication'][number];

/** Regions of the deployment except the page's. */
const others = () => DEPLOYMENT.regions.filter((name) => name !== region.value);

/** The Regions that new keys are replicated to, and the replicas of each payment key. */
export function Regions() {
  const filters = filtersIn(place.value.query, ['find', 'sort']);
  const asked = { ...filters, find: useSettled(filters.find) };
  const { loaded, pages } = usePages<ListedKey, Page<ListedKey>>(
    async (token) => {
      const query = { Query: asked.find.trim(), Sort: asked.sort, State: 'CREATE_COMPLETE', NextToken: token };
      const { Keys, NextToken } = await admin<ListKeyInventoryOutput>('ListKeyInventory', ['GET', 'keys'], { query });
      return { items: Keys, next: NextToken };
    },
    [region.value, ...Object.values(asked)],
  );
  const [changed, setChanged] = useState<ListedKey>();
  const { reload } = loaded;
  const isAlone = DEPLOYMENT.regions.length === 1;
  return (
    <>
      <Head title="Regions">
        <p>
          {isAlone
            ? `This deployment serves ${region.value} only: KEYBLOCK_REGIONS adds others.`
            : `Payment keys of ${region.value}, and their replicas in other Regions.`}
        </p>
      </Head>
      {!isAlone && <Defaults />}
      <KeyList
        placeholder="Alias, key ID, check value or tag"
        filters={filters}
        settled={asked}
        narrowings={[SORTS]}
        loaded={loaded}
        pages={pages}
        empty={
          <Empty title={`No keys in ${region.value}`}>
            <p>This screen lists the Regions of each payment key.</p>
          </Empty>
        }
      >
        {(keys) => (
          <Table caption={count(keys.length, 'key')} head={['Key', 'Role', 'Replicas', '']}>
            {keys.map((key) => (
              <Row key={key.KeyArn} of={key} change={isAlone ? undefined : () => setChanged(key)} />
            ))}
          </Table>
        )}
      </KeyList>
      {changed && <RegionsDialog of={changed} onClose={() => setChanged(undefined)} reload={reload} />}
    </>
  );
}

function Defaults() {
  const loaded = useLoad(
    () => control<DefaultKeyReplicationRegionsOutput>('GetDefaultKeyReplicationRegions'),
    [region.value],
  );
  const { failure, run } = useChange();
  return (
    <Sheet title="New keys" aside={<span class="quiet">Replicated by default</span>}>
      <Await loaded={loaded}>
        {({ EnabledReplicationRegions }, reload) => (
          <ul class="items plain">
            {others().map((name) => {
              const isOn = EnabledReplicationRegions.includes(name);
              const operation = `${isOn ? 'Disable' : 'Enable'}DefaultKeyReplicationRegions`;
              const input = { ReplicationRegions: [name] };
              const done = `New keys are ${isOn ? 'no longer ' : ''}replicated to ${name}`;
              return (
                <li key={name}>
                  <div>
                    <h3>{name}</h3>
                    <p>
                      {isOn
                        ? 'New keys are replicated here.'
                        : 'New keys stay out unless the request names the Region.'}
                    </p>
                  </div>
                  <button
                    type="button"
                    class="btn slim"
                    onClick={() => void run(() => control<object>(operation, input), done).then((ok) => ok && reload())}
                  >
                    {isOn ? 'Disable' : 'Enable'}
                    <span class="vh"> {name}</span>
                  </button>
                </li>
              );
            })}
          </ul>
        )}
      </Await>
      {failure && <Failure error={failure} />}
    </Sheet>
  );
}

const nameOf = ({ Aliases: [alias], KeyArn }: ListedKey) => alias?.replace(/^alias\//, '') ?? keyId(KeyArn);
const isReplica = ({ PrimaryRegion }: ListedKey) => PrimaryRegion !== undefined && PrimaryRegion !== region.value;

function Row({ of: key, change }: { of: ListedKey; change: (() => void) | undefined }) {
  const name = nameOf(key);
  return (
    <tr>
      <td class="wrap">
        <a href={hrefOf(['keys', region.value, keyId(key.KeyArn)])}>{name}</a>
      </td>
      <td>
        {isReplica(key) ? `Replica of ${key.PrimaryRegion}` : key.PrimaryRegion === undefined ? 'Only here' : 'Primary'}
      </td>
      <td class="wide">
        {key.Replication.map((replica) => (
          <div key={replica.Region}>
            {replica.Region} <Status of={replica} />
          </div>
        ))}
      </td>
      <td>
        {change && !isReplica(key) && (
          <button type="button" class="btn slim" onClick={change}>
            Change<span class="vh"> the Regions of {name}</span>
          </button>
        )}
      </td>
    </tr>
  );
}

function Status({ of: { Status: status, Due, Attempts, Message } }: { of: Replica }) {
  const { words, tone } = REPLICATION[status as keyof typeof REPLICATION];
  return (
    <>
      {status === 'SYNCHRONIZED' ? words : <Tag tone={tone}>{words}</Tag>}
      {Due !== undefined && (
        <small>
          {1000 * Due <= Date.now() ? `Waits, due ${agoWords(Due)}` : `Next attempt ${untilWords(Due)}`}
          {Attempts > 0 && `, ${count(Attempts, 'attempt')} so far`}
        </small>
      )}
      {Message !== undefined && <small class="wrap">{Message}</small>}
    </>
  );
}

function RegionsDialog({ of: key, onClose, reload }: { of: ListedKey; onClose: () => void; reload: () => void }) {
  const { failure, run } = useChange();
  const has = key.Replication.map(({ Region }) => Region);
  return (
    <Dialog title={`Regions of ${nameOf(key)}`} onClose={onClose}>
      <p class="lede">
        Calls in a Region fail once the replica there is removed. A replica that is added has the same check value.
      </p>
      <ul class="items plain">
        {others().map((name) => {
          const [operation, text, done] = has.includes(name)
            ? (['RemoveKeyReplicationRegions', 'Remove', 'Removes the replica in'] as const)
            : (['AddKeyReplicationRegions', 'Add', 'Replicates to'] as const);
          const input = { KeyIdentifier: key.KeyArn, ReplicationRegions: [name] };
          return (
            <li key={name}>
              <h3>{name}</h3>
              <button
                type="button"
                class={text === 'Add' ? 'btn slim' : 'btn slim stop'}
                onClick={() =>
                  void run(() => control<object>(operation, input), `${done} ${name}`).then((answer) => {
                    if (answer === undefined) return;
                    reload();
                    onClose();
                  })
                }
              >
                {text}
                <span class="vh"> {name}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {failure && <Failure error={failure} />}
      <div class="row next">
        <button type="button" class="btn" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
