import { z } from 'zod';
import { type Home, ownEvent } from './audit-event.js';

/**
 * The events at the beginning of a chain, which report faults of the previous chain or of the row that counts the
 * chains. The same schemas are used to write and to verify them.
 */

const Head = z.object({ sequence: z.number(), hash: z.string() });

const ChainBroken = z.object({
  eventName: z.literal('AuditChainBroken'),
  eventTime: z.string(),
  serviceEventDetails: z.object({
    /** The chain that its process couldn't continue. */
    chain: z.number(),
    /** Head of the chain in the database; null if the database doesn't have the chain. */
    found: Head.nullable(),
    /** Head of the chain as its process wrote it. */
    written: Head,
  }),
});
export type ChainBroken = z.infer<typeof ChainBroken>;

const ChainsUncounted = z.object({
  eventName: z.literal('AuditChainsUncounted'),
  eventTime: z.string(),
  serviceEventDetails: z.object({
    /** The row of audit_chain_set was missing, or its MAC didn't match. */
    fault: z.enum(['missing', 'modified']),
  }),
});
export type ChainsUncounted = z.infer<typeof ChainsUncounted>;

const ChainEvent = z.discriminatedUnion('eventName', [ChainBroken, ChainsUncounted]);
export type ChainEvent = z.infer<typeof ChainEvent>;

type Content =
  Pick<ChainBroken, 'eventName' | 'serviceEventDetails'> | Pick<ChainsUncounted, 'eventName' | 'serviceEventDetails'>;

export function chainEvent(home: Home, { eventName, serviceEventDetails }: Content, time: Date): string {
  return ownEvent({ ...home, source: 'keyblock', name: eventName, details: serviceEventDetails }, time);
}

/** Reads an event about chains. @returns undefined for any other event */
export function readChainEvent(event: unknown): ChainEvent | undefined {
  return ChainEvent.safeParse(event).data;
}

/** Describes an event about chains in words. @param reporter number of the chain that contains it */
export function describeChainEvent(event: ChainEvent, reporter: number): string {
  if (event.eventName === 'AuditChainsUncounted')
    return `chain ${reporter} began when the row that counts the chains was ${event.serviceEventDetails.fault} (${event.eventTime}): somebody changed it, or this was the first start of a version that has this row`;
  const { chain, found, written } = event.serviceEventDetails;
  const end = found ? `ends at ${found.sequence}` : 'is not in the database';
  return `chain ${chain} ${end}, but its process had written up to ${written.sequence} (${event.eventTime}): a failover or a restore lost the rest, or somebody removed it`;
}
