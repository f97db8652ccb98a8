import { useRef } from 'preact/hooks';
import { ApiError, control, kms, type Query } from '../api.js';
import { Choice, TextField } from '../components/field.js';
import { More } from '../components/more.js';
import { Notice } from '../components/notice.js';
import { Save } from '../components/save.js';
import { Await, Empty } from '../components/states.js';
import { DEPLOYMENT } from '../deployment.js';
import { type AuditEvent, loadEvents } from '../events.js';
import { kmsArn } from '../kms-keys.js';
import { type Page, useLoad, usePages, useSettled } from '../load.js';
import { aliasOf, keyArn, loadAliases } from '../payment-keys.js';
import { place, setQuery } from '../router.js';
import { region } from '../session.js';
import { count, timeOfDay, timeWords } from '../words.js';
import { EventTable } from './audit-event-table.js';

const PAGE = 50;
const DAY_SECONDS = 86_400;

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

/** Form of the ids of requests and of most KMS keys. */
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Turns the typed text into a filter for a request, a caller or a key, by ID, ARN or name. */
async function subjectOf(text: string): Promise<Query> {
  if (text === '') return {};
  if (UUID.test(text)) {
    const Key = await known(kmsKeyOf(text));
    return Key === undefined ? { RequestId: text } : { Key };
  }
  if (/^arn:aws:(iam|sts):/.test(text) || /^A[KS]I[AD]/.test(text)) return { Caller: text };
  if (text.startsWith('arn:')) return { Key: text };
  if (/^[a-z\d]{16}$/.test(text)) return { Key: keyArn(text) };
  if (/^mrk-[\da-f]{32}$/.test(text)) return { Key: kmsArn(text) };
  const alias = `alias/${text.replace(/^alias\//, '')}`;
  for (const keyOf of [paymentKeyOf, kmsKeyOf]) {
    const Key = await known(keyOf(alias));
    if (Key !== undefined) return { Key };
  }
  // If there is no such alias, or the user may not read it, the text is the name of a caller.
  const [kind, name] = text.startsWith('role/') ? ['role', text.slice(5)] : ['user', text.replace(/^user\//, '')];
  return { Caller: `arn:aws:iam::${DEPLOYMENT.accountId}:${text === 'root' ? 'root' : `${kind}/${name}`}` };
}

async function paymentKeyOf(AliasName: string): Promise<string | undefined> {
  return (await control<{ Alias: { KeyArn?: string } }>('GetAlias', { AliasName })).Alias.KeyArn;
}

/** @param KeyId id or alias name */
async function kmsKeyOf(KeyId: string): Promise<string | undefined> {
  return (await kms<{ KeyMetadata: { Arn: string } }>('DescribeKey', { KeyId })).KeyMetadata.Arn;
}

/** Returns undefined for a key that doesn't exist, or that the user may not read. */
async function known(arn: Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await arn;
  } catch (error) {
    if (!(error instanceof ApiError) || error.name === 'NetworkError') throw error;
    return undefined;
  }
}

const NO_FILTERS = { find: '', time: '', operation: '', outcome: '', kind: '', at: '' };
type Filters = typeof NO_FILTERS;

/** A page of events. */
interface EventPage extends Page<AuditEvent> {
  /** Destinations of the data plane's events, if they aren't in the list. */
  dataSinks: readonly string[] | undefined;
}

export function EventList() {
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
