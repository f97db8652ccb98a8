import type { GetKeyCountsOutput } from '../../src/admin/keys.schema.js';
import type { GetStatusOutput } from '../../src/admin/status.schema.js';
import { usageCode } from '../../src/payment/keys/key-block-attributes.js';
import type { KeyUsage } from '../../src/payment/keys/key-attributes.js';
import { admin } from '../api.js';
import { Changes } from '../components/changes.js';
import { Copy } from '../components/copy.js';
import { Head } from '../components/head.js';
import { RatePlots } from '../components/rate-plots.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty } from '../components/states.js';
import { DEPLOYMENT } from '../deployment.js';
import { loadEvents } from '../events.js';
import { type Loaded, useLoad } from '../load.js';
import { aliasOf, loadAliases } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { HOLDERS, useRates, useStatus, versionsOf } from '../status.js';
import { agoWords, count } from '../words.js';
import { Attention } from './attention.js';

/** Shows the state of the deployment, and what needs attention. */
export function Overview() {
  const status = useStatus();
  const rates = useRates(false);
  const counts = useLoad(() => admin<GetKeyCountsOutput>('GetKeyCounts', ['GET', 'keys/counts']), [region.value]);
  const hasNoKeys = counts.state === 'ready' && counts.value.Total === 0;
  return (
    <>
      <Head title="Overview">
        <p>
          Account {DEPLOYMENT.accountId} in {region.value}
        </p>
      </Head>
      {hasNoKeys && <StartHere />}
      <section class="sheet" aria-label="State of the service">
        <Await loaded={status}>{(now) => <StateStrip status={now} counts={counts} />}</Await>
      </section>
      <div class="cols">
        <div>
          <Attention status={status} />
          <KeysByUsage counts={counts} />
        </div>
        <div>
          <Sheet title="Last 24 hours" aside={<a href={hrefOf(['health'])}>Health</a>}>
            <Await loaded={rates}>
              {(found) => (
                <div class="body">
                  <RatePlots rates={found} />
                </div>
              )}
            </Await>
          </Sheet>
          <LatestChanges />
        </div>
      </div>
      {!hasNoKeys && <StartHere />}
    </>
  );
}

function StateStrip({ status, counts }: { status: GetStatusOutput; counts: Loaded<GetKeyCountsOutput> }) {
  const { Nodes, MasterKey, Token, Replication, Audit } = status;
  const versions = versionsOf(status);
  const waiting = Replication.reduce((sum, { Waiting }) => sum + Waiting, 0);
  const { Verified } = Audit;
  const isIntact = Verified?.State === 'INTACT';
  return (
    <dl class="facts">
      <div>
        <dt>Service</dt>
        <dd class="fine">Ready</dd>
        <dd>
          {Nodes.length} {Nodes.length === 1 ? 'process' : 'processes'}, {versions.join(' and ')}
        </dd>
      </div>
      <div>
        <dt>Master key</dt>
        <dd class={Token && !Token.Reachable ? 'fault' : undefined}>
          {Token && !Token.Reachable ? 'Token not reachable' : HOLDERS[MasterKey.Holder]}
        </dd>
        <dd>{MasterKey.State === 'ROTATING' ? 'Being rotated' : `Made ${agoWords(MasterKey.Created)}`}</dd>
      </div>
      <div>
        <dt>Audit chains</dt>
        <dd class={Verified === undefined ? undefined : isIntact ? 'fine' : 'fault'}>
          {Verified === undefined ? 'Not verified yet' : verifiedWords(Verified.State)}
        </dd>
        <dd>{Verified?.Ended === undefined ? 'See Audit' : `Checked ${agoWords(Verified.Ended)}`}</dd>
      </div>
      <div>
        <dt>Replication</dt>
        <dd>{Replication.length === 0 ? 'None' : waiting === 0 ? 'In step' : `${waiting} waiting`}</dd>
        <dd>{Replication.map(({ Region }) => Region).join(', ') || 'Keys stay in their Region'}</dd>
      </div>
      {counts.state === 'ready' && (
        <div>
          <dt>Keys</dt>
          <dd>{count(counts.value.Total, 'key')}</dd>
          <dd>
            {counts.value.ByState.filter(({ Name }) => Name !== 'CREATE_COMPLETE')
              .map(
                ({ Name, Count }) =>
                  `${Count} ${Name === 'DELETE_PENDING' ? 'to be deleted' : Name === 'DELETE_COMPLETE' ? 'deleted' : 'being created'}`,
              )
              .join(', ') || 'None to be deleted'}
          </dd>
        </div>
      )}
    </dl>
  );
}

