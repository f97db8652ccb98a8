import { Fragment } from 'preact';
import type { AuditVerificationOutput } from '../../src/admin/audit.schema.js';
import type { ListCertificatesOutput } from '../../src/admin/certificates.schema.js';
import type { GetKeyCountsOutput, ListKeyInventoryOutput } from '../../src/admin/keys.schema.js';
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
import { Tag } from '../components/tag.js';
import { DEPLOYMENT } from '../deployment.js';
import { callerWords, keyArnsOf, loadEvents } from '../events.js';
import { type ListedKmsKey, loadKmsPage } from '../kms-keys.js';
import { type Loaded, type Page, useLoad } from '../load.js';
import { aliasOf, keyId, loadAliases } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { identity, region } from '../session.js';
import { HOLDERS, useRates, useStatus, versionsOf } from '../status.js';
import { agoWords, count, timeWords, untilWords } from '../words.js';

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

/** An item that needs attention, with a link to the screen for it. */
interface Matter {
  tone?: 'bad' | 'warn';
  tag: string;
  title: string;
  words: string;
  href: string;
  action: string;
}

const DAY_SECONDS = 86_400;
const UNUSED_DAYS = 180;
const REFUSALS = 20;
const CERTIFICATE_DAYS = 30;
const LAG_SECONDS = 60;

/** Findings that the principal's permissions allow, and the missing permissions. */
function Attention({ status }: { status: Loaded<GetStatusOutput> }) {
  const deletions = useLoad(
    () =>
      admin<ListKeyInventoryOutput>('ListKeyInventory', ['GET', 'keys'], {
        query: { State: 'DELETE_PENDING', MaxResults: 200 },
      }),
    [region.value],
  );
  const kmsDeletions = useLoad<Page<ListedKmsKey>>(
    () =>
      identity.value?.apis.includes('kms') === true
        ? loadKmsPage({ state: 'PendingDeletion' })
        : Promise.resolve({ items: [] }),
    [region.value],
  );
  const unused = useLoad(
    () =>
      admin<ListKeyInventoryOutput>('ListKeyInventory', ['GET', 'keys'], {
        query: { UnusedDays: UNUSED_DAYS, State: 'CREATE_COMPLETE', MaxResults: 200 },
      }),
    [region.value],
  );
  const verification = useLoad(
    () => admin<AuditVerificationOutput>('GetAuditVerification', ['GET', 'audit/verifications/latest']),
    [],
  );
  const refusals = useLoad(
    () => loadEvents({ Outcome: 'AccessDeniedException', From: Date.now() / 1000 - 3600, MaxResults: 100 }),
    [],
  );
  const certificates = useLoad(
    () => admin<ListCertificatesOutput>('ListCertificates', ['GET', 'certificates']),
    [region.value],
  );
  const sources = [deletions, kmsDeletions, unused, verification, refusals, certificates, status];
  const matters = [
    ...mattersOf(deletions, deletionMatters),
    ...mattersOf(kmsDeletions, kmsDeletionMatters),
    ...mattersOf(verification, chainMatters),
    ...mattersOf(refusals, refusalMatters),
    ...mattersOf(certificates, certificateMatters),
    ...mattersOf(status, statusMatters),
    ...mattersOf(unused, unusedMatters),
  ];
  const failed = sources.flatMap((source) => (source.state === 'failed' ? [source.error] : []));
  const isLoading = sources.some(({ state }) => state === 'loading');
  const lacking = [...new Set(failed.map(({ action }) => action))];
  return (
    <Sheet title="Needs attention" aside={<span class="quiet">{isLoading ? 'Looking' : matters.length}</span>}>
      {matters.length === 0 && !isLoading && failed.length === 0 && (
        <Empty title="Nothing needs attention">
          <p>Deletions, audit chains, refusals, certificates, replication and unused keys were checked.</p>
        </Empty>
      )}
      <ul class="items">
        {matters.map(({ tone, tag, title, words, href, action }) => (
          <li key={title}>
            <div>
              <Tag tone={tone}>{tag}</Tag>
            </div>
            <div>
              <h3 class="wrap">{title}</h3>
              <p>{words}</p>
            </div>
            <a class="btn slim" href={href}>
              {action}
              <span class="vh"> {title}</span>
            </a>
          </li>
        ))}
      </ul>
      {lacking.length > 0 && (
        <p class="body quiet">
          Some checks were skipped: they need{' '}
          {lacking.map((action, i) => (
            <Fragment key={action}>
              {i > 0 && ', '}
              <code class="wrap">{action}</code>
            </Fragment>
          ))}
          .
        </p>
      )}
    </Sheet>
  );
}

function mattersOf<Value>(loaded: Loaded<Value>, find: (value: Value) => Matter[]): Matter[] {
  return loaded.state === 'ready' ? find(loaded.value) : [];
}

