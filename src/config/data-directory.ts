import { randomBytes, randomInt } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RootCredentials } from './config.js';
import { makeFolders } from '../make-folders.js';
import { KeyFileError, readKeyFile } from './key-file.js';

/** Time limit for the process that holds a folder to identify itself. */
const ANSWER_MS = 2000;
/** Age at which a takeover counts as abandoned: more than the longest time that taking the folder needs. */
const TAKEOVER_MS = 2 * ANSWER_MS;
const POLL_MS = 50;

/** Longest path of a socket in bytes: macOS's limit, the lowest of the supported systems. */
const MAX_SOCKET_PATH = 103;
/** Suffix of the name that a process gives itself while it runs a command. */
const RUNS_COMMAND = ', which runs a command';
/** The longest path of a socket in a data directory: that of PostgreSQL's socket. */
const LONGEST_SOCKET = join('run', '.s.PGSQL.5432');

/** Thrown if the data directory, or the database in it, can't be used. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** The role of a process that holds the data directory: it serves until it is stopped, or runs one command. */
export type Holder = 'service' | 'command';

/** Thrown if another process holds the data directory. */
export class DataDirectoryInUseError extends DataDirectoryError {
  /** True if that process only runs a command. */
  readonly isByCommand: boolean;

  /** @param owner the name that the process gives itself */
  constructor(directory: string, owner: string) {
    super(`${directory} is in use by ${owner}`);
    this.isByCommand = owner.endsWith(RUNS_COMMAND);
  }
}

/**
 * The folder of an embedded deployment, with the database and its generated master key and root credentials.
 *
 * One process holds the folder and runs the database. It listens on a socket in the folder, which is a lock: unlike a
 * file with a process id, the lock is free as soon as the process is gone, however it ended, and works across
 * containers that share the folder. Other processes may join: they connect to the same database. See docs/adr/0006.
 */
export class DataDirectory {
  readonly databasePath: string;
  /** The folder of PostgreSQL's socket, with a path that is short enough for sockets. */
  readonly runPath: string;
  /** URL of the database, like DATABASE_URL. */
  readonly databaseUrl: string;
  readonly credentialsPath: string;
  readonly #masterKeyPath: string;
  readonly #nextMasterKeyPath: string;

  private constructor(
    readonly path: string,
    private readonly alias: ShortAlias,
    private readonly lock?: Server,
  ) {
    this.databasePath = join(path, 'postgres');
    this.runPath = join(alias.path, 'run');
    this.databaseUrl = `postgresql://keyblock@${encodeURIComponent(this.runPath)}/keyblock`;
    this.credentialsPath = join(path, 'credentials');
    this.#masterKeyPath = join(path, 'master-key');
    this.#nextMasterKeyPath = join(path, 'master-key.next');
  }

  /**
   * Takes the folder for this process, and creates it if necessary.
   *
   * @throws DataDirectoryInUseError that names the process that holds it
   * @throws DataDirectoryError if it can't be created or written
   */
  static async hold(path: string, holder: Holder): Promise<DataDirectory> {
    try {
      makeFolders(path);
    } catch (error) {
      throw new DataDirectoryError(`KEYBLOCK_DATA_DIR cannot be used: ${(error as Error).message}`);
    }
    const alias = shortAlias(path);
    try {
      return new DataDirectory(path, alias, await takeLock(path, alias.path, holder));
    } catch (error) {
      alias.remove();
      throw error;
    }
  }

  /**
   * Joins the process that holds the folder, to use its database. The joining process must stop before the holder does.
   */
  static join(path: string): DataDirectory {
    return new DataDirectory(path, shortAlias(path));
  }

