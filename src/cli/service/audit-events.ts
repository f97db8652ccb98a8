import { setTimeout as pause } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import type { ListAuditEventsOutput } from '../../admin/audit.schema.js';
import type { Command, Streams } from '../command.js';
import { table } from '../layout.js';
import { print, printItems, remark } from '../results.js';
import { connect, type ServiceClient } from './client.js';
import { type ServiceOptions, withService } from './connection.js';
import { wholeNumber } from './key-words.js';

const DOCUMENT = 'docs/audit.md';
const PAGE = 100;
/** Number of earlier events that `audit tail` prints first. */
const LATEST = 10;
const POLL_MS = 2000;
/** Margin for events that are written after their call, and for differences between the nodes' clocks. */
const LATE_SECONDS = 10;
const HEADER = ['TIME', 'OPERATION', 'OUTCOME', 'CALLER', 'KEY', 'REQUEST'];
/** Column widths for streamed events; a longer value shifts the rest of its line. */
const COLUMNS = [20, 24, 25, 40, 16];

/** Members of an event to print. */
interface Event {
  eventTime: string;
  eventName: string;
  eventID?: string;
  errorCode?: string;
  requestID?: string;
  userIdentity?: { arn?: string };
  resources?: { ARN?: string }[];
}

interface FilterOptions extends ServiceOptions {
  caller?: string;
  operation?: string;
  key?: string;
  outcome?: string;
  changes?: true;
}

interface ListOptions extends FilterOptions {
  from?: number;
  to?: number;
  requestId?: string;
  limit: number;
}

/** Adds `keyblock audit list` and `keyblock audit tail`. */
export function addAuditEvents(audit: Command, streams: Streams): void {
  const list = audit
    .command('list')
    .description(
      'List events of the audit log, the newest first.\n\nNeeds the permission keyblock:ListAuditEvents. Limit the period to speed up the search.',
    )
    .option('--from <time>', 'Earliest time in ISO 8601, such as 2026-11-28T09:00Z.', timeFrom)
    .option('--to <time>', 'Latest time in ISO 8601.', timeFrom)
    .option('--request-id <id>', 'Only the call with this request id.')
    .option('--limit <number>', 'Maximum number of events to print.', wholeNumber, 50);
  withService(withFilters(list), 'Print each event as a JSON line.')
    .examples('keyblock audit list --changes --limit 5', 'keyblock audit list --outcome AccessDeniedException --json')
    .readOn(DOCUMENT)
    .action(async (options: ListOptions) => {
      const client = await connect(options);
      const found: Event[] = [];
      let isMore = false;
      for await (const page of pagesOf(client, options)) {
        found.push(...page.events.slice(0, options.limit - found.length));
        isMore = page.isMore || found.length === options.limit;
        if (found.length === options.limit) break;
      }
      printItems(streams, options, found, HEADER, cellsOf);
      if (isMore) remark(streams, options, 'There may be more events: raise --limit, or narrow the period.');
    });

  const tail = audit
    .command('tail')
    .description(
      'Print events of the audit log as they are written.\n\nPrints until it is interrupted. Polls the service every two seconds; these calls are audited too, but not printed. Needs the permission keyblock:ListAuditEvents.',
    );
  withService(withFilters(tail), 'Print each event as a JSON line.')
    .examples('keyblock audit tail', 'keyblock audit tail --outcome refused --json')
    .readOn(DOCUMENT)
    .action(async (options: FilterOptions) => {
      const client = await connect(options);
      for await (const event of newEvents(client, options)) print(streams, options, event, [lineOf(event)]);
    });
}

function withFilters(command: Command): Command {
  return command
    .option('--caller <arn>', 'Only calls of this user, role, session or access key id.')
    .option('--operation <name>', 'Only calls of this operation, such as ExportKey.')
    .option('--key <arn>', 'Only calls that used this key.')
    .option('--outcome <outcome>', 'served, refused, or the name of an exception.')
    .option('--changes', 'Only operations that change something.');
}

function queryOf({ caller, operation, key, outcome, changes }: FilterOptions) {
  return { Caller: caller, Operation: operation, Key: key, Outcome: outcome, Changes: changes && 'true' };
}

async function* pagesOf(client: ServiceClient, options: ListOptions) {
  const { from, to, requestId, limit } = options;
  const query = { ...queryOf(options), From: from, To: to, RequestId: requestId };
  const pages = client.pages(
    (paging) => client.admin<ListAuditEventsOutput>('GET', ['audit', 'events'], { query: { ...query, ...paging } }),
    Math.max(1, Math.min(PAGE, limit)),
  );
  for await (const { Events, NextToken } of pages)
    yield { events: Events as unknown as Event[], isMore: NextToken !== undefined };
}

/** Yields the latest events, then polls for new ones and yields each once, the oldest first. Never ends. */
async function* newEvents(client: ServiceClient, options: FilterOptions): AsyncGenerator<Event> {
  const latest = await eventsSince(client, options);
  yield* latest.filter((event) => !isOwn(event, client)).slice(-LATEST);
  let from = Math.max(0, ...latest.map(secondsOf));
  let seen = new Set(latest.map(identityOf));
  for (;;) {
    await pause(POLL_MS);
    const events = await eventsSince(client, options, from);
    for (const event of events) if (!seen.has(identityOf(event)) && !isOwn(event, client)) yield event;
    seen = new Set(events.map(identityOf));
    from = Math.max(from, ...events.map((event) => secondsOf(event) - LATE_SECONDS));
  }
}

/** Reads all events since a time, or the latest page, the oldest first. */
async function eventsSince(client: ServiceClient, options: FilterOptions, from?: number): Promise<Event[]> {
  const events: Event[] = [];
  for await (const page of pagesOf(client, { ...options, limit: PAGE, ...(from !== undefined && { from }) })) {
    events.push(...page.events);
    if (from === undefined && events.length > 0) break;
  }
  return events.reverse();
}

function secondsOf({ eventTime }: Event): number {
  return Date.parse(eventTime) / 1000;
}

/** True for the polls of this command, which would otherwise report themselves. */
function isOwn(
  { eventName, userIdentity }: Event & { userIdentity?: { accessKeyId?: string } },
  client: ServiceClient,
) {
  return eventName === 'ListAuditEvents' && userIdentity?.accessKeyId === client.connection.credentials.accessKeyId;
}

function identityOf(event: Event): string {
  return event.eventID ?? event.requestID ?? JSON.stringify(event);
}

function cellsOf({ eventTime, eventName, errorCode, userIdentity, resources = [], requestID }: Event): string[] {
  return [
    `${eventTime.slice(0, 19)}Z`,
    eventName,
    errorCode ?? 'served',
    userIdentity?.arn ?? '-',
    resources[0]?.ARN?.split('/').at(-1) ?? '-',
    requestID ?? '-',
  ];
}

function lineOf(event: Event): string {
  return table([cellsOf(event).map((cell, i) => cell.padEnd(COLUMNS[i] ?? 0))])[0] ?? '';
}

/** @throws InvalidArgumentError */
function timeFrom(text: string): number {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('Give a time such as 2026-11-28 or 2026-11-28T09:00Z.');
  return time / 1000;
}
