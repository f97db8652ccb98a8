import { z } from 'zod';
import { type Home, ownEvent } from './audit-event.js';

/** Signs the checkpoints of a deployment. */
export interface CheckpointSigner {
  /** Identifies the key. */
  readonly keyId: string;
  /** @returns an Ed25519 signature, 64 bytes */
  sign(data: Buffer): Buffer;
}

const Position = z.object({ chain: z.number(), sequence: z.number(), hash: z.string() });

/**
 * An event that signs a stream up to itself: its link states the chain, the sequence number and the hash of the event
 * before it. It is the first and the last event of a stream, and recurs every ten seconds.
 */
const Checkpoint = z.object({
  eventName: z.literal('AuditCheckpoint'),
  eventTime: z.string(),
  serviceEventDetails: z.object({
    state: z.enum(['begins', 'continues', 'ends']),
    keyId: z.string(),
    host: z.string(),
    pid: z.number(),
    /** Head of the chain of this process in the table: if it is missing later, an older database was restored. */
    table: Position,
  }),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** Formats a checkpoint, as yet without links and signature. */
export function checkpointEvent(home: Home, details: Checkpoint['serviceEventDetails'], time: Date): string {
  return ownEvent({ ...home, source: 'keyblock', name: 'AuditCheckpoint', details }, time);
}

/** Adds the signature to a checkpoint that has its links. The signature covers the line without it. */
export function signed(line: string, signer: CheckpointSigner): string {
  return `${line.slice(0, -1)},"signature":"${signer.sign(Buffer.from(line)).toString('base64')}"}`;
}

const SIGNATURE = /,"signature":"([A-Za-z0-9+/]{86}==)"\}$/;

/** Splits a signed line into the signed text and the signature. @returns undefined for a line without a signature */
export function splitSigned(line: string): { text: Buffer; signature: Buffer } | undefined {
  const found = SIGNATURE.exec(line);
  if (!found?.[1]) return undefined;
  return { text: Buffer.from(`${line.slice(0, found.index)}}`), signature: Buffer.from(found[1], 'base64') };
}

/** Reads a checkpoint. @returns undefined for any other event */
export function readCheckpoint(event: unknown): Checkpoint | undefined {
  return Checkpoint.safeParse(event).data;
}
