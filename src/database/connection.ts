import type pg from 'pg';

/** Time limit of connecting, of a query, and of ending a connection. */
export const TIMEOUT_MS = 10_000;

/**
 * Ends connections. At the time limit, cuts those that are still open because the server doesn't answer.
 *
 * @param clients the connections, read at the time limit
 * @param end     asks the server to end the connections, and returns once they are closed
 */
export async function endInTime(clients: Iterable<pg.Client>, end: () => Promise<void>): Promise<void> {
  const cutting = setTimeout(() => cut(clients), TIMEOUT_MS);
  try {
    await end();
  } finally {
    clearTimeout(cutting);
  }
}

/** Closes connections without notifying the server. */
export function cut(clients: Iterable<pg.Client>): void {
  for (const { connection } of clients) connection.stream.destroy();
}
