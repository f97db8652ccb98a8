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
import type { RootCredentials } from './config.js';
import { KeyFileError, readKeyFile } from './key-file.js';

/** How long the process that has a folder may take to say which it is. */
const ANSWER_MS = 2000;

/** Bytes of a socket's path at most: macOS's limit, the shortest of the systems served. */
const MAX_SOCKET_PATH = 103;
/** The longest path of a socket in a data directory, PostgreSQL's. */
const LONGEST_SOCKET = join('run', '.s.PGSQL.5432');

/** The data directory, or the database in it, can't be used. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** Another process holds the data directory. */
export class DataDirectoryInUseError extends DataDirectoryError {}

/**
 * The folder of an embedded deployment: the database, and the master key and root credentials generated for it.
 *
 * One process holds it and runs the database. That process listens on a socket in the folder, which, unlike a file with a
 * process id, is free as soon as the process is gone however it ended, and reaches across containers that share the folder.
 * Others may join it: they connect to the same database.
 */
export class DataDirectory {
  readonly databasePath: string;
  /** The folder of PostgreSQL's socket; short enough for a socket's path. */
  readonly runPath: string;
  /** The database as DATABASE_URL would name it. */
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
   * Takes the folder for this process, making it where it isn't there.
   *
   * @throws DataDirectoryInUseError that names the process which holds it
   * @throws DataDirectoryError where it can't be made or written
   */
  static async hold(path: string): Promise<DataDirectory> {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new DataDirectoryError(`KEYBLOCK_DATA_DIR cannot be used: ${(error as Error).message}`);
    }
    const alias = shortAlias(path);
    try {
      return new DataDirectory(path, alias, await takeLock(path, alias.path));
    } catch (error) {
      alias.remove();
      throw error;
    }
  }

  /** Joins the process that holds the folder: its database is used, and whoever joined stops before it does. */
  static join(path: string): DataDirectory {
    return new DataDirectory(path, shortAlias(path));
  }

  /** Generates the master key of this folder, where it has none and no database yet. */
  makeMasterKey(): void {
    if (existsSync(this.#masterKeyPath)) return;
    if (existsSync(this.databasePath))
      throw new DataDirectoryError(
        `${this.#masterKeyPath} is missing, but there is a database sealed under it. ` +
          'Put the file back or set KEYBLOCK_MASTER_KEY.',
      );
    writeSecret(this.#masterKeyPath, `${randomBytes(32).toString('hex')}\n`);
  }

  /** The master key of this folder, 32 bytes, the caller's to zeroize. */
  masterKey(): Buffer {
    return readMasterKey(this.#masterKeyPath);
  }

  /** The master key that is to take the place of the other, or has just done so; undefined where none is. */
  nextMasterKey(): Buffer | undefined {
    return existsSync(this.#nextMasterKeyPath) ? readMasterKey(this.#nextMasterKeyPath) : undefined;
  }

  /** Writes the next master key beside the other: with both, the folder opens wherever a rotation stands. @param key 32 bytes */
  writeNextMasterKey(key: Buffer): void {
    writeSecret(this.#nextMasterKeyPath, `${key.toString('hex')}\n`);
  }

  removeNextMasterKey(): void {
    rmSync(this.#nextMasterKeyPath, { force: true });
  }

  /** Puts the next master key in the place of the other. @param key 32 bytes */
  replaceMasterKey(key: Buffer): void {
    writeSecret(this.#masterKeyPath, `${key.toString('hex')}\n`);
    this.removeNextMasterKey();
  }

  /**
   * The root credentials of this folder, an AWS shared credentials file that any AWS client reads; generated the first
   * time.
   *
   * @param region written beside new credentials, so that a client needs nothing else
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

  /** Gives the folder free, where it was held. */
  async close(): Promise<void> {
    const { lock } = this;
    if (lock) await new Promise((resolve) => lock.close(resolve));
    this.alias.remove();
  }
}

/** A path of a folder that leaves room for the sockets in it. */
interface ShortAlias {
  path: string;
  remove: () => void;
}

/**
 * The folder itself, or a symbolic link to it under the system's temporary folder where its path is too long for a socket or
 * has a character that separates folders in a list of PostgreSQL or of the loader of libraries.
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
  // PostgreSQL may run as another user, who has to get through to the link and no further.
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

/** Listens on the folder's socket; a socket that nobody answers is what a killed process left. */
async function takeLock(directory: string, alias: string): Promise<Server> {
  const path = join(alias, 'lock.sock');
  const first = await listen(path);
  if (first) return first;
  const owner = await ownerOf(path);
  if (owner !== undefined) throw new DataDirectoryInUseError(`${directory} is in use by ${owner}`);

  const takeover = join(directory, 'lock.takeover');
  try {
    mkdirSync(takeover);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new DataDirectoryError(`KEYBLOCK_DATA_DIR cannot be used: ${message}`);
    throw new DataDirectoryInUseError(`Another process is taking ${directory}. If none is, remove ${takeover}`);
  }
  try {
    // Asked again now that nobody else may clear it.
    const late = await ownerOf(path);
    if (late !== undefined) throw new DataDirectoryInUseError(`${directory} is in use by ${late}`);
    rmSync(path, { force: true });
    const second = await listen(path);
    if (!second) throw new DataDirectoryInUseError(`${directory} is in use by another process`);
    return second;
  } finally {
    rmdirSync(takeover);
  }
}

/** The server, or undefined where the socket is there already. It tells whoever connects which process this is. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined); // 'close' follows
      socket.end(`process ${process.pid}`);
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

/** The process that answers on the socket, or undefined where none does. */
function ownerOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const unanswered = 'a process that does not answer';
    const socket = connect(path);
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.once('end', () => resolve(text || unanswered));
    // A busy owner accepts late or not at all; only a refusal means that it is gone.
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

/** Written at once or not at all, readable by the owner only. */
function writeSecret(path: string, text: string): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, text, { mode: 0o600, flush: true, flag: 'wx' });
  giveToOwner(unfinished);
  renameSync(unfinished, path);
}

/** Gives what root has made to the owner of the folder, whose service has to read it. */
function giveToOwner(path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  if (uid !== 0) lchownSync(path, uid, gid);
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