function verifiedWords(state: string): string {
  if (state === 'INTACT') return 'Intact';
  if (state === 'RUNNING') return 'Being verified';
  return state === 'BROKEN' || state === 'MODIFIED' ? 'Broken' : 'Verification failed';
}

/** Groups of usages, each with its colour, by the first letters of their codes. */
const GROUPS = [
  { hue: 1, words: 'PIN: P0, P1, V1, V2', codes: /^[PV]/ },
  { hue: 2, words: 'EMV master keys: E0 to E6', codes: /^E/ },
  { hue: 3, words: 'Key exchange: K0 to K3, S0', codes: /^[KS]/ },
  { hue: 4, words: 'DUKPT base: B0', codes: /^B/ },
  { hue: 5, words: 'Card verification: C0', codes: /^C/ },
  { hue: 6, words: 'MAC and data: M, D', codes: /^[MD]/ },
] as const;

function KeysByUsage({ counts }: { counts: Loaded<GetKeyCountsOutput> }) {
  return (
    <Sheet title="Keys by usage" aside={<a href={hrefOf(['keys'])}>All keys</a>}>
      <Await loaded={counts}>
        {({ ByUsage, Total, Complete }) =>
          Total === 0 ? (
            <Empty title={`No keys in ${region.value}`}>
              <p>Keys are counted here by purpose.</p>
            </Empty>
          ) : (
            <div class="body">
              <UsageBar usages={ByUsage} total={Total} />
              {!Complete && <p class="hint">There are more keys than one call counts.</p>}
            </div>
          )
        }
      </Await>
    </Sheet>
  );
}

function UsageBar({ usages, total }: { usages: GetKeyCountsOutput['ByUsage']; total: number }) {
  const groups = GROUPS.map((group) => ({
    ...group,
    count: usages
      .filter(({ Name }) => group.codes.test(usageCode(Name as KeyUsage)))
      .reduce((sum, { Count }) => sum + Count, 0),
  })).filter(({ count: number }) => number > 0);
  const starts = groups.map((_, i) => groups.slice(0, i).reduce((sum, { count: number }) => sum + number, 0));
  return (
    <>
      <svg
        class="stack"
        viewBox={`0 0 ${total} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label="Keys by usage, as listed below"
      >
        {groups.map(({ hue, count: number }, i) => (
          <rect key={hue} class={`f${hue}`} x={starts[i]} width={number} height="1" />
        ))}
      </svg>
      <ul class="legend">
        {groups.map(({ hue, words, count: number }) => (
          <li key={hue} class={`f${hue}`}>
            <i />
            {words}
            <b>{number}</b>
          </li>
        ))}
      </ul>
    </>
  );
}

function LatestChanges() {
  const loaded = useLoad(() => loadEvents({ Changes: true, Outcome: 'served', MaxResults: 5 }), []);
  const aliases = useLoad(loadAliases, [region.value]);
  return (
    <Sheet title="Latest changes" aside={<a href={hrefOf(['audit'], { kind: 'changes', time: 'month' })}>Audit</a>}>
      <Await loaded={loaded}>
        {({ Events }) =>
          Events.length === 0 ? (
            <Empty title="No changes yet">
              <p>Changes of keys, aliases, policies and users appear here.</p>
            </Empty>
          ) : (
            <Changes events={Events} nameOf={(arn) => aliasOf(arn, aliases)} />
          )
        }
      </Await>
    </Sheet>
  );
}

function StartHere() {
  const lines = `export AWS_ENDPOINT_URL=${location.origin}\naws payment-cryptography list-keys`;
  return (
    <Sheet title="Start here">
      <div class="body halves">
        <div>
          <h3>Call it from your code</h3>
          <p class="quiet lede">AWS SDKs and the AWS CLI work unchanged; only the endpoint differs.</p>
          <pre tabIndex={0}>{lines}</pre>
          <p class="next">
            <Copy text={lines} what="the lines" />
          </p>
        </div>
        {DEPLOYMENT.workbench && (
          <div>
            <h3>Or try it here</h3>
            <p class="quiet lede">The workbench runs in this tab on test keys that you type. Nothing is sent.</p>
            <div class="row">
              <a class="btn" href={hrefOf(['workbench', 'key-blocks'])}>
                Inspect a key block
              </a>
              <a class="btn" href={hrefOf(['workbench', 'check-values'])}>
                Compute a check value
              </a>
              <a class="btn" href={hrefOf(['workbench', 'emv'])}>
                Explain a cryptogram
              </a>
            </div>
          </div>
        )}
      </div>
    </Sheet>
  );
}
