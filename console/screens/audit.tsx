import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { ExplainAccessOutput } from '../../src/admin/admin.schema.js';
import type { AuditVerificationOutput } from '../../src/admin/audit.schema.js';
import { admin, ApiError, control, type Query } from '../api.js';
import { useChange } from '../change.js';
import { Copy } from '../components/copy.js';
import { Choice, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { More } from '../components/more.js';
import { Notice } from '../components/notice.js';
import { Save } from '../components/save.js';
import { Await, Empty, Failure } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { DEPLOYMENT } from '../deployment.js';
import { type AuditEvent, callerWords, keyArnsOf, loadEvents } from '../events.js';
import { type Loaded, type Page, useLoad, usePages, usePolling, useSettled } from '../load.js';
import { aliasOf, keyArn, keyId, loadAliases } from '../payment-keys.js';
import { hrefOf, place, setQuery, simulatorHref } from '../router.js';
import { region } from '../session.js';
import { count, timeOfDay, timeWords } from '../words.js';

const PAGE = 50;
const DAY_SECONDS = 86_400;

/** The audit log: its chains and its events. */
export function Audit() {
  const verification = useLoad(
    () => admin<AuditVerificationOutput>('GetAuditVerification', ['GET', 'audit/verifications/latest']),
    [],
  );
  const { failure, run } = useChange();
  const isRunning = verification.state === 'ready' && verification.value.State === 'RUNNING';
  usePolling(() => verification.state === 'ready' && verification.reload(), isRunning ? 1000 : undefined);
  const verify = async () => {
    const started = await run(() => admin<object>('VerifyAuditChains', ['POST', 'audit/verifications']));
    if (started && verification.state !== 'loading') verification.reload();
  };
  return (
    <>
      <Head
        title="Audit"
        actions={
          <button type="button" class="btn" disabled={isRunning} onClick={() => void verify()}>
            {isRunning ? 'Verifying' : 'Verify chains'}
          </button>
        }
      >
        <p>Every call and its outcome. Events are hash-chained, so edits and gaps are detected.</p>
      </Head>
      <section class="sheet" aria-label="Chains">
        {failure && <Failure error={failure} />}
        <Await loaded={verification}>{(latest) => <Chains of={latest} />}</Await>
      </section>
      <section class="sheet" aria-label="Events">
        <EventList />
      </section>
    </>
  );
}

/** Reasons why a verification has no result, by state. */
const NO_RESULT: Readonly<Partial<Record<AuditVerificationOutput['State'], [title: string, words: string]>>> = {
  NONE: ['Not verified yet', 'Verify the chains to see whether events were edited, removed or inserted.'],
  RUNNING: ['Being verified', 'The service reads the whole log, with pauses. The result appears here.'],
  FAILED: ['The verification failed', 'The service log has the reason.'],
  INTERRUPTED: ['The verification was interrupted', 'The node that ran it stopped. Verify the chains again.'],
};

type VerifiedChain = NonNullable<AuditVerificationOutput['Chains']>[number];

/** Number of chains shown at first; the others are only counted. */
const SHOWN_CHAINS = 3;

function Chains({
  of: { State, Started, Ended, Chains = [], ChainCount = 0, EventCount, Fault },
}: {
  of: AuditVerificationOutput;
}) {
  if (State === 'MODIFIED')
    return (
      <Broken title="The result of the verification was edited">
        <p>The row in the database doesn’t have the MAC that the service computed. Verify the chains again.</p>
      </Broken>
    );
  const noResult = NO_RESULT[State];
  if (noResult)
    return (
      <Empty title={noResult[0]}>
        <p>{noResult[1]}</p>
      </Empty>
    );
  const faulty = Chains.filter((chain) => chain.Fault);
  const heads = Chains.map(({ Chain, Head }) => `chain ${Chain} ${Head.Sequence} ${Head.Hash}`).join('\n');
  return (
    <>
      {Fault !== undefined && (
        <Broken title="The set of chains is broken">
          <p>{Fault}</p>
          <Advice />
        </Broken>
      )}
      {faulty.map((chain) => (
        <BrokenChain key={chain.Chain} of={chain} />
      ))}
      <dl class="facts">
        {Chains.slice(0, SHOWN_CHAINS).map((chain) => (
          <div key={chain.Chain}>
            <dt>
              Chain {chain.Chain}
              {chain.Host !== undefined && `, ${chain.Host}`}
            </dt>
            <dd class={chain.Fault ? 'fault' : 'fine'}>{chain.Fault ? `Broken: ${chain.Fault.Kind}` : 'Intact'}</dd>
            <dd>
              {chain.Elsewhere ? 'Events on a stream' : count(chain.Events, 'event')}, ends {shortHash(chain.Head.Hash)}
            </dd>
          </div>
        ))}
        {ChainCount > SHOWN_CHAINS && (
          <div>
            <dt>{count(ChainCount - SHOWN_CHAINS, 'more chain')}</dt>
            <dd class={faulty.length > SHOWN_CHAINS ? 'fault' : 'fine'}>
              {faulty.length > SHOWN_CHAINS ? `${faulty.length - SHOWN_CHAINS} broken` : 'Intact'}
            </dd>
            <dd>{count(EventCount ?? 0, 'event')} in all</dd>
          </div>
        )}
        <div>
          <dt>Checked</dt>
          <dd>{Ended === undefined ? '' : timeWords(Ended)}</dd>
          <dd>
            {Ended !== undefined && Started !== undefined && `in ${Math.max(1, Math.round(Ended - Started))} s `}
            <Copy text={heads} what="the chain heads" />
          </dd>
        </div>
      </dl>
    </>
  );
}

function BrokenChain({ of: { Chain, Fault, To } }: { of: VerifiedChain }) {
  const at = Fault?.Sequence === undefined ? '' : ` at event ${Fault.Sequence}`;
  return (
    <Broken title={`Chain ${Chain} is broken: ${Fault?.Kind}${at}`}>
      <p>{Fault?.What}</p>
      <Advice />
      {To !== undefined && (
        <p>
          <a href={hrefOf(['audit'], { at: String(To) })}>Show the events before and after</a>
        </p>
      )}
    </Broken>
  );
}

function Broken({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="verdict bad" role="alert">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

function Advice() {
  return (
    <p>
      Keep a copy of the database as it is. Compare these events with the copy on standard output, and the chain heads
      with those that you recorded earlier; docs/audit.md explains each fault.
    </p>
  );
}

/** E.g. `5F0C…E1A4`. */
function shortHash(hash: string): string {
  return hash === '' ? 'nowhere' : `${hash.slice(0, 4)}…${hash.slice(-4)}`.toUpperCase();
}

/** Periods that the list offers, in seconds back from now; `yesterday` is that day in UTC. */
const PERIODS: readonly (readonly [value: string, text: string, seconds?: number])[] = [
  ['', 'Last 24 hours', DAY_SECONDS],
  ['hour', 'Last hour', 3600],
  ['yesterday', 'Yesterday, UTC'],
  ['week', 'Last 7 days', 7 * DAY_SECONDS],
  ['month', 'Last 30 days', 30 * DAY_SECONDS],
  ['all', 'All'],
];

/** Period around an event that is shown with it, in seconds before and after. */
const AROUND_SECONDS = 60;
/** A time in seconds since 1970, as in the API. */
const SECONDS = /^\d{1,10}(?:\.\d+)?$/;

function periodOf(time: string, at: string): Query {
  const now = Date.now() / 1000;
  if (at !== '') return { From: Number(at) - AROUND_SECONDS, To: Number(at) + AROUND_SECONDS };
  const today = Math.floor(now / DAY_SECONDS) * DAY_SECONDS;
  if (time === 'yesterday') return { From: today - DAY_SECONDS, To: today - 1 };
  const [, , seconds] = PERIODS.find(([value]) => value === time) ?? [];
  return { From: seconds === undefined ? undefined : now - seconds };
}

/** Turns the typed text into a filter for a request, a caller or a key, by ID, ARN or name. */
async function subjectOf(text: string): Promise<Query> {
  if (text === '') return {};
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) return { RequestId: text };
  if (/^arn:aws:(iam|sts):/.test(text) || /^A[KS]I[AD]/.test(text)) return { Caller: text };
  if (text.startsWith('arn:')) return { Key: text };
  if (/^[a-z\d]{16}$/.test(text)) return { Key: keyArn(text) };
  const alias = `alias/${text.replace(/^alias\//, '')}`;
  try {
    const { Alias } = await control<{ Alias: { KeyArn?: string } }>('GetAlias', { AliasName: alias });
    if (Alias.KeyArn !== undefined) return { Key: Alias.KeyArn };
  } catch (error) {
    // If there is no such alias, or the caller may not read it, the text is the name of a caller.
    if (!(error instanceof ApiError) || error.name === 'NetworkError') throw error;
  }
  const [kind, name] = text.startsWith('role/') ? ['role', text.slice(5)] : ['user', text.replace(/^user\//, '')];
  return { Caller: `arn:aws:iam::${DEPLOYMENT.accountId}:${text === 'root' ? 'root' : `${kind}/${name}`}` };
}

const NO_FILTERS = { find: '', time: '', operation: '', outcome: '', kind: '', at: '' };
type Filters = typeof NO_FILTERS;

/** A page of events. */
interface EventPage extends Page<AuditEvent> {
  /** Destinations of the data plane's events, if they aren't in the list. */
  dataSinks: readonly string[] | undefined;
}

function EventList() {
  const { query } = place.value;
  const names = Object.keys(NO_FILTERS) as (keyof Filters)[];
  const filters = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ''])) as Filters;
  if (!SECONDS.test(filters.at)) filters.at = '';
  const [find, operation] = [useSettled(filters.find.trim()), useSettled(filters.operation.trim())];
  const { time, at, outcome, kind } = filters;
  // A token is valid only with its filters, so later pages use the period of the first one.
  const asked = useRef<Query>({});
  const load = async (token?: string): Promise<EventPage> => {
    if (token === undefined)
      asked.current = {
        ...(await subjectOf(find)),
        ...periodOf(time, at),
        Operation: operation,
        Outcome: outcome,
        Changes: kind === 'changes' ? true : undefined,
        MaxResults: PAGE,
      };
    const { Events, NextToken, DataEventSinks } = await loadEvents({ ...asked.current, NextToken: token });
    return { items: Events, next: NextToken, dataSinks: DataEventSinks };
  };
  const { loaded, pages } = usePages<AuditEvent, EventPage>(load, [
    find,
    operation,
    time,
    at,
    outcome,
    kind,
    region.value,
  ]);
  const aliases = useLoad(loadAliases, [region.value]);
  const nameOf = (arn: string) => aliasOf(arn, aliases);
  const { items } = pages;
  const dataSinks = loaded.state === 'ready' ? loaded.value.dataSinks : undefined;
  const oldest = items.at(-1);
  return (
    <>
      {dataSinks && (
        <Notice>
          Events of the data plane aren’t kept here: they go to {dataSinks.join(' and ')}. All other events are below.
        </Notice>
      )}
      <EventFilters filters={filters} />
      <Await loaded={loaded}>
        {() => (
          <>
            {items.length > 0 ? (
              <EventTable events={items} nameOf={nameOf} />
            ) : (
              <Empty title="No event matches">
                <p>Events appear here within a second of their call. It uses the period above.</p>
                <button type="button" class="btn slim" onClick={() => setQuery({ ...NO_FILTERS, time: 'all' })}>
                  Show all events
                </button>
              </Empty>
            )}
            <div class="foot">
              <span role="status">
                {count(items.length, 'event')}
                {oldest && `, back to ${timeWords(Date.parse(oldest.eventTime) / 1000)}`}
                {pages.more && '; older ones were not searched yet'}
              </span>
              <span class="row">
                {items.length > 0 && (
                  <Save
                    text="Export as JSON lines"
                    file="audit-events.jsonl"
                    type="application/jsonl"
                    content={() => items.map((event) => `${JSON.stringify(event)}\n`).join('')}
                  />
                )}
                <More pages={pages} text="Older" />
              </span>
            </div>
          </>
        )}
      </Await>
    </>
  );
}

function EventFilters({ filters }: { filters: Filters }) {
  const set = (name: keyof Filters) => (value: string) => setQuery({ [name]: value });
  const periods = PERIODS.map(([value, text]) => [value, text] as const);
  const around = filters.at === '' ? undefined : `Around ${timeOfDay(1000 * Number(filters.at))}`;
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <TextField
        label="Key, caller or request ID"
        type="search"
        placeholder="Alias, ARN, name or ID"
        value={filters.find}
        onInput={set('find')}
      />
      <Choice
        label="Time"
        value={around === undefined ? filters.time : 'around'}
        onInput={(time) => setQuery({ time, at: '' })}
        options={around === undefined ? periods : [['around', around], ...periods]}
      />
      <TextField label="Operation" placeholder="All" value={filters.operation} onInput={set('operation')} />
      <Choice
        label="Outcome"
        value={filters.outcome}
        onInput={set('outcome')}
        options={[
          ['', 'All'],
          ['served', 'Served'],
          ['refused', 'Refused'],
          ['AccessDeniedException', 'AccessDenied'],
        ]}
      />
      <Choice
        label="Kind"
        value={filters.kind}
        onInput={set('kind')}
        options={[
          ['', 'Changes and use'],
          ['changes', 'Changes'],
        ]}
      />
    </form>
  );
}

