import type { Readable } from 'node:stream';
import { ChainCheck, type ChainReport, type Fault, linkedEvent } from './chain-check.js';
import { readCheckpoint, splitSigned } from './checkpoint.js';

/** Verifies the signatures of checkpoints. */
export interface CheckpointVerifier {
  /** True for a key that is trusted. */
  has(keyId: string): boolean;
  verifies(keyId: string, data: Buffer, signature: Buffer): boolean;
}

/** A copy of a stream, or a part of one. */
export interface Copy {
  name: string;
  content: Readable;
}

/** The result of checking a chain of a copy. */
export interface StreamReport extends ChainReport {
  /** True if the copy has the first and the last line of the stream. */
  begins: boolean;
  ends: boolean;
  /** The last checkpoint whose signature was verified, if a public key was given. */
  signed?: { sequence: number; time: string };
  /** Head of the chain in the table that the last checkpoint states. */
  table?: { chain: number; sequence: number; hash: string };
}

/** The result of checking copies. */
export interface CopyReport {
  /** In the order in which the chains first occur in the copies. */
  chains: StreamReport[];
  /** Copies that end within a line, with the number of characters of it. */
  incomplete: { name: string; characters: number }[];
}

/** Follows one chain of a copy, and stops at the first fault. */
class StreamCheck {
  readonly #chain: ChainCheck;
  readonly #verifier?: CheckpointVerifier;
  readonly #facts: Pick<StreamReport, 'begins' | 'ends' | 'signed' | 'table' | 'writer'> = {
    begins: false,
    ends: false,
  };
  #fault?: Fault;

  constructor(chain: number, verifier?: CheckpointVerifier) {
    this.#chain = new ChainCheck(chain, true);
    this.#verifier = verifier;
  }

  get report(): StreamReport {
    return { ...this.#chain.report, ...this.#facts, fault: this.#chain.report.fault ?? this.#fault };
  }

  event(line: string): void {
    if (this.report.fault) return;
    this.#chain.event(line);
    const { fault, head } = this.#chain.report;
    if (fault) return;
    const { sequence } = head;
    if (this.#facts.ends)
      this.#fault = { kind: 'inserted', sequence, what: `event ${sequence} follows the last line of the stream` };
    else this.#checkpoint(line, sequence);
  }

  /** Records the end of all copies. */
  end(): void {
    const { sequence } = this.#chain.report.head;
    if (this.#verifier && !this.#facts.signed)
      this.#fault ??= { kind: 'not signed', sequence, what: 'it has no checkpoint, so no part of it is signed' };
  }

  #checkpoint(line: string, sequence: number): void {
    if (!line.includes('"eventName":"AuditCheckpoint"')) return;
    const checkpoint = readCheckpoint(JSON.parse(line));
    if (!checkpoint) return;
    const { state, keyId, host, pid, table } = checkpoint.serviceEventDetails;
    const what = this.#signatureFault(line, keyId);
    if (what !== undefined) {
      this.#fault = { kind: 'not signed', sequence, what: `checkpoint ${sequence} ${what}` };
      return;
    }
    this.#facts.writer = { host, pid };
    this.#facts.table = table;
    if (state === 'begins') this.#facts.begins = true;
    if (state === 'ends') this.#facts.ends = true;
    if (this.#verifier) this.#facts.signed = { sequence, time: checkpoint.eventTime };
  }

  #signatureFault(line: string, keyId: string): string | undefined {
    const verifier = this.#verifier;
    const split = splitSigned(line);
    if (!split) return 'has no signature';
    if (!verifier) return undefined;
    if (!verifier.has(keyId)) return `names the key ${keyId}, which is not one of the given keys`;
    if (verifier.verifies(keyId, split.text, split.signature)) return undefined;
    return 'does not have a valid signature: it was forged, or it or an event before it was modified';
  }
}

/**
 * Checks the chains of streams in copies, which may contain other lines and start and end anywhere. Without a verifier,
 * the check finds edits, removals and insertions between the events only. With a verifier, it also finds chains that
 * were recomputed or forged, up to the last checkpoint.
 *
 * @param copies in the order in which they were written
 */
export async function verifyCopies(copies: Iterable<Copy>, verifier?: CheckpointVerifier): Promise<CopyReport> {
  const checks = new Map<number, StreamCheck>();
  const incomplete: CopyReport['incomplete'] = [];
  for (const { name, content } of copies)
    for await (const { line, isWhole } of linesOf(content)) {
      // A line without its line end may be complete, or a part of a longer one.
      if (!isWhole) incomplete.push({ name, characters: line.length });
      const linked = isWhole ? linkedEvent(line) : undefined;
      if (!linked) continue;
      const check = checks.get(linked.node) ?? new StreamCheck(linked.node, verifier);
      checks.set(linked.node, check);
      check.event(line);
    }
  const all = [...checks.values()];
  for (const check of all) check.end();
  return { chains: all.map(({ report }) => report), incomplete };
}

async function* linesOf(content: Readable): AsyncGenerator<{ line: string; isWhole: boolean }> {
  let rest = '';
  for await (const chunk of content.setEncoding('utf8')) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield { line: line.endsWith('\r') ? line.slice(0, -1) : line, isWhole: true };
  }
  if (rest !== '') yield { line: rest, isWhole: false };
}
