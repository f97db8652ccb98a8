import { equal } from '../crypto/bytes.js';
import { batchMac, BEGINNING, hashOf, type Head, headMac, type Writer } from './chain.js';

/** What is wrong with a chain, where it is first. */
export interface Fault {
  kind: 'edited' | 'removed' | 'inserted' | 'end missing' | 'chain missing';
  /** Of the event at which it shows; undefined where it is the chain's own entry. */
  sequence?: number;
  what: string;
}

/** What a check of a chain found. */
export interface ChainReport {
  chain: number;
  /** Who wrote it, where that is known. */
  writer?: Pick<Writer, 'host' | 'pid'>;
  /** Events that were looked at, up to the fault if there is one. */
  events: number;
  /** Times of the first and the last, as they say. */
  from?: string;
  to?: string;
  /** The last event: written down elsewhere, it shows whether an older copy was put back. */
  head: Head;
  fault: Fault | undefined;
}

/** The members of an event that link it. */
interface Linked {
  node: number;
  sequence: number;
  previous: string;
  eventTime: string;
}

/** An event's links, or undefined for what is none. */
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

  /** @param isCopy whether it may begin with any of its events, as a log file does that others went before */
  constructor(chain: number, isCopy: boolean) {
    this.#report = { chain, events: 0, head: { sequence: 0, hash: BEGINNING }, fault: undefined };
    this.#mayBeginHere = isCopy;
  }

  get report(): Readonly<ChainReport> {
    return this.#report;
  }

  /** The next event as it is kept. */
  event(line: string): void {
    if (this.#report.fault) return;
    const linked = linkedEvent(line);
    const { sequence, hash } = this.#before(linked);
    const expected = sequence + 1;
    if (!linked || linked.node !== this.#report.chain) {
      this.#fault('edited', expected, `event ${expected} is no event of this chain`);
    } else if (linked.sequence > expected) {
      this.#fault('removed', expected, `${range(expected, linked.sequence - 1)} missing`);
    } else if (linked.sequence < expected) {
      this.#fault('inserted', linked.sequence, `event ${linked.sequence} comes again after event ${sequence}`);
    } else if (linked.previous !== hash) {
      const [at, what] = sequence === 0 ? [1, 'event 1 begins no chain'] : [sequence, `event ${sequence} is not the one that event ${expected} was written after: one of them was edited`]; // prettier-ignore
      this.#fault('edited', at, what);
    } else {
      this.#report.head = { sequence: expected, hash: hashOf(line) };
      this.#report.events += 1;
      this.#report.from ??= linked.eventTime;
      this.#report.to = linked.eventTime;
    }
  }

  /** A row of the table, which has events that were written together. */
  batch({ first, count, events, mac }: Row, secret: Buffer): void {
    const { chain, head } = this.#report;
    if (this.#report.fault) return;
    if (first > head.sequence + 1)
      this.#fault('removed', head.sequence + 1, `${range(head.sequence + 1, first - 1)} missing`);
    if (first <= head.sequence) this.#fault('inserted', first, `a row of events from ${first} on comes again`);
    const lines = events.split('\n');
    for (const line of lines) this.event(line);
    if (lines.length !== count)
      this.#fault('edited', first, `the row of events from ${first} on says ${count} of them, and has ${lines.length}`);
    if (!equal(batchMac(secret, chain, { first, head: this.#report.head }), mac))
      this.#fault('edited', first, `${range(first, this.#report.head.sequence)} not as the service wrote: the MAC of their row is another`); // prettier-ignore
  }

  /** Where the chain is said to end. */
  end({ writer, head, mac }: { writer: Writer; head: Head; mac: Buffer }, secret: Buffer): void {
    this.#report.writer = writer;
    const { sequence, hash } = this.#report.head;
    if (!equal(headMac(secret, writer, head), mac))
      this.#fault('edited', undefined, 'its entry in audit_chains is not as the service wrote it');
    if (head.sequence > sequence)
      this.#fault('end missing', sequence + 1, `${range(sequence + 1, head.sequence)} missing at its end`);
    if (head.sequence < sequence)
      this.#fault('inserted', head.sequence + 1, `${range(head.sequence + 1, sequence)} after its end`);
    if (head.hash !== hash) this.#fault('edited', sequence, `event ${sequence}, the last, is not as it was written`);
  }

  /** The chain has no entry among the chains. */
  missing(): void {
    this.#fault('chain missing', undefined, 'it has no entry in audit_chains');
  }

  #before(linked: Linked | undefined): Head {
    if (this.#mayBeginHere && linked) this.#report.head = { sequence: linked.sequence - 1, hash: linked.previous };
    this.#mayBeginHere = false;
    return this.#report.head;
  }

  /** The first counts: what follows is often its consequence. */
  #fault(kind: Fault['kind'], sequence: number | undefined, what: string): void {
    this.#report.fault ??= { kind, sequence, what };
  }
}

/** A row of the table audit_log. */
export interface Row {
  first: number;
  count: number;
  /** One a line. */
  events: string;
  mac: Buffer;
}

function range(from: number, to: number): string {
  return from >= to ? `event ${from} is` : `events ${from} to ${to} are`;
}
