import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { overwrite } from './account.js';

/** Returns the process id of a server that runs on the data, from its postmaster.pid, or undefined. */
export function orphanOf(databasePath: string): number | undefined {
  const [owner] = lockFile(databasePath);
  if (owner === undefined) return undefined;
  const pid = Number(owner);
  return isServerOf(pid, databasePath) ? pid : undefined;
}

/**
 * Writes the id of this process into the lock file that a killed server left. PostgreSQL ignores its own parent in that
 * file, but would mistake a process that isn't reaped yet, or another process with a reused id, for a running server.
 * The other lines stay: they tell PostgreSQL whether processes of the killed server still use its shared memory.
 */
export function disownLockFile(databasePath: string): void {
  const [owner, ...rest] = lockFile(databasePath);
  if (owner === undefined || isServerOf(Number(owner), databasePath)) return;
  overwrite(join(databasePath, 'postmaster.pid'), [process.pid, ...rest].join('\n'));
}

/** True if the process is a server on the data, and not another process with a reused id. */
function isServerOf(pid: number, databasePath: string): boolean {
  try {
    process.kill(pid, 0);
    // A server's working directory is its data; without /proc, its command line names the folder.
    return existsSync('/proc/self')
      ? readlinkSync(`/proc/${pid}/cwd`) === realpathSync(databasePath)
      : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(databasePath);
  } catch {
    return false;
  }
}

/** True if the server's lock file says that it accepts connections. */
export function isReady(databasePath: string, { pid }: ChildProcess): boolean {
  const [owner, , , , , , , status] = lockFile(databasePath);
  return owner === String(pid) && status === 'ready';
}

/** Returns the lines of postmaster.pid, none if it doesn't exist. */
function lockFile(databasePath: string): string[] {
  try {
    return readFileSync(join(databasePath, 'postmaster.pid'), 'utf8')
      .split('\n')
      .map((line) => line.trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
