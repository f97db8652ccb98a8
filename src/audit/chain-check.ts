import { equal } from '../crypto/bytes.js';
import { type ChainEvent, readChainEvent } from './chain-events.js';
import type { SegmentChain } from './segments.js';
import { batchMac, BEGINNING, hashOf, type Head, headMac, timesOf, type Writer } from './chain.js';

/** The first fault of a chain. */
export interface Fault {
  kind: 'edited' | 'removed' | 'inserted' | 'end missing' | 'chain missing' | 'not signed';
  /** Sequence number of the event at which the fault shows; undefined for a fault of the chain's entry. */
  sequence?: number;
  what: string;
}

/** The result of checking a chain. */
export interface ChainReport {
  chain: number;
  /** The process that wrote the chain, if known. */
  writer?: Pick<Writer, 'host' | 'pid'>;
  /** True if its events are on a stream, so that only its entry in the database was checked. */
  isElsewhere?: boolean;
  /** Number of events checked, up to the fault if there is one. */
  events: number;
  /** Number of events that aren't in the table any more, because their days were exported. */
  exported?: number;
  /** Times of the first and the last event, as the events state them. */
  from?: string;
  to?: string;
  /** The head before the first event checked, of a chain that may begin anywhere. */
  begin?: Head;
  /** Head at the last event. Comparing it with an external copy reveals the restore of an older database. */
  head: Head;
  fault: Fault | undefined;
  /** Events at the beginning of the chain that report faults of the chain before it, or of the count of chains. */
  chainEvents: ChainEvent[];
}

/** A chain begins with at most two events about chains. */
const LAST_CHAIN_EVENT = 2;

/** The members that link an event to its chain. */
interface Linked {
  node: number;
  sequence: number;
  previous: string;
  eventTime: string;
}

/** Parses the links of an event; undefined for text that isn't an event. */
export function linkedEvent(line: string): Linked | undefined {
  try {
    const event = JSON.parse(line) as Partial<Linked> | null;
    const isLinked = Number.isSafeInteger(event?.node) && Number.isSafeInteger(event?.sequence);
    return isLinked && typeof event?.previous === 'string' ? (event as Linked) : undefined;
  } catch {
    return undefined;
  }
}

/** Follows one chain event by event, and stops at the first fault. */
export class ChainCheck {
  readonly #report: ChainReport;

  #mayBeginHere: boolean;

  /** @param isCopy true if the chain may start at any event, as in a rotated log file */
  constructor(chain: number, isCopy: boolean) {
    this.#report = { chain, events: 0, head: { sequence: 0, hash: BEGINNING }, fault: undefined, chainEvents: [] };
    this.#mayBeginHere = isCopy;
  }

  get report(): Readonly<ChainReport> {
    return this.#report;
  }

  /** Begins the chain after an event that was verified elsewhere. */
  beginAt(head: Head): void {
    this.#report.head = head;
  }

