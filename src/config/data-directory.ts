import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { RootCredentials } from './config.js';
import { KeyFileError, readKeyFile } from './key-file.js';

/** More than any request to the process that has a folder. */
const MAX_REQUEST_BYTES = 1024;
const REQUEST_MS = 2000;

/** The shortest limit of the systems served, macOS's; a longer path would be cut off. */
const MAX_SOCKET_PATH = 103;

/** Another process uses the directory, or what is in it can't be used. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/**
 * Something that a process does for another which asks it through the folder it has.
 *
 * @param body   what came with the request; the process that answers zeroizes it
 * @param print  gives a line to who asked
 * @param signal is aborted when who asked is gone
 */
export type Request = (body: Buffer, print: (line: string) => void, signal: AbortSignal) => Promise<void>;

/** A line of the answer to a request, in JSON; the last one says how it ended. */
type AnswerLine = { line: string } | { end: 'done' } | { end: 'refused'; message: string };

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
  readonly #nextMasterKeyPath: string;

  private constructor(
    path: string,
    private readonly lock: Lock,
  ) {
    this.databasePath = join(path, 'postgres');
    this.credentialsPath = join(path, 'credentials');
    this.#masterKeyPath = join(path, 'master-key');
    this.#nextMasterKeyPath = join(path, 'master-key.next');
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

  /** Does this from now on for other processes that ask for it by name. */
  serve(name: string, request: Request): void {
    this.lock.requests.set(name, request);
  }

  /**
   * Asks the process that has a folder to do something.
   *
   * @param body gets sent; stays the caller's to zeroize
   * @returns false where no process has the folder
   * @throws DataDirectoryError with its words where it refuses, or where it ended before it was done
   */
  static ask(path: string, name: string, body: Buffer, print: (line: string) => void): Promise<boolean> {
    return ask(join(path, 'lock.sock'), name, body, print);
  }

  /** Gives the folder free. */
  close(): Promise<void> {
    return new Promise((resolve) => this.lock.server.close(() => resolve()));
  }
}

/** The socket that holds the folder, and what is done for who asks there. */
interface Lock {
  server: Server;
  requests: Map<string, Request>;
}

/** Listens on the folder's socket; a socket that nobody answers is what a killed process left. */
async function takeLock(directory: string): Promise<Lock> {
  const path = join(directory, 'lock.sock');
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH)
    throw new DataDirectoryError(`${directory} is too long a path: at most ${MAX_SOCKET_PATH - 10} bytes`);
  const first = await listen(path);
  if (first) return first;
  const owner = await ownerOf(path);
  if (owner !== undefined) throw new DataDirectoryError(`${directory} is in use by ${owner}`);

  const takeover = join(directory, 'lock.takeover');
  try {
    mkdirSync(takeover);
  } catch {
    throw new DataDirectoryError(`Another process is taking ${directory}. If none is, remove ${takeover}`);
  }
  try {
    // Asked again now that nobody else may clear it.
    const late = await ownerOf(path);
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
function listen(path: string): Promise<Lock | undefined> {
  return new Promise((resolve, reject) => {
    const requests = new Map<string, Request>([[WHO, sayWho]]);
    const server = createServer({ allowHalfOpen: true }, (socket) => void answer(socket, requests));
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new DataDirectoryError(`${path} cannot be a socket: ${error.message}`));
    });
    server.listen(path, () => {
      chmodSync(path, 0o600);
      server.unref();
      resolve({ server, requests });
    });
  });
}

const WHO = 'who';

function sayWho(_: Buffer, print: (line: string) => void): Promise<void> {
  print(`process ${process.pid}`);
  return Promise.resolve();
}

/** A request is a name, a line feed and a body of any bytes, to the end of what is sent. */
async function answer(socket: Socket, requests: ReadonlyMap<string, Request>): Promise<void> {
  const gone = new AbortController();
  socket.on('error', () => undefined); // 'close' follows
  socket.once('close', () => gone.abort());
  socket.setTimeout(REQUEST_MS, () => socket.destroy());
  const sent = await readRequest(socket);
  socket.setTimeout(0);
  const write = (line: AnswerLine) => socket.write(`${JSON.stringify(line)}\n`);
  try {
    const end = sent.indexOf('\n');
    const request = requests.get(sent.subarray(0, Math.max(end, 0)).toString());
    if (!request)
      throw new DataDirectoryError(`process ${process.pid} has the folder and can't do that: wait for its end`);
    await request(sent.subarray(end + 1), (line) => write({ line }), gone.signal);
    write({ end: 'done' });
  } catch (error) {
    write({ end: 'refused', message: (error as Error).message });
  } finally {
    sent.fill(0);
    socket.end();
  }
}

/** All that is sent, up to the longest that a request can be. */
function readRequest(socket: Socket): Promise<Buffer> {
  const request = Buffer.alloc(MAX_REQUEST_BYTES);
  let bytes = 0;
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      bytes += chunk.copy(request, bytes);
      chunk.fill(0);
    });
    socket.once('end', () => resolve(request.subarray(0, bytes)));
    socket.once('close', () => resolve(request.subarray(0, bytes)));
  });
}

/** As `DataDirectory.ask`, by the path of the socket. */
function ask(path: string, name: string, body: Buffer, print: (line: string) => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // Sent at once or not at all, whenever this process is killed.
    const request = Buffer.concat([Buffer.from(`${name}\n`), body]);
    const socket = connect(path, () => socket.end(request, () => request.fill(0)));
    let text = '';
    let last: AnswerLine | undefined;
    socket.setEncoding('utf8').on('data', (part: string) => {
      const lines = (text + part).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        last = JSON.parse(line) as AnswerLine;
        if ('line' in last) print(last.line);
      }
    });
    socket.once('end', () => {
      // A process of an older version says who it is without the end of a line.
      if (text !== '') print(text);
      const end: AnswerLine = last ?? { line: '' };
      if ('end' in end && end.end === 'done') resolve(true);
      else
        reject(
          new DataDirectoryError(
            'message' in end ? end.message : 'The process that has the folder ended before it was done',
          ),
        );
    });
    // A busy owner accepts late or not at all; only a refusal means that it is gone.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (['ECONNREFUSED', 'ENOENT'].includes(error.code ?? '')) resolve(false);
      else reject(new DataDirectoryError(`The process that has the folder does not answer: ${error.message}`));
    });
  });
}

/** Who answers on the socket, or undefined where nobody does. */
async function ownerOf(path: string): Promise<string | undefined> {
  let owner: string | undefined;
  const answered = ask(path, WHO, Buffer.alloc(0), (line) => (owner = line));
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, REQUEST_MS, true).unref());
  const isTaken = await Promise.race([answered, late]).catch(() => true);
  return isTaken ? (owner ?? 'a process that does not answer') : undefined;
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
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
