/**
 * Does work once for all who ask for it until it is done. Pages need no signature, so a client that sends a thousand requests
 * at once must not cause a thousand times the work.
 */
export function sharedWork<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= work().finally(() => (running = undefined)));
}
