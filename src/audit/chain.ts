import { hash } from 'node:crypto';
import { hmac } from '../crypto/hmac.js';

/** What the first event of a chain follows. */
export const BEGINNING = '0'.repeat(64);

/** A place in a chain: how many events are before it, and the hash of the last of them. */
export interface Head {
  readonly sequence: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** Events as they are kept: those of one write, linked to each other and to those before. */
export interface Batch {
  /** Sequence number of the first. */
  readonly first: number;
  /** One JSON object each, without newlines in it. */
  readonly lines: readonly string[];
  /** The chain's head with these. */
  readonly head: Head;
}

/** Who wrote a chain; it is part of what the head's MAC covers. */
export interface Writer {
  /** Number of the chain, from 1. */
  readonly chain: number;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: Date;
}

/**
 * Links events to a chain: each is told its node, its sequence number from 1 and the SHA-256 of the one before it.
 *
 * @param events open, see `opened`
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
 * An event as it waits for its link: without the closing brace. It is in one piece, too: V8 would leave a string that is put
 * together in its many pieces until it is read, and to keep those costs more than all else.
 *
 * @param event a JSON object
 */
export function opened(event: string): string {
  return event.slice(0, -1);
}

/** SHA-256 of an event as it is kept, in hexadecimal digits. */
export function hashOf(line: string): string {
  return hash('sha256', line, 'hex');
}

/**
 * HMAC-SHA-256 of a batch. The hash of its last event stands for all of its events, and for those before it.
 *
 * @param secret the deployment's, 32 bytes
 */
export function batchMac(secret: Buffer, chain: number, { first, head }: Pick<Batch, 'first' | 'head'>): Buffer {
  return mac(secret, ['batch', chain, first, head.sequence, head.hash]);
}

/** HMAC-SHA-256 of where a chain ends, and of whose it is. @param secret the deployment's, 32 bytes */
export function headMac(secret: Buffer, { chain, host, pid, startedAt }: Writer, head: Head): Buffer {
  return mac(secret, ['head', chain, host, pid, startedAt.toISOString(), head.sequence, head.hash]);
}

/** Of a JSON array, in which no value can pass for two. */
function mac(secret: Buffer, values: readonly (string | number)[]): Buffer {
  return hmac('SHA256', secret, Buffer.from(JSON.stringify(values)));
}
