import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DataDirectoryError } from '../../config/data-directory.js';

/** The account that PostgreSQL's processes run as, because PostgreSQL refuses to run as root. */
export interface Account {
  /** The user and group that own the database's files. Absent if they are this process's own. */
  readonly ids?: { readonly uid: number; readonly gid: number };
  /** A command that sets up the environment and runs the command that follows it. */
  readonly prefix: readonly string[];
}

/** The user `nobody` of Linux distributions, unless /etc/passwd has another number for it. */
const NOBODY = { uid: 65534, gid: 65534 };

/**
 * Chooses the user account for PostgreSQL. For an ordinary user, this is the user's own account. Root runs it as the
 * owner of the data, or as `nobody` for new data, if that user can reach the programs and the data directory; otherwise
 * in a user namespace that maps root to another user, so that the files stay root's.
 *
 * @param programs the program that is to run
 * @param folders  the data directory, which exists, by each path that leads to it
 * @param dataPath the database in it, which may not exist yet
 * @throws DataDirectoryError that suggests a remedy if neither is possible
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

/** True when every user may pass through the folders above a path, and above the targets of its symbolic links. */
function isReachable(path: string): boolean {
  return [path, realpathSync(path)].flatMap(foldersAbove).every((folder) => (statSync(folder).mode & 0o001) !== 0);
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}

/** Returns the command that enters a user namespace, or undefined if the system doesn't allow one. */
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
 * Returns the command that makes the kernel send SIGINT, PostgreSQL's fast shutdown, when the parent process ends.
 * Empty if the system has no such command: the next start then stops the orphan.
 */
export function endingWithParent(): string[] {
  const prefix = ['setpriv', '--pdeathsig', 'INT', '--'];
  return succeeds([...prefix, 'true']) ? prefix : [];
}

function succeeds([command = '', ...args]: string[], ids?: Account['ids']): boolean {
  return spawnSync(command, args, { ...ids, stdio: 'ignore' }).status === 0;
}

/**
 * Replaces the text of a file of the account, and keeps its owner. Doesn't follow a symbolic link, which the owner could have put
 * there to mislead root.
 */
export function overwrite(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}