function EventTable({ events, nameOf }: { events: readonly AuditEvent[]; nameOf: (arn: string) => string }) {
  const [open, setOpen] = useState<string>();
  return (
    <table class="table cards">
      <caption class="vh">Events, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Time, UTC</th>
          <th scope="col">Caller</th>
          <th scope="col">Operation</th>
          <th scope="col">Keys</th>
          <th scope="col">Outcome</th>
          <th scope="col">From</th>
          <th scope="col" class="num">
            Event
          </th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => {
          const isOpen = event.eventID === open;
          return [
            <tr key={event.eventID} class={isOpen ? 'open' : undefined}>
              <td>
                <code>
                  {event.eventTime.slice(5, 10)} {event.eventTime.slice(11, 19)}
                </code>
              </td>
              <td class="name">{callerWords(event)}</td>
              <td class="wide">
                <button
                  type="button"
                  class="link"
                  aria-expanded={isOpen}
                  onClick={() => setOpen(isOpen ? undefined : event.eventID)}
                >
                  {event.eventName}
                </button>
              </td>
              <td class="wide wrap">{keyArnsOf(event).map(nameOf).join(', ')}</td>
              <td>
                <Outcome of={event} />
              </td>
              <td class="gone">
                <code>{event.sourceIPAddress}</code>
              </td>
              <td class="num gone">
                <code>
                  {event.node}/{event.sequence}
                </code>
              </td>
            </tr>,
            isOpen && (
              <tr key={`${event.eventID} detail`} class="open">
                <td colSpan={7} class="wide detail">
                  <Detail of={event} nameOf={nameOf} />
                </td>
              </tr>
            ),
          ];
        })}
      </tbody>
    </table>
  );
}

