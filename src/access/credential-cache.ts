import { type Cache, MAX_STALE_MS } from '../changes/changes.js';
import type { Credential } from './credential.js';

const MAX_ENTRIES = 20_000;

interface Entry {
  /** Undefined for an access key that nobody may sign with. */
  credential: Credential | undefined;
  /** By the monotonic clock. */
  staleAt: number;
}

/**
 * Access keys as they were read a moment ago, under the rules of KeyCache: a change made here is seen at once, one made
 * elsewhere when it is notified, and in any case when what is remembered is too old.
 */
export class CredentialCache implements Cache {
  readonly #entries = new Map<string, Entry>();
  #changes = 0;

  /** @param maxStaleMs how old an entry may get */
  constructor(private readonly maxStaleMs = MAX_STALE_MS) {}

  /** What is remembered of an access key; undefined where nothing is. */
  known(accessKeyId: string): { credential: Credential | undefined } | undefined {
    const found = this.#entries.get(accessKeyId);
    return found && performance.now() < found.staleAt ? found : undefined;
  }

  async read(
    accessKeyId: string,
    read: (accessKeyId: string) => Promise<Credential | undefined>,
  ): Promise<Credential | undefined> {
    const changesBefore = this.#changes;
    const staleAt = performance.now() + this.maxStaleMs;
    const credential = await read(accessKeyId);
    if (this.#changes !== changesBefore) this.#entries.delete(accessKeyId);
    else this.#remember(accessKeyId, { credential, staleAt });
    return credential;
  }

  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:iam:');
  }

  /** Forgets the access keys of a user or a role, and all that were none. */
  forget(principalArn: string): void {
    this.#changes++;
    for (const [id, { credential }] of this.#entries)
      if (!credential || credential.principal.principalArn === principalArn) this.#entries.delete(id);
  }

  /** Forgets everything: changes may have gone unnoticed. */
  clear(): void {
    this.#changes++;
    this.#entries.clear();
  }

  #remember(accessKeyId: string, entry: Entry): void {
    if (this.#entries.size >= MAX_ENTRIES && !this.#entries.has(accessKeyId)) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(accessKeyId, entry);
  }
}
