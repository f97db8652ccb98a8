import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { dayAfter, type Partition, partitions } from './partitions.js';

/** Limits of one call: the events that it reads, and the time after which it begins no further read. */
const MAX_EVENTS = 20_000;
const MAX_MS = 2000;
/** Maximum numbers of rows, and of bytes of their events, that one query returns; it returns at least one row. */
const QUERY_ROWS = 500;
const QUERY_BYTES = 1_000_000;
/** Characters after which a page is full, because the parameters of an event may be a hundred times as long as usual. */
const PAGE_CHARACTERS = 1_000_000;

/** The events to find; an absent member selects all. */
export interface EventFilter {
  /** Earliest and latest `eventTime`, both included. */
  from?: Date;
  to?: Date;
  /** ARN of a root, user, role or session of a role, or id of an access key. */
  caller?: string;
  /** `eventName` */
  operation?: string;
  /** `eventSource` */
  source?: string;
  /** ARN of a key among `resources`. */
  key?: string;
  /** `served`, `refused`, or an `errorCode`. */
  outcome?: string;
  /** True for events of operations that change something. */
  changes?: boolean;
  requestId?: string;
}

/** The members of an event that filters read. */
interface Event {
  eventTime: string;
  eventName: string;
  eventSource?: string;
  userIdentity?: { arn?: string; accessKeyId?: string; sessionContext?: { sessionIssuer?: { arn: string } } };
  errorCode?: string;
  requestID?: string;
  readOnly: boolean;
  resources?: { ARN: string }[];
  sequence: number;
}

/** A place in the log, in the order of reading: the time of a row, its chain and first event, and an event in it. */
export const Position = z.tuple([z.number(), z.number(), z.number(), z.number()]);
export type Position = z.infer<typeof Position>;

export interface FoundEvents {
  events: object[];
  /** The position at which the next page begins; undefined at the beginning of the log. */
  next?: Position;
  /** False if reading ended at a limit before the page was full and before the beginning of the log. */
  isComplete: boolean;
}

interface Batch {
  chain: number;
  first: number;
  last: number;
  events: string;
}

/**
 * Reads events of the table, the newest rows first, and the newest events of a row first. Reads only rows that may have
 * events of the period, and stops at a limit: a filter that finds little must not read the whole log in one call.
 * Lines that aren't events, because they were edited, are skipped; verification reports them.
 *
 * @param limit number of events on a page
 * @param after the last event of the previous page
 */
export async function readEvents(
  database: DataSource,
  filter: EventFilter,
  { limit, after }: { limit: number; after?: Position },
): Promise<FoundEvents> {
  const deadlineMs = performance.now() + MAX_MS;
  const texts = textsOf(filter);
  const lastOfFirst = lastDayOf((await partitions(database.manager))[0]);
  const events: object[] = [];
  let position = after;
  let read = 0;
  let characters = 0;
  for (;;) {
    const batches = await batchesFrom(database, filter, position, lastOfFirst);
    const isEnd = batches.length < 2 && batches.every((batch) => position && isOf(batch, position));
    for (const batch of batches) {
      const lines = batch.events.split('\n');
      for (let i = lines.length - 1; i >= 0; i--) {
        const sequence = batch.first + i;
        if (position && isOf(batch, position) && sequence >= position[3]) continue;
        if (events.length === limit || characters >= PAGE_CHARACTERS)
          return { events, next: position, isComplete: true };
        const line = lines[i] ?? '';
        const event = texts.every((text) => line.includes(text)) ? parsed(line) : undefined;
        position = [batch.last, batch.chain, batch.first, sequence];
        read += 1;
        if (!event || !matches(event, filter)) continue;
        events.push(event);
        characters += line.length;
      }
      position = [batch.last, batch.chain, batch.first, batch.first];
    }
    if (isEnd) return { events, isComplete: true };
    if (read >= MAX_EVENTS || performance.now() > deadlineMs)
      return { events, next: position, isComplete: events.length === limit };
  }
}