/** Outcomes that mean only that a value was wrong. */
const VERIFICATIONS = /^Verification|^Kms?InvalidMac|InvalidSignatureException$/;

function Outcome({ of: { errorCode, userIdentity } }: { of: AuditEvent }) {
  if (errorCode === undefined) return <>Served</>;
  const isWarning = VERIFICATIONS.test(errorCode) && userIdentity.arn !== undefined;
  return <Tag tone={isWarning ? 'warn' : 'bad'}>{errorCode.replace(/Exception$/, '')}</Tag>;
}

function Detail({ of: event, nameOf }: { of: AuditEvent; nameOf: (arn: string) => string }) {
  const { userIdentity, requestID, requestParameters, userAgent, errorMessage, node, sequence, previous } = event;
  const parameters = Object.entries(requestParameters ?? {});
  const keys = keyArnsOf(event);
  return (
    <>
      <dl class="defs">
        <dt>Why</dt>
        <dd>
          <Why of={event} />
        </dd>
        {errorMessage !== undefined && (
          <>
            <dt>Answer</dt>
            <dd class="wrap">{errorMessage}</dd>
          </>
        )}
        <dt>Caller</dt>
        <dd class="wrap">
          <code>{userIdentity.arn ?? callerWords(event)}</code>
          {userIdentity.accessKeyId !== undefined && (
            <>
              , access key <code>{userIdentity.accessKeyId}</code>
            </>
          )}{' '}
          from <code>{event.sourceIPAddress}</code>
          {userAgent !== undefined && <small class="quiet">{userAgent}</small>}
        </dd>
        {keys.length > 0 && (
          <>
            <dt>Keys</dt>
            <dd class="wrap">
              {keys.map((arn) => (
                <div key={arn}>
                  {arn.includes(':payment-cryptography:') ? (
                    <a href={hrefOf(['keys', arn.split(':')[3] ?? '', keyId(arn)])}>{nameOf(arn)}</a>
                  ) : (
                    nameOf(arn)
                  )}{' '}
                  <code class="quiet">{arn}</code>
                </div>
              ))}
            </dd>
          </>
        )}
        <dt>Request</dt>
        <dd class="wrap">
          <code>{requestID ?? 'none: action of the service itself'}</code>
          {parameters.length > 0 && (
            <div>
              <code>{parameters.map(([name, value]) => `${name}=${asText(value)}`).join(', ')}</code>
            </div>
          )}
        </dd>
        <dt>Place in the chain</dt>
        <dd class="row">
          <Tag tone="ok">{sequence}</Tag> of chain {node}, after{' '}
          {sequence === 1 ? 'its beginning' : <code>{shortHash(previous)}</code>}
        </dd>
      </dl>
      <details>
        <summary>Raw JSON</summary>
        <pre tabIndex={0}>{JSON.stringify(event, null, 2)}</pre>
        <Copy text={JSON.stringify(event)} what="the event" />
      </details>
    </>
  );
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Reason for the decision on the call. */
function Why({ of: event }: { of: AuditEvent }) {
  const { arn, invokedBy } = event.userIdentity;
  if (arn !== undefined) return <PoliciesNow of={event} principal={arn} />;
  return <>{invokedBy === undefined ? 'The signer isn’t known.' : 'This was an action of the service itself.'}</>;
}

/** Evaluates the call with the current policies, which may have changed since. */
function PoliciesNow({ of: event, principal }: { of: AuditEvent; principal: string }) {
  const action = `${event.eventSource.replace(/\..*$/, '')}:${event.eventName}`;
  const resource = resourceOf(event);
  const loaded = useLoad(
    () =>
      admin<ExplainAccessOutput>('ExplainAccess', ['POST', 'explain'], {
        body: { Principal: principal, Action: action, Resource: resource },
        resource: principal,
      }),
    [event.eventID],
  );
  return (
    <>
      <Reason loaded={loaded} /> <a href={simulatorHref({ principal, action, resource })}>Open in the simulator</a>
    </>
  );
}

function Reason({ loaded }: { loaded: Loaded<ExplainAccessOutput> }) {
  if (loaded.state === 'loading') return <>Evaluating the policies …</>;
  if (loaded.state === 'failed')
    return loaded.error.isRefusal ? (
      <>
        It needs the permission <code>{loaded.error.action}</code>.
      </>
    ) : (
      <>The policies can’t be evaluated: {loaded.error.message}</>
    );
  const { Decision, Reason: reason } = loaded.value;
  return (
    <>
      Under the current policies, it is {Decision}. <span class="wrap">{reason}</span>
    </>
  );
}

/** The resource of a call: the key of its response or event, or the user or role of its path. */
function resourceOf(event: AuditEvent): string {
  const { errorMessage = '', requestParameters } = event;
  const [named] = /arn:aws:[\w:-]+:key\/[\w-]+/.exec(errorMessage) ?? [];
  const key = named ?? keyArnsOf(event)[0];
  if (key !== undefined) return key;
  const { kind, name } = requestParameters ?? {};
  if (typeof kind !== 'string' || typeof name !== 'string') return '*';
  return `arn:aws:iam::${DEPLOYMENT.accountId}:${kind === 'users' ? 'user' : 'role'}/${name}`;
}
