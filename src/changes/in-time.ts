/** Time limit for a read from the database during a call. */
const READ_MS = 2000;

/** Thrown if the database doesn't answer in time; its code is the system's for a connection that timed out. */
class LateDatabaseError extends Error {
  override readonly name = 'LateDatabaseError';
  readonly code = 'ETIMEDOUT';
  constructor() {
    super(`The database did not answer within ${READ_MS / 1000} s`);
  }
}

/** Waits for a read from the database, up to a time limit. A late read isn't cancelled. @throws LateDatabaseError */
export async function inTime<T>(reading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateDatabaseError()), READ_MS);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}
