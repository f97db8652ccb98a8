import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DataDirectoryError } from '../../config/data-directory.js';

/** PostgreSQL refuses to run as root; how its processes are started instead. */
export interface Account {
  /** The user and group that own the database's files. Absent where they are this process's own. */
  readonly ids?: { readonly uid: number; readonly gid: number };
  /** The command that runs another command, given after it, in the right surroundings. */
  readonly prefix: readonly string[];
}

/** The user of last resort that every Linux distribution has, where /etc/passwd does not say otherwise. */
const NOBODY = { uid: 65534, gid: 65534 };

/**
 * Decides as whom PostgreSQL runs: an ordinary user as itself; root as the owner of the data or, for new data, as `nobody`
 * where that user can reach the programs and the data directory, and otherwise in a user namespace in which root has
 * another number and the files stay root's.
 *
 * @param programs the program that is to run
 * @param folders  the data directory, by the paths that it is reached by; it exists
 * @param dataPath the database in it, which may not exist yet
 * @throws DataDirectoryError that says what to do, where neither is possible
 */
export function accountFor(programs: string, folders: readonly string[], dataPath: string): Account {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const owner = ownerOf(dataPath);
  const ids = owner ?? nobody();
  if (ids.uid !== 0 && [programs, ...folders].every(isReachable) && succeeds(['true'], ids)) return { ids, prefix: [] };
  if (owner === undefined || owner.uid === 0) {
    const namespace = userNamespace();
    if (namespace) return { prefix: namespace };
  }
  throw new DataDirectoryError(
    `PostgreSQL does not run as root, and ${whyNot([programs, ...folders], owner)}. Start Keyblock as an ordinary user, ` +
      'move it and KEYBLOCK_DATA_DIR to a folder that other users may enter, or set DATABASE_URL.',
  );
}

function ownerOf(path: string): { uid: number; gid: number } | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { uid: found.uid, gid: found.gid };
}

function nobody(): { uid: number; gid: number } {
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return uid === undefined || gid === undefined ? NOBODY : { uid: Number(uid), gid: Number(gid) };
}

/** True when every user may pass through the folders above a path, and above what it leads to by symbolic links. */
function isReachable(path: string): boolean {
  return [path, realpathSync(path)].flatMap(foldersAbove).every((folder) => (statSync(folder).mode & 0o001) !== 0);
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}

/** The command that enters a user namespace, or undefined where the system does not allow one. */
function userNamespace(): string[] | undefined {
  const { uid, gid } = nobody();
  const prefix = ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
  return succeeds([...prefix, 'true']) ? prefix : undefined;
}

function whyNot(paths: readonly string[], owner: { uid: number } | undefined): string {
  const places = [...new Set(paths)].join(' or ');
  if (owner !== undefined && owner.uid !== 0) return `the owner of its files cannot reach ${places}`;
  return `no other user can reach ${places}, and user namespaces are not allowed here`;
}

/**
 * The command that has the system end a process when its parent is gone, with a fast shutdown of PostgreSQL (SIGINT).
 * Empty where the system has no such command: the next start then finds the orphan.
 */
export function endingWithParent(): string[] {
  const prefix = ['setpriv', '--pdeathsig', 'INT', '--'];
  return succeeds([...prefix, 'true']) ? prefix : [];
}

function succeeds([command = '', ...args]: string[], ids?: Account['ids']): boolean {
  return spawnSync(command, args, { ...ids, stdio: 'ignore' }).status === 0;
}
