import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { RootCredentials } from './config.js';

/** The shortest limit of the systems served, macOS's; a longer path would be cut off. */
const MAX_SOCKET_PATH = 103;

/** Another process uses the directory, or what is in it can't be used. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/**
 * The folder of an embedded deployment: the database, and the master key and root credentials generated for it.
 *
 * One process at a time: it listens on a socket in the folder, which, unlike a file with a process id, is free as soon as
 * the process is gone however it ended, and reaches across containers that share the folder.
 */
export class DataDirectory {
  readonly databasePath: string;
  readonly credentialsPath: string;
  readonly #masterKeyPath: string;

  private constructor(
    path: string,
    private readonly lock: Server,
  ) {
    this.databasePath = join(path, 'postgres');
    this.credentialsPath = join(path, 'credentials');
    this.#masterKeyPath = join(path, 'master-key');
  }

  /**
   * Takes the folder for this process, making it where it isn't there.
   *
   * @throws DataDirectoryError that names the process which has it
   */
  static async open(path: string): Promise<DataDirectory> {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new DataDirectoryError(`KEYBLOCK_DATA_DIR cannot be used: ${(error as Error).message}`);
    }
    return new DataDirectory(path, await takeLock(path));
  }

  /** The master key of this folder, 32 bytes; generated the first time. */
  masterKey(): Buffer {
    if (!existsSync(this.#masterKeyPath)) {
      if (existsSync(this.databasePath))
        throw new DataDirectoryError(
          `${this.#masterKeyPath} is missing, but there is a database sealed under it. ` +
            'Put the file back or set KEYBLOCK_MASTER_KEY.',
        );
      writeSecret(this.#masterKeyPath, `${randomBytes(32).toString('hex')}\n`);
    }
    const text = readFileSync(this.#masterKeyPath, 'utf8').trim();
    if (!/^[0-9A-Fa-f]{64}$/.test(text))
      throw new DataDirectoryError(`${this.#masterKeyPath} must hold 64 hexadecimal digits`);
    return Buffer.from(text, 'hex');
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

  /** Gives the folder free. */
  close(): Promise<void> {
    return new Promise((resolve) => this.lock.close(() => resolve()));
  }
}

/** Listens on the folder's socket; a socket that nobody answers is what a killed process left. */
async function takeLock(directory: string): Promise<Server> {
  const path = join(directory, 'lock.sock');
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH)
    throw new DataDirectoryError(`${directory} is too long a path: at most ${MAX_SOCKET_PATH - 10} bytes`);
  const first = await listen(path);
  if (first) return first;
  const owner = await ask(path);
  if (owner !== undefined) throw new DataDirectoryError(`${directory} is in use by ${owner}`);

  const takeover = join(directory, 'lock.takeover');
  try {
    mkdirSync(takeover);
  } catch {
    throw new DataDirectoryError(`Another process is taking ${directory}. If none is, remove ${takeover}`);
  }
  try {
    // Asked again now that nobody else may clear it.
    const late = await ask(path);
    if (late !== undefined) throw new DataDirectoryError(`${directory} is in use by ${late}`);
    rmSync(path, { force: true });
    const second = await listen(path);
    if (!second) throw new DataDirectoryError(`${directory} is in use by another process`);
    return second;
  } finally {
    rmdirSync(takeover);
  }
}

/** The server, or undefined where the socket is there already. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end(`process ${process.pid}`));
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new DataDirectoryError(`${path} cannot be a socket: ${error.message}`));
    });
    server.listen(path, () => {
      chmodSync(path, 0o600);
      server.unref();
      resolve(server);
    });
  });
}

/** Who answers on the socket, or undefined where nobody does. */
function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path);
    socket.setTimeout(2000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('end', () => resolve(answer));
    // A busy owner accepts late or not at all; only a refusal means that it is gone.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(['ECONNREFUSED', 'ENOENT'].includes(error.code ?? '') ? undefined : 'a process that does not answer'),
    );
  });
}

/** Written at once or not at all, readable by the owner only. */
function writeSecret(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
