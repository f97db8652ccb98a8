/** Time for which a key is Creating after ReplicateKey, and Updating after UpdatePrimaryRegion. AWS takes longer. */
const TRANSIENT_MS = 1000;

/** Returns the end of a transient state. */
export function endOfTransientState(now: Date): Date {
  return new Date(now.getTime() + TRANSIENT_MS);
}
