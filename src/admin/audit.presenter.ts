import { epochSeconds } from '../http/fields.js';
import type { AuditVerificationOutput } from './audit.schema.js';
import type { Verification, VerifiedChain } from './chain-verification.js';

/** Presents a verification of the audit chains. */
export function presentVerification(verification: Verification): AuditVerificationOutput {
  const { state, started, ended, startedBy, chains, faulty, events, fault, reports } = verification;
  return {
    State: state,
    Started: secondsOf(started),
    Ended: secondsOf(ended),
    StartedBy: startedBy,
    ChainCount: chains,
    FaultyCount: faulty,
    EventCount: events,
    Fault: fault,
    Chains: reports?.map(presentChain),
  };
}

/** Presents the report of a chain. */
export function presentChain({ chain, writer, isElsewhere, events, from, to, head, fault }: VerifiedChain) {
  return {
    Chain: chain,
    Host: writer?.host,
    Pid: writer?.pid,
    Elsewhere: isElsewhere,
    Events: events,
    From: secondsOf(from),
    To: secondsOf(to),
    Head: { Sequence: head.sequence, Hash: head.hash },
    Fault: fault && { Kind: fault.kind, Sequence: fault.sequence, What: fault.what },
  };
}

function secondsOf(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : epochSeconds(new Date(iso));
}