function nameOf({ Aliases, KeyArn }: Pick<ListKeyInventoryOutput['Keys'][number], 'Aliases' | 'KeyArn'>): string {
  return Aliases[0]?.replace(/^alias\//, '') ?? keyId(KeyArn);
}

/** Keys that will be deleted within seven days. */
function deletionMatters({ Keys }: ListKeyInventoryOutput): Matter[] {
  return Keys.flatMap((key) => deletionMatter(key, key.DeletePendingTimestamp, 'keys'));
}

function kmsDeletionMatters({ items }: Page<ListedKmsKey>): Matter[] {
  return items.flatMap((key) => deletionMatter(key, key.DeletionDate, 'kms-keys'));
}

function deletionMatter(
  key: Pick<ListKeyInventoryOutput['Keys'][number], 'Aliases' | 'KeyArn' | 'LastUsed'>,
  at: number | undefined,
  screen: string,
): Matter[] {
  if (at === undefined || at > Date.now() / 1000 + 7 * DAY_SECONDS) return [];
  const { LastUsed } = key;
  return [
    {
      tone: 'bad',
      tag: untilWords(at),
      title: `${nameOf(key)} will be deleted`,
      words: `On ${timeWords(at)}. ${LastUsed ? `Last used ${agoWords(LastUsed.Time)}.` : 'Never used.'}`,
      href: hrefOf([screen, region.value, keyId(key.KeyArn)]),
      action: 'Show',
    },
  ];
}

function chainMatters({ State, FaultyCount = 0 }: AuditVerificationOutput): Matter[] {
  if (State !== 'BROKEN' && State !== 'MODIFIED') return [];
  return [
    {
      tone: 'bad',
      tag: 'Broken',
      title: 'The audit chains are broken',
      words: `${count(FaultyCount, 'chain')} with a fault: events were edited, removed or inserted.`,
      href: hrefOf(['audit']),
      action: 'Show',
    },
  ];
}

/** Callers with more than 20 refusals in the last hour. */
function refusalMatters({ Events }: Awaited<ReturnType<typeof loadEvents>>): Matter[] {
  return [...Map.groupBy(Events, callerWords)].flatMap(([caller, events]) => {
    const [latest] = events;
    if (events.length <= REFUSALS || !latest) return [];
    const key = keyArnsOf(latest)[0];
    return {
      tone: 'bad' as const,
      tag: `${events.length} refused`,
      title: `${caller} is denied ${latest.eventName}`,
      words: `In the last hour${key === undefined ? '' : `, most recently on ${keyId(key)}`}.`,
      href: hrefOf(['audit'], { find: latest.userIdentity.arn, time: 'hour', outcome: 'AccessDeniedException' }),
      action: 'See why',
    };
  });
}

/** Certificates that expire within 30 days, except those of tokens, which are short-lived. */
function certificateMatters({ Certificates }: ListCertificatesOutput): Matter[] {
  const soon = Date.now() / 1000 + CERTIFICATE_DAYS * DAY_SECONDS;
  return Certificates.filter(({ Kind, NotAfter }) => Kind !== 'exchange token' && NotAfter < soon).map(
    ({ Kind, Subject, NotAfter, KeyArn }) => ({
      tone: 'warn' as const,
      tag: untilWords(NotAfter),
      title: `The certificate of ${Subject} expires`,
      words: `On ${timeWords(NotAfter)}. ${Kind === 'imported' ? 'Ask the partner for a new one' : 'Exchanges with it will then fail'}.`,
      href: KeyArn === undefined ? hrefOf(['health']) : hrefOf(['keys', region.value, keyId(KeyArn)]),
      action: 'Show',
    }),
  );
}

function statusMatters(status: GetStatusOutput): Matter[] {
  const versions = versionsOf(status);
  const late = status.Replication.filter(({ OldestSeconds, Failed }) => OldestSeconds > LAG_SECONDS || Failed > 0);
  return [
    ...late.map(({ Region, OldestSeconds, Failed }) => ({
      tone: 'warn' as const,
      tag: 'Late',
      title: `Replication to ${Region} is behind`,
      words: `The oldest replica has waited ${Math.round(OldestSeconds)} s; ${count(Failed, 'key')} failed.`,
      href: hrefOf(['health']),
      action: 'Show',
    })),
    ...(versions.length > 1
      ? [
          {
            tone: 'warn' as const,
            tag: 'Versions',
            title: 'The processes have different versions',
            words: versions.join(', '),
            href: hrefOf(['health']),
            action: 'Show',
          },
        ]
      : []),
  ];
}

function unusedMatters({ Keys, NextToken }: ListKeyInventoryOutput): Matter[] {
  if (Keys.length === 0) return [];
  const exportable = Keys.filter(({ Exportable }) => Exportable).length;
  return [
    {
      tag: `${UNUSED_DAYS} days`,
      title: `${NextToken === undefined ? '' : 'More than '}${count(Keys.length, 'key')} unused for ${UNUSED_DAYS} days`,
      words: `${exportable} of them are exportable.`,
      href: hrefOf(['keys'], { unused: String(UNUSED_DAYS) }),
      action: 'Show',
    },
  ];
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
