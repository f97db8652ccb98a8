import type { EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { type Home, ownEvent } from './audit-event.js';
import { type Head, hashOf, headMac, link, NO_EVENTS, opened, type Writer } from './chain.js';
import { beginChain, endChain } from './chain-set.js';
import { type Checkpoint, checkpointEvent, type CheckpointSigner, signed } from './checkpoint.js';

/** The destination of a stream's lines. */
export interface EventOutput {
  /** Prepares for the first line. @throws if lines can't be written */
  open?(chain: number, time: Date): Promise<void>;
  /**
   * Writes lines, and waits until they are stored.
   *
   * @throws if none of them was written
   */
  write(lines: string, chain: number, time: Date): Promise<void>;
  close?(): Promise<void>;
}

type CheckpointState = Checkpoint['serviceEventDetails']['state'];
type TablePosition = Checkpoint['serviceEventDetails']['table'];

interface Position {
  readonly writer: Writer;
  readonly head: Head;
}

export interface EventStreamOptions {
  secret: Buffer;
  clock: Clock;
  home: Home;
  signer: CheckpointSigner;
  output: EventOutput;
  /** Returns the head of the chain of this process in the table. */
  tableHead: () => TablePosition;
  /** Returns the number of events that were dropped because the stream's queue was full. */
  dropped: () => number;
}

/**
 * A stream of events outside the database: a chain of its own, which checkpoints sign. The database has its number and
 * its end, but not its events. See docs/adr/0052.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  #position?: Position;
  /** Number of dropped events that the stream has reported. */
  #reportedDrops = 0;
  #isCheckpointDue = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /**
   * Begins the chain under the next number. The transaction has begun another chain before, which reports the fault of
   * the row that counts the chains if there is one.
   */
  async begin(manager: EntityManager, process: Omit<Writer, 'chain' | 'kind'>): Promise<void> {
    const { writer } = await beginChain(manager, this.#options.secret, { ...process, kind: 'stream' });
    this.#position = { writer, head: NO_EVENTS };
  }

  /** Prepares the output. @throws if it can't be written to */
  async open(): Promise<void> {
    const { output, clock } = this.#options;
    await output.open?.(this.#here.writer.chain, clock.now());
  }

  /** Makes the next batch end with a checkpoint. */
  requestCheckpoint(): void {
    this.#isCheckpointDue = true;
  }

  /** Writes a batch. @param events without their closing braces */
  async write(events: readonly string[]): Promise<void> {
    await this.#append(events, this.#isCheckpointDue ? 'continues' : undefined);
  }

  /** Writes the last checkpoint and closes the output. */
  async end(): Promise<void> {
    const { output } = this.#options;
    await this.#append([], 'ends');
    await output.close?.();
  }

  /** Ends the chain in the database, so that audit_chain_set covers its head. */
  async keepEnd(manager: EntityManager): Promise<void> {
    const { secret } = this.#options;
    const { writer, head } = this.#here;
    await manager.query('UPDATE audit_chains SET sequence = $2, hash = $3, mac = $4 WHERE chain = $1 AND mac = $5', [
      writer.chain,
      head.sequence,
      head.hash,
      headMac(secret, writer, head),
      headMac(secret, writer, NO_EVENTS),
    ]);
    await endChain(manager, secret, writer);
  }

  async #append(events: readonly string[], checkpoint: CheckpointState | undefined): Promise<void> {
    const { output, clock, home, dropped } = this.#options;
    const { writer, head } = this.#here;
    const time = clock.now();
    // A stream begins with a checkpoint, so that its beginning is signed, too.
    const begins = head.sequence === 0 ? this.#checkpoint('begins', head, time) : undefined;
    const drops = dropped();
    const more = drops - this.#reportedDrops;
    const drop = more > 0 ? [opened(droppedEvent(home, more, time))] : [];
    const batch = link(writer.chain, begins?.head ?? head, [...drop, ...events]);
    const ends = checkpoint && this.#checkpoint(checkpoint, batch.head, time);
    const lines = [begins?.line ?? [], batch.lines, ends?.line ?? []].flat();
    if (lines.length === 0) return;
    await output.write(`${lines.join('\n')}\n`, writer.chain, time);
    this.#position = { writer, head: ends?.head ?? batch.head };
    this.#reportedDrops = drops;
    if (ends) this.#isCheckpointDue = false;
  }

  #checkpoint(state: CheckpointState, at: Head, time: Date): { line: string; head: Head } {
    const { home, signer, tableHead } = this.#options;
    const { chain, host, pid } = this.#here.writer;
    const details = { state, keyId: signer.keyId, host, pid, table: tableHead() };
    const { lines, head } = link(chain, at, [opened(checkpointEvent(home, details, time))]);
    const line = signed(lines.join(), signer);
    return { line, head: { sequence: head.sequence, hash: hashOf(line) } };
  }

  get #here(): Position {
    if (!this.#position) throw new Error('The stream of audit events is not open');
    return this.#position;
  }
}

/** Formats the event that reports the number of dropped events. */
function droppedEvent(home: Home, events: number, time: Date): string {
  return ownEvent({ ...home, source: 'keyblock', name: 'AuditEventsDropped', details: { events } }, time);
}