  /** Checks the next event, as stored. */
  event(line: string): void {
    if (this.#report.fault) return;
    const linked = linkedEvent(line);
    const { sequence, hash } = this.#before(linked);
    const expected = sequence + 1;
    if (!linked || linked.node !== this.#report.chain) {
      this.#fault('edited', expected, `event ${expected} is not an event of this chain`);
    } else if (linked.sequence > expected) {
      this.#fault('removed', expected, `${range(expected, linked.sequence - 1)} missing`);
    } else if (linked.sequence < expected) {
      this.#fault('inserted', linked.sequence, `event ${linked.sequence} appears again after event ${sequence}`);
    } else if (linked.previous !== hash) {
      const [at, what] =
        sequence === 0
          ? [1, 'event 1 does not begin a chain']
          : [sequence, `event ${expected} does not have the hash of event ${sequence}: one of them was edited`];
      this.#fault('edited', at, what);
    } else {
      this.#report.head = { sequence: expected, hash: hashOf(line) };
      this.#report.events += 1;
      this.#report.from ??= linked.eventTime;
      this.#report.to = linked.eventTime;
      const chainEvent = expected <= LAST_CHAIN_EVENT ? readChainEvent(linked) : undefined;
      if (chainEvent) this.#report.chainEvents.push(chainEvent);
    }
  }

  /** Checks a row of the table, which holds events that were written together. */
  batch({ first, count, events, mac, firstTime, lastTime }: Row, secret: Buffer): void {
    const { chain, head } = this.#report;
    if (this.#report.fault) return;
    if (!this.#mayBeginHere && first > head.sequence + 1)
      this.#fault('removed', head.sequence + 1, `${range(head.sequence + 1, first - 1)} missing`);
    if (!this.#mayBeginHere && first <= head.sequence)
      this.#fault('inserted', first, `the row that begins with event ${first} appears again`);
    const lines = events.split('\n');
    for (const line of lines) this.event(line);
    if (lines.length !== count)
      this.#fault(
        'edited',
        first,
        `the row that begins with event ${first} states ${count} events but contains ${lines.length}`,
      );
    if (!equal(batchMac(secret, chain, { first, head: this.#report.head }), mac))
      this.#fault(
        'edited',
        first,
        `${range(first, this.#report.head.sequence)} modified: the MAC of the row does not match`,
      );
    // The MAC doesn't cover the times, by which events of a period are found.
    const times = timesOf(lines);
    if (!isTime(firstTime, times.first) || !isTime(lastTime, times.last))
      this.#fault(
        'edited',
        first,
        `the row that begins with event ${first} states times that differ from those of its events`,
      );
  }

  /**
   * Continues after the events of a segment whose rows aren't in the table.
   *
   * @param name names the segment in a fault
   */
  skip({ first, head }: SegmentChain, name: string): void {
    const { sequence } = this.#report.head;
    if (!this.#mayBeginHere && first > sequence + 1)
      this.#fault('removed', sequence + 1, `${range(sequence + 1, first - 1)} missing before ${name}`);
    if (!this.#mayBeginHere && first <= sequence)
      this.#fault('inserted', first, `${range(first, sequence)} in the table and in ${name}, which ends later`);
    this.#mayBeginHere = false;
    if (this.#report.fault) return;
    this.#report.head = head;
    this.#report.exported = (this.#report.exported ?? 0) + head.sequence - first + 1;
  }

  /** Checks that the chain, after the rows of a day, is where the segment of that day ends it. */
  reaches(end: Head, name: string): void {
    const { sequence, hash } = this.#report.head;
    if (sequence < end.sequence)
      this.#fault('removed', sequence + 1, `${range(sequence + 1, end.sequence)} missing: ${name} has them`);
    if (sequence > end.sequence)
      this.#fault('inserted', end.sequence + 1, `${range(end.sequence + 1, sequence)} not in ${name}`);
    if (hash !== end.hash) this.#fault('edited', sequence, `event ${sequence} is not the one in ${name}`);
  }

  /** Records rows of a day whose segment doesn't have the chain. */
  isNotIn(name: string): void {
    const { sequence } = this.#report.head;
    this.#fault('inserted', sequence, `events up to ${sequence} are not in ${name}`);
  }

  /** Checks the recorded end of the chain. */
  end({ writer, head, mac }: { writer: Writer; head: Head; mac: Buffer }, secret: Buffer): void {
    this.#report.writer = writer;
    if (writer.kind === 'stream' && this.#report.events === 0) {
      this.#report.isElsewhere = true;
      this.#report.head = head;
    }
    const { sequence, hash } = this.#report.head;
    if (!equal(headMac(secret, writer, head), mac))
      this.#fault('edited', undefined, 'its entry in audit_chains was modified: the MAC does not match');
    if (head.sequence > sequence)
      this.#fault('end missing', sequence + 1, `${range(sequence + 1, head.sequence)} missing at its end`);
    if (head.sequence < sequence)
      this.#fault('inserted', head.sequence + 1, `${range(head.sequence + 1, sequence)} after its end`);
    if (head.hash !== hash)
      this.#fault(
        'edited',
        sequence,
        `event ${sequence}, the last one, was modified: its hash is not the recorded one`,
      );
  }

  /** Records that audit_chains has no entry for the chain. */
  missing(): void {
    this.#fault('chain missing', undefined, 'it has no entry in audit_chains');
  }

  #before(linked: Linked | undefined): Head {
    if (this.#mayBeginHere && linked) {
      this.#report.begin = { sequence: linked.sequence - 1, hash: linked.previous };
      this.#report.head = this.#report.begin;
    }
    this.#mayBeginHere = false;
    return this.#report.head;
  }

  /** Keeps the first fault: later ones are often its consequences. */
  #fault(kind: Fault['kind'], sequence: number | undefined, what: string): void {
    this.#report.fault ??= { kind, sequence, what };
  }
}

/** A row of the table audit_log. */
export interface Row {
  first: number;
  count: number;
  /** One event per line. */
  events: string;
  mac: Buffer;
  /** Times of the earliest and the latest event. */
  firstTime: Date | null;
  lastTime: Date | null;
}

function isTime(stated: Date | null, time: string | null): boolean {
  return stated === null || time === null ? stated === time : stated.getTime() === Date.parse(time);
}

function range(from: number, to: number): string {
  return from >= to ? `event ${from} is` : `events ${from} to ${to} are`;
}
