import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../make-folders.js';
import type { EventOutput } from './event-stream.js';

/**
 * Writes the lines of a stream to files in a folder, one for each hour: `audit-CHAIN-YYYYMMDDTHH.jsonl`, in UTC, with
 * mode 0600. A write is complete when `fdatasync` has returned. If a write fails, the file is cut back to the last
 * complete one, so that it never has a partial line, unless the process is killed while it writes.
 */
export class EventFile implements EventOutput {
  readonly #directory: string;
  #path?: string;
  #file?: FileHandle;
  /** Length of the file up to the last complete write. */
  #length = 0;
  #mayBeTorn = false;
  #isStale = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(chain: number, time: Date): Promise<void> {
    try {
      await this.#fileAt(chain, time);
    } catch (error) {
      (error as Error).message = `KEYBLOCK_AUDIT cannot be used: ${(error as Error).message}`;
      throw error;
    }
  }

  async write(text: string, chain: number, time: Date): Promise<void> {
    const file = await this.#fileAt(chain, time);
    if (this.#mayBeTorn) await file.truncate(this.#length);
    this.#mayBeTorn = true;
    const bytes = Buffer.from(text);
    await file.appendFile(bytes);
    await file.datasync();
    this.#length += bytes.length;
    this.#mayBeTorn = false;
  }

  /** Reopens the file before the next write, after a program has moved it away. */
  reopen(): void {
    this.#isStale = true;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Returns the file of the current hour, and opens it if it isn't open. */
  async #fileAt(chain: number, time: Date): Promise<FileHandle> {
    const hour = time.toISOString().slice(0, 13).replaceAll('-', '');
    const path = join(this.#directory, `audit-${chain}-${hour}.jsonl`);
    if (this.#file && path === this.#path && (!this.#isStale || this.#mayBeTorn)) return this.#file;
    // The rest of a failed write must be removed before the file is left.
    if (this.#file && this.#mayBeTorn) await this.#file.truncate(this.#length);
    this.#mayBeTorn = false;
    await this.close();
    makeFolders(this.#directory);
    const file = await open(path, 'a', 0o600);
    try {
      const { size } = await file.stat();
      await syncFolder(this.#directory);
      this.#length = size;
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#file = file;
    this.#path = path;
    this.#isStale = false;
    return file;
  }
}

/** Makes the directory entry of a new file durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
