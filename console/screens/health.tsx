import type { ListCertificatesOutput } from '../../src/admin/certificates.schema.js';
import type { GetRatesOutput } from '../../src/admin/rates.schema.js';
import type { GetStatusOutput } from '../../src/admin/status.schema.js';
import { admin } from '../api.js';
import { Choice } from '../components/field.js';
import { Head } from '../components/head.js';
import { numberWords, RatePlots } from '../components/rate-plots.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { useLoad } from '../load.js';
import { place, setQuery } from '../router.js';
import { region } from '../session.js';
import { HOLDERS, type Period, PERIODS, sumOf, useRates, useStatus } from '../status.js';
import { agoWords, count, timeWords } from '../words.js';

/** The processes, what they depend on, and how fast they answer. */
export function Health() {
  const status = useStatus();
  const hours = place.value.query.get('hours') ?? '';
  const period = Object.hasOwn(PERIODS, hours) ? (Number(hours) as Period) : 24;
  const total = useRates(false, period);
  const operations = useRates(true, period);
  const certificates = useLoad(
    () => admin<ListCertificatesOutput>('ListCertificates', ['GET', 'certificates']),
    [region.value],
  );
  return (
    <>
      <Head
        title="Health"
        actions={
          <Choice
            label="Period"
            hidden
            value={String(period)}
            onInput={(value) => setQuery({ hours: value })}
            options={Object.entries(PERIODS)}
          />
        }
      >
        <p>The processes of this deployment, what they depend on, and how fast they answer.</p>
      </Head>
      <div class="cols">
        <div>
          <Sheet title="Processes" aside={<span class="quiet">Seen in the last minute</span>}>
            <Await loaded={status}>{({ Nodes }) => <NodeTable nodes={Nodes} />}</Await>
          </Sheet>
          <Sheet title="Operations" aside={<span class="quiet">{PERIODS[period]}</span>}>
            <Await loaded={operations}>{({ Series }) => <OperationTable series={Series} />}</Await>
          </Sheet>
        </div>
        <div>
          <Sheet title={PERIODS[period]}>
            <Await loaded={total}>
              {(found) => (
                <div class="body">
                  <RatePlots rates={found} period={period} />
                </div>
              )}
            </Await>
          </Sheet>
          <Sheet title="Dependencies">
            <Await loaded={status}>{(now) => <Dependencies of={now} />}</Await>
          </Sheet>
          <Sheet title="Certificates" aside={<span class="quiet">Issued or imported here</span>}>
            <Await loaded={certificates}>{({ Certificates }) => <CertificateList of={Certificates} />}</Await>
          </Sheet>
        </div>
      </div>
    </>
  );
}

function NodeTable({ nodes }: { nodes: GetStatusOutput['Nodes'] }) {
  return (
    <>
      <Table head={['Host', 'Process', 'Version', 'Started', '#Audit waiting']}>
        {nodes.map(({ Host, Pid, Version, Workers, Started, AuditWaiting }) => (
          <tr key={`${Host} ${Pid}`}>
            <td class="wrap">{Host}</td>
            <td data-k="Process">
              {Pid}
              {Workers > 1 && <small>of {Workers} workers</small>}
            </td>
            <td data-k="Version">{Version}</td>
            <td data-k="Started">{agoWords(Started)}</td>
            <td class="num" data-k="Audit waiting">
              {AuditWaiting.toLocaleString('en-GB')}
            </td>
          </tr>
        ))}
      </Table>
      {nodes.length === 1 && (
        <p class="body hint">
          A second process, on another host with the same PostgreSQL, keeps serving while this one is updated or fails.
        </p>
      )}
    </>
  );
}

function OperationTable({ series }: { series: GetRatesOutput['Series'] }) {
  if (series.length === 0)
    return (
      <Empty title="No requests recorded yet">
        <p>Each process writes its counts within a minute.</p>
      </Empty>
    );
  const worst = (values: readonly (number | null)[]) =>
    numberWords(Math.max(...values.flatMap((value) => value ?? [])));
  return (
    <Table head={['Operation', '#Served', '#Refused', '#Worst p50, ms', '#Worst p99, ms']}>
      {series.map(({ Api, Operation, Served, Refused, P50, P99 }) => (
        <tr key={`${Api} ${Operation}`}>
          <td class="wide">
            {Operation}
            <small>{Api}</small>
          </td>
          <td class="num" data-k="Served">
            {sumOf(Served).toLocaleString('en-GB')}
          </td>
          <td class="num" data-k="Refused">
            {sumOf(Refused).toLocaleString('en-GB')}
          </td>
          <td class="num" data-k="p50">
            {worst(P50)}
          </td>
          <td class="num" data-k="p99">
            {worst(P99)}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Dependencies({ of: { Database, MasterKey, Token, Replication, Audit } }: { of: GetStatusOutput }) {
  return (
    <div class="body">
      <dl class="defs">
        <dt>Database</dt>
        <dd>
          PostgreSQL {Database.Version}, {Database.Kind}
          <small class="wrap"> {Database.Migration}</small>
        </dd>
        <dt>Master key</dt>
        <dd>
          {HOLDERS[MasterKey.Holder]},{' '}
          {MasterKey.State === 'ROTATING' ? 'being rotated' : `made ${timeWords(MasterKey.Created)}`}
        </dd>
        {Token && (
          <>
            <dt>Token</dt>
            <dd>
              {Token.Label}, {count(Token.Sessions, 'session')}{' '}
              <Tag tone={Token.Reachable ? 'ok' : 'bad'}>{Token.Reachable ? 'Reachable' : 'Not reachable'}</Tag>
            </dd>
          </>
        )}
        <dt>Replication</dt>
        <dd>
          {Replication.length === 0
            ? 'None'
            : Replication.map(({ Region, Waiting, OldestSeconds, Failed }) => (
                <div key={Region}>
                  {Region}: {Waiting === 0 ? 'in step' : `${Waiting} waiting, ${Math.round(OldestSeconds)} s`}{' '}
                  {Failed > 0 && <Tag tone="bad">{Failed} failed</Tag>}
                </div>
              ))}
        </dd>
        <dt>Audit</dt>
        <dd>{Audit.Sinks.join(' and ')}</dd>
      </dl>
    </div>
  );
}

function CertificateList({ of: certificates }: { of: ListCertificatesOutput['Certificates'] }) {
  if (certificates.length === 0)
    return (
      <Empty title="No certificate">
        <p>The service issues one when you first request a key pair’s certificate or exchange parameters.</p>
      </Empty>
    );
  return (
    <ul class="items plain">
      {certificates.map(({ Kind, Subject, KeyArn, NotAfter }) => (
        <li key={`${Kind} ${Subject} ${KeyArn} ${NotAfter}`}>
          <div class="wrap">
            <h3>{Subject}</h3>
            <p>
              {Kind}, until {timeWords(NotAfter)}
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
