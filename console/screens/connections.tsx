import type { ListPrincipalsOutput, Principal } from '../../src/admin/admin.schema.js';
import type { GetStatusOutput } from '../../src/admin/status.schema.js';
import type { CustomKeyStoresListEntry } from '../../src/kms/stores/stores.schema.js';
import { admin, listAll, listKms } from '../api.js';
import { Head } from '../components/head.js';
import { Plain } from '../components/plain.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { callerWords, loadEvents } from '../events.js';
import { useLoad } from '../load.js';
import { hrefOf } from '../router.js';
import { identity, region } from '../session.js';
import { sumOf, useStatus } from '../status.js';
import { agoWords, principalWords } from '../words.js';

const MOST_USERS = 500;

/** Connections to and from this deployment other than signed requests. */
export function Connections() {
  const apis = identity.value?.apis ?? [];
  const status = useStatus();
  return (
    <>
      <Head title="Connections">
        <p>Hosts, CCKM clients and custom key stores.</p>
      </Head>
      <Sheet title="Host command listeners" aside={<span class="quiet">Counts since each process started</span>}>
        <Await loaded={status}>{({ Listeners }) => <ListenerTable of={Listeners} />}</Await>
      </Sheet>
      {apis.includes('cckm') && (
        <div class="cols">
          <div>
            <CckmCalls />
          </div>
          <div>
            <CckmUsers />
          </div>
        </div>
      )}
      {apis.includes('kms') && <Stores />}
    </>
  );
}

const listed = (text: string) => <small class="wrap">{text}</small>;

function ListenerTable({ of: listeners }: { of: GetStatusOutput['Listeners'] }) {
  if (listeners.length === 0)
    return (
      <Empty title="No listener">
        <p>
          <code>KEYBLOCK_PAYSHIELD_FILE</code> configures listeners for payShield host commands. A process that has just
          started reports its counts within ten seconds.
        </p>
      </Empty>
    );
  return (
    <Table head={['Address', 'Allowed peers', '#Connections', '#Commands', 'Errors']}>
      {listeners.map((listener) => {
        const { Host, Pid, Address, Region, Tls, ClientCertificate, AllowedPeers, AllowedPeerCount } = listener;
        return (
          <tr key={`${Host} ${Pid} ${Address}`}>
            <td class="wide">
              <code>{Address}</code> <Tag tone={Tls ? undefined : 'warn'}>{Tls ? 'TLS' : 'No TLS'}</Tag>
              {listed(`${Region}, ${Host}, process ${Pid}`)}
            </td>
            <td class="wide">
              {ClientCertificate ? 'By certificate' : 'Any host'}
              {AllowedPeers.map(({ Certificate, Principal: arn }) => (
                <small class="wrap" key={`${Certificate} ${arn}`}>
                  {Certificate !== undefined && `${Certificate}: `}
                  {principalWords(arn)}
                </small>
              ))}
              {AllowedPeerCount > AllowedPeers.length && listed(`and ${AllowedPeerCount - AllowedPeers.length} more`)}
            </td>
            <td class="num" data-k="Connections">
              {listener.Connections} of {listener.MaxConnections}
              {listener.RefusedConnections > 0 && listed(`${listener.RefusedConnections} refused`)}
            </td>
            <td class="num" data-k="Commands">
              {sumOf(listener.Commands.map(({ Served, Refused }) => Served + Refused)).toLocaleString('en-GB')}
              {listed(
                listener.Commands.map(({ Command, Served, Refused }) => `${Command} ${Served + Refused}`).join(', '),
              )}
            </td>
            <td class="wide">
              {listener.Errors.length === 0
                ? 'None'
                : listener.Errors.map(({ Code, Count }) => (
                    <div key={Code}>
                      <code>{Code}</code> {Count === 1 ? 'once' : `${Count.toLocaleString('en-GB')} times`}
                    </div>
                  ))}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

function CckmCalls() {
  const loaded = useLoad(() => loadEvents({ Source: 'cckm', MaxResults: 10 }), []);
  return (
    <Sheet title="Latest CCKM calls">
      <Await loaded={loaded}>
        {({ Events }) =>
          Events.length === 0 ? (
            <Empty title="No call is in the audit log">
              <p>The latest events were searched for calls of the CCKM API.</p>
            </Empty>
          ) : (
            <Table head={['Operation', 'User', 'When', 'Outcome']}>
              {Events.map((event) => (
                <tr key={event.eventID}>
                  <td class="wide">{event.eventName}</td>
                  <td class="wrap">{callerWords(event)}</td>
                  <td data-k="When">{agoWords(Date.parse(event.eventTime) / 1000)}</td>
                  <td data-k="Outcome">
                    {event.errorCode === undefined ? 'Served' : <Tag tone="bad">{event.errorCode}</Tag>}
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Await>
    </Sheet>
  );
}

/** Users with a password, which only the CCKM API accepts. */
function CckmUsers() {
  const loaded = useLoad(
    () =>
      listAll<ListPrincipalsOutput, Principal>(
        (paging) => admin('ListPrincipals', ['GET', 'users'], { query: { ...paging } }),
        ({ Principals }) => Principals.filter(({ PasswordTimestamp }) => PasswordTimestamp !== undefined),
        MOST_USERS,
      ),
    [],
  );
  return (
    <Sheet title="CCKM users">
      <Await loaded={loaded}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No user has a password">
              <p>CCKM clients sign in with user and password: PutPassword sets one.</p>
            </Empty>
          ) : (
            <Table head={['User', 'Password set', 'Calls']}>
              {items.map(({ Arn, Name, PasswordTimestamp = 0 }) => (
                <tr key={Arn}>
                  <td class="wrap">
                    <a href={hrefOf(['access', 'users', Name])}>{Name}</a>
                  </td>
                  <td data-k="Password">{agoWords(PasswordTimestamp)}</td>
                  <td>
                    <a href={hrefOf(['audit'], { find: Arn, time: 'week' })}>
                      Audit<span class="vh"> of {Name}</span>
                    </a>
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Await>
    </Sheet>
  );
}

function Stores() {
  const loaded = useLoad(
    () => listKms<CustomKeyStoresListEntry>('DescribeCustomKeyStores', 'CustomKeyStores'),
    [region.value],
  );
  return (
    <Sheet title="Custom key stores" aside={<span class="quiet">{region.value}</span>}>
      <Await loaded={loaded}>
        {(stores) =>
          stores.length === 0 ? (
            <Empty title="No custom key store">
              <p>KMS keys whose material is in an HSM or an external key manager need one.</p>
            </Empty>
          ) : (
            <Table head={['Name', 'Kind', 'Where', 'State']}>
              {stores.map((store) => (
                <tr key={store.CustomKeyStoreId}>
                  <td class="wrap">
                    <Plain text={store.CustomKeyStoreName ?? ''} />
                    <small>{store.CustomKeyStoreId}</small>
                  </td>
                  <td>{store.CustomKeyStoreType === 'AWS_CLOUDHSM' ? 'HSM' : 'External'}</td>
                  <td class="wide wrap">{store.CloudHsmClusterId ?? store.XksProxyConfiguration?.UriEndpoint}</td>
                  <td>
                    <Tag tone={store.ConnectionState === 'CONNECTED' ? 'ok' : 'warn'}>
                      {(store.ConnectionState ?? '').toLowerCase()}
                    </Tag>
                    {store.ConnectionErrorCode !== undefined && listed(store.ConnectionErrorCode)}
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Await>
    </Sheet>
  );
}