/** Reads the row of a position, and rows after it in the order of reading. */
function batchesFrom(
  database: DataSource,
  { from, to }: EventFilter,
  position: Position | undefined,
  lastOfFirst: string,
): Promise<Batch[]> {
  const [last, chain, first] = position ?? [];
  // The days let PostgreSQL skip partitions: an event is written within seconds, and the clocks of node and database
  // differ by less than a day. The row comparison and the first time are conditions of the index. The sizes of events
  // are known without reading them.
  return database.query<Batch[]>(
    `SELECT chain, first::float8 AS first, extract(epoch FROM last_time)::float8 AS last, events
       FROM (SELECT *, sum(octet_length(events)) OVER (ORDER BY last_time DESC, chain DESC, first DESC
                                                       ROWS UNBOUNDED PRECEDING) - octet_length(events) AS bytes
               FROM (SELECT chain, first, last_time, events FROM audit_log
                      WHERE last_time >= to_timestamp($1) AND first_time <= to_timestamp($2)
                        AND day BETWEEN (to_timestamp($1) AT TIME ZONE 'UTC')::date - 1
                                    AND GREATEST((to_timestamp($2) AT TIME ZONE 'UTC')::date + 1, $6)
                        AND (last_time, chain, first) <= (to_timestamp($3), $4, $5)
                      ORDER BY last_time DESC, chain DESC, first DESC LIMIT ${QUERY_ROWS}) AS rows) AS sized
      WHERE bytes < ${QUERY_BYTES}
      ORDER BY last_time DESC, chain DESC, first DESC`,
    [
      seconds(from) ?? '-infinity',
      seconds(to) ?? 'infinity',
      last ?? 'infinity',
      chain ?? 2_147_483_647,
      first ?? '9223372036854775807',
      lastOfFirst,
    ],
  );
}

/** Returns the day of all rows in the first partition, if that is the partition for all earlier days. */
function lastDayOf(first: Partition | undefined): string {
  return first?.from === undefined && first?.to !== undefined ? dayAfter(first.to, -1) : '-infinity';
}

const seconds = (time: Date | undefined) => time && Math.trunc(time.getTime() / 1000);

function isOf({ last, chain, first }: Batch, position: Position): boolean {
  return position[0] === last && position[1] === chain && position[2] === first;
}

/** Texts that occur in the line of every matching event, so that most lines needn't be parsed. */
function textsOf({ caller, operation, source, key, requestId, changes, outcome }: EventFilter): string[] {
  const values = [caller, operation, source, key, requestId].filter((value) => value !== undefined);
  const texts = values.map((value) => JSON.stringify(value));
  if (changes) texts.push('"readOnly":false');
  if (outcome !== undefined && outcome !== 'served') texts.push('"errorCode":');
  return texts;
}

function parsed(line: string): Event | undefined {
  try {
    const event = JSON.parse(line) as Event | null;
    return typeof event === 'object' && typeof event?.eventTime === 'string' ? event : undefined;
  } catch {
    return undefined;
  }
}

function matches(event: Event, filter: EventFilter): boolean {
  const { caller, operation, source, key, outcome, changes, requestId } = filter;
  const time = Date.parse(event.eventTime);
  return (
    !(time < (filter.from?.getTime() ?? -Infinity) || time > (filter.to?.getTime() ?? Infinity)) &&
    (caller === undefined || callersOf(event).includes(caller)) &&
    (operation === undefined || event.eventName === operation) &&
    (source === undefined || event.eventSource === source) &&
    (key === undefined || event.resources?.some(({ ARN }) => ARN === key) === true) &&
    (outcome === undefined || outcomesOf(event).includes(outcome)) &&
    (!changes || !event.readOnly) &&
    (requestId === undefined || event.requestID === requestId)
  );
}

function callersOf({ userIdentity }: Event): (string | undefined)[] {
  return [userIdentity?.arn, userIdentity?.sessionContext?.sessionIssuer?.arn, userIdentity?.accessKeyId];
}

function outcomesOf({ errorCode }: Event): string[] {
  return errorCode === undefined ? ['served'] : ['refused', errorCode];
}