  /**
   * Generates a master key unless the folder has one.
   *
   * @throws DataDirectoryError if there is a database without its master key
   */
  makeMasterKey(): void {
    if (existsSync(this.#masterKeyPath)) return;
    if (existsSync(this.databasePath))
      throw new DataDirectoryError(
        `${this.#masterKeyPath} is missing, but there is a database sealed under it. ` +
          'Restore the file or set KEYBLOCK_MASTER_KEY.',
      );
    writeSecret(this.#masterKeyPath, `${randomBytes(32).toString('hex')}\n`);
  }

  /** Reads the master key: 32 bytes, the caller's to zeroize. */
  masterKey(): Buffer {
    return readMasterKey(this.#masterKeyPath);
  }

  /** Reads the master key of a rotation that has not replaced the key file yet; undefined if there is none. */
  nextMasterKey(): Buffer | undefined {
    return existsSync(this.#nextMasterKeyPath) ? readMasterKey(this.#nextMasterKeyPath) : undefined;
  }

  /**
   * Writes the next master key beside the current one: with both, the store opens at any stage of a rotation.
   *
   * @param key 32 bytes
   */
  writeNextMasterKey(key: Buffer): void {
    writeSecret(this.#nextMasterKeyPath, `${key.toString('hex')}\n`);
  }

  removeNextMasterKey(): void {
    rmSync(this.#nextMasterKeyPath, { force: true });
  }

  /** Replaces the master key with the next one, and removes the file of the next one. @param key 32 bytes */
  replaceMasterKey(key: Buffer): void {
    writeSecret(this.#masterKeyPath, `${key.toString('hex')}\n`);
    this.removeNextMasterKey();
  }

  /**
   * Reads the root credentials from an AWS shared credentials file, which any AWS client can use; generates the file
   * the first time.
   *
   * @param region written to a new file, so that clients need no other settings
   */
  rootCredentials(region: string): RootCredentials {
    if (!existsSync(this.credentialsPath)) {
      writeSecret(
        this.credentialsPath,
        [
          '[default]',
          `aws_access_key_id = AKIA${randomText('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`,
          `aws_secret_access_key = ${randomBytes(30).toString('base64')}`,
          `region = ${region}`,
          '',
        ].join('\n'),
      );
    }
    const text = readFileSync(this.credentialsPath, 'utf8');
    const accessKeyId = /^\s*aws_access_key_id\s*=\s*(\S+)\s*$/m.exec(text)?.[1];
    const secretAccessKey = /^\s*aws_secret_access_key\s*=\s*(\S+)\s*$/m.exec(text)?.[1];
    if (accessKeyId === undefined || secretAccessKey === undefined)
      throw new DataDirectoryError(
        `${this.credentialsPath} must have lines aws_access_key_id = … and aws_secret_access_key = …`,
      );
    return { accessKeyId, secretAccessKey };
  }

  /** Releases the folder if this process holds it. */
  async close(): Promise<void> {
    const { lock } = this;
    if (lock) await new Promise((resolve) => lock.close(resolve));
    this.alias.remove();
  }
}

/** A path that leads to a folder and is short enough for the sockets in it. */
interface ShortAlias {
  path: string;
  remove: () => void;
}

/**
 * Returns the folder itself or, if its path is too long for a socket or contains a character with which PostgreSQL or
 * the dynamic linker separates folders in a list, a symbolic link to it in the system's temporary folder.
 */
function shortAlias(folder: string): ShortAlias {
  if (isUsable(folder)) return { path: folder, remove: () => undefined };
  let parent: string;
  try {
    parent = mkdtempSync(join(tmpdir(), 'keyblock-'));
  } catch (error) {
    throw new DataDirectoryError(`${folder} needs a link with a short path: ${(error as Error).message}`);
  }
  const remove = () => rmSync(parent, { recursive: true, force: true });
  // PostgreSQL may run as another user, who needs to reach the link and nothing else.
  chmodSync(parent, 0o711);
  const path = join(parent, 'data');
  symlinkSync(folder, path);
  if (isUsable(path)) return { path, remove };
  remove();
  throw new DataDirectoryError(
    `The path of a socket in ${folder} is too long, and so is one in ${tmpdir()}. Move KEYBLOCK_DATA_DIR, or set TMPDIR to a shorter path.`,
  );
}

function isUsable(folder: string): boolean {
  return Buffer.byteLength(join(folder, LONGEST_SOCKET)) <= MAX_SOCKET_PATH && !/[,:;]/.test(folder);
}

/** Listens on the folder's socket. Replaces a socket without a listener, which a killed process has left. */
async function takeLock(directory: string, alias: string, holder: Holder): Promise<Server> {
  const path = join(alias, 'lock.sock');
  const takeover = join(directory, 'lock.takeover');
  const name = `process ${process.pid}${holder === 'command' ? RUNS_COMMAND : ''}`;
  let seen = { id: '', since: 0 };
  for (;;) {
    const first = await listen(path, name);
    if (first) return first;
    const owner = await ownerOf(path);
    if (owner !== undefined) throw new DataDirectoryInUseError(directory, owner);
    if (makeFolder(takeover)) break;
    // Another process is taking the folder, or was killed while doing so. In the latter case, its takeover doesn't
    // change.
    const id = identityOf(takeover);
    if (id !== seen.id) seen = { id, since: performance.now() };
    else if (performance.now() - seen.since > TAKEOVER_MS) discard(takeover, id);
    await pause(POLL_MS);
  }
  try {
    // Check again, now that no other process may remove the socket.
    const late = await ownerOf(path);
    if (late !== undefined) throw new DataDirectoryInUseError(directory, late);
    rmSync(path, { force: true });
    const second = await listen(path, name);
    if (!second) throw new DataDirectoryInUseError(directory, 'another process');
    return second;
  } finally {
    rmdirSync(takeover);
  }
}

/** Creates a folder. @returns false if it exists */
function makeFolder(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new DataDirectoryError(`KEYBLOCK_DATA_DIR cannot be used: ${message}`);
  }
}

/**
 * Returns text that identifies the folder at a path and differs for any later folder at the same path; empty if there
 * is no folder.
 */
function identityOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.ino} ${found.mtimeNs}` : '';
}

/** Removes an abandoned takeover, unless another process has done so and begun its own meanwhile. */
function discard(takeover: string, id: string): void {
  const aside = `${takeover}.${process.pid}`;
  try {
    renameSync(takeover, aside);
  } catch {
    return; // another process was first
  }
  if (identityOf(aside) === id) rmdirSync(aside);
  else renameSync(aside, takeover);
}

/** Returns a server that tells clients the name of this process, or undefined if the socket exists. */
function listen(path: string, name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined); // 'close' follows
      socket.end(name);
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new DataDirectoryError(`${path} cannot be a socket: ${error.message}`));
    });
    server.listen(path, () => {
      chmodSync(path, 0o600);
      giveToOwner(path);
      server.unref();
      resolve(server);
    });
  });
}

/** Asks the process that listens on the socket for its name; undefined if none listens. */
function ownerOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const unanswered = 'a process that does not answer';
    const socket = connect(path);
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.once('end', () => resolve(text || unanswered));
    // A busy process may not accept in time; only a refused connection means that it is gone.
    socket.once('error', ({ code = '' }: NodeJS.ErrnoException) =>
      resolve(['ECONNREFUSED', 'ENOENT'].includes(code) ? undefined : unanswered),
    );
    socket.setTimeout(ANSWER_MS, () => {
      socket.destroy();
      resolve(unanswered);
    });
  });
}

function readMasterKey(path: string): Buffer {
  try {
    return readKeyFile(path);
  } catch (error) {
    throw error instanceof KeyFileError ? new DataDirectoryError(`${path} ${error.message}`) : error;
  }
}

/** Writes a file atomically, readable by its owner only. */
function writeSecret(path: string, text: string): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, text, { mode: 0o600, flush: true, flag: 'wx' });
  giveToOwner(unfinished);
  renameSync(unfinished, path);
}

/** Gives a file that root has made to the owner of the folder, whose service has to read it. */
function giveToOwner(path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  if (uid !== 0) lchownSync(path, uid, gid);
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
