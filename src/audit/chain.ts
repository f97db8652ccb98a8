import { hash } from 'node:crypto';
import { hmac } from '../crypto/hmac.js';

/** Hash that precedes the first event of a chain. */
export const BEGINNING = '0'.repeat(64);

/** A position in a chain: the number of events up to it, and the hash of the last of them. */
export interface Head {
  readonly sequence: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** Head of a chain without events. */
export const NO_EVENTS: Head = { sequence: 0, hash: BEGINNING };

/** The events of one write, as stored: linked to each other and to the events before them. */
export interface Batch {
  /** Sequence number of the first event. */
  readonly first: number;
  /** One JSON object per event, without newlines. */
  readonly lines: readonly string[];
  /** Head of the chain after this batch. */
  readonly head: Head;
}

/** The process that wrote a chain; the head's MAC covers it. */
export interface Writer {
  /** Number of the chain, from 1. */
  readonly chain: number;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: Date;
  readonly kind: ChainKind;
}

/** Location of a chain's events: the table audit_log, or a stream of lines. */
export type ChainKind = 'table' | 'stream';

/**
 * Links events to a chain: appends to each its node, its sequence number from 1 and the SHA-256 of the event before it.
 *
 * @param events without their closing braces, see `opened`
 */
export function link(chain: number, { sequence, hash: last }: Head, events: readonly string[]): Batch {
  let previous = last;
  const lines = events.map((event, i) => {
    const line = `${event},"node":${chain},"sequence":${sequence + 1 + i},"previous":"${previous}"}`;
    previous = hashOf(line);
    return line;
  });
  return { first: sequence + 1, lines, head: { sequence: sequence + lines.length, hash: previous } };
}

/**
 * Removes the closing brace, so that links can be appended. This also flattens the string: V8 keeps a concatenated
 * string in its pieces until it is read, and a queue of such strings would cost more memory and time than everything
 * else here.
 *
 * @param event a JSON object
 */
export function opened(event: string): string {
  return event.slice(0, -1);
}

/** Removes the links from an event, so that it can be linked to another chain. @returns the event without its closing brace */
export function unlinked(line: string): string {
  return line.slice(0, line.lastIndexOf(',"node":'));
}

const CATEGORY = '"eventCategory":';

/** True for an event of the data plane. @param event with or without its closing brace and its links */
export function isDataEvent(event: string): boolean {
  // Only tlsDetails and the links follow the category. An earlier member of this name may come from a caller.
  return event.startsWith('"Data"', event.lastIndexOf(CATEGORY) + CATEGORY.length);
}

const EVENT_TIME = /"eventTime":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"/;

/** The earliest and the latest time of events in any order; null if no event has one. */
export function timesOf(events: readonly string[]): { first: string | null; last: string | null } {
  let first: string | null = null;
  let last: string | null = null;
  for (const event of events) {
    // The text of a caller can't contain this member, because quotes in it are escaped.
    const [, time] = EVENT_TIME.exec(event) ?? [];
    if (time === undefined) continue;
    // In this format, text sorts like time.
    if (first === null || time < first) first = time;
    if (last === null || time > last) last = time;
  }
  return { first, last };
}

/** SHA-256 of an event as stored, or of other text or bytes, in hexadecimal digits. */
export function hashOf(line: string | Buffer): string {
  return hash('sha256', line, 'hex');
}

/**
 * HMAC-SHA-256 of a batch. It covers the hash of the last event, and thereby all events up to there.
 *
 * @param secret shared by the deployment, 32 bytes
 */
export function batchMac(secret: Buffer, chain: number, { first, head }: Pick<Batch, 'first' | 'head'>): Buffer {
  return mac(secret, ['batch', chain, first, head.sequence, head.hash]);
}

/** HMAC-SHA-256 of the head of a chain and of its writer. @param secret shared by the deployment, 32 bytes */
export function headMac(secret: Buffer, { chain, host, pid, startedAt, kind }: Writer, head: Head): Buffer {
  const label = kind === 'table' ? 'head' : 'stream head';
  return mac(secret, [label, chain, host, pid, startedAt.toISOString(), head.sequence, head.hash]);
}

/** HMAC-SHA-256 of the facts about all chains. @param secret shared by the deployment, 32 bytes */
export function setMac(
  secret: Buffer,
  { chains, ended, hash }: { chains: number; ended: number; hash: string },
): Buffer {
  return mac(secret, ['chains', chains, ended, hash]);
}

/** HMAC-SHA-256 of the stored result of a verification. @param secret shared by the deployment, 32 bytes */
export function verificationMac(secret: Buffer, values: readonly string[]): Buffer {
  return mac(secret, ['verification', ...values]);
}

/**
 * HMAC-SHA-256 of the row of a segment. It covers the previous row, and thereby all rows before that.
 *
 * @param before MAC of the previous row; empty for the first
 */
export function segmentMac(secret: Buffer, before: Buffer, values: readonly (string | number)[]): Buffer {
  return mac(secret, ['segment', before.toString('hex'), ...values]);
}

/** HMAC-SHA-256 of the pruning of a segment. @param segment MAC of the segment's row */
export function pruneMac(secret: Buffer, segment: Buffer, at: Date, by: string): Buffer {
  return mac(secret, ['pruned', segment.toString('hex'), at.toISOString(), by]);
}

/** HMAC-SHA-256 of the number of segments. @param last MAC of the last segment's row */
export function segmentSetMac(secret: Buffer, segments: number, last: Buffer): Buffer {
  return mac(secret, ['segments', segments, last.toString('hex')]);
}

/** HMAC-SHA-256 of the manifest of a backup. @param secret shared by the deployment, 32 bytes */
export function backupMac(secret: Buffer, manifest: string): Buffer {
  return mac(secret, ['backup', manifest]);
}

/**
 * Returns the id of a deployment, which is the same under every master key and reveals nothing of the secret.
 *
 * @param secret shared by the deployment, 32 bytes
 * @returns 32 hexadecimal digits
 */
export function deploymentId(secret: Buffer): string {
  return mac(secret, ['deployment']).toString('hex', 0, 16);
}

/** Extends the hash over the heads of ended chains by one more. @returns 64 hexadecimal digits */
export function endedHash(before: string, chain: number, { sequence, hash }: Head): string {
  return hashOf(JSON.stringify([before, chain, sequence, hash]));
}

/** The values are encoded as a JSON array, so that no two lists of values have the same encoding. */
function mac(secret: Buffer, values: readonly (string | number)[]): Buffer {
  return hmac('SHA256', secret, Buffer.from(JSON.stringify(values)));
}
