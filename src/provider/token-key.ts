import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Pkcs11Uri } from '../hsm/pkcs11-uri.js';
import { Token } from '../hsm/token.js';
import { TokenError } from '../hsm/token-error.js';
import type { TokenKey as FoundKey, TokenMechanism } from '../hsm/token-protocol.js';
import { MasterKeyEnvelope } from './master-key-envelope.entity.js';
import { MasterKeyError, masterKeyRows } from './master-key-check.js';
import { MasterKey, masterKeyId as masterKeyIdOf } from './master-key.js';

/** Version of an envelope's associated data. */
const VERSION = 1;
const KEY_BYTES = 32;
const ID_BYTES = 16;

/** A key of a token, and the settings for the token. */
export interface TokenKeySettings {
  readonly uri: Pkcs11Uri;
  readonly pin: string;
  readonly mechanism: TokenMechanism;
  readonly sessions: number;
  readonly timeoutMs: number;
}

/**
 * The key of a PKCS#11 token that encrypts the master key. The token is used when a service starts and when a master
 * key is created; the master key itself is in memory, as without a token (ADR 35).
 */
export class TokenKey {
  private constructor(
    readonly token: Token,
    private readonly key: FoundKey,
    private readonly mechanism: TokenMechanism,
  ) {}

  /**
   * Finds the token and the key on it. Tries the PIN only once.
   *
   * @throws MasterKeyError that describes the missing token or key, and never contains the PIN
   */
  static async open(settings: TokenKeySettings): Promise<TokenKey> {
    const { uri, mechanism } = settings;
    const token = await openToken(settings);
    try {
      const keys = await token.run('findKeys', { label: uri.object, id: uri.id }, mechanism);
      return new TokenKey(token, onlyKey(keys, settings), mechanism);
    } catch (error) {
      await token.close();
      throw masterKeyError(error);
    }
  }

  /**
   * Generates an AES-256 key that never leaves the token.
   *
   * @throws MasterKeyError if the token has a key of that label
   */
  static async generate(settings: TokenKeySettings & { uri: { object?: string } }): Promise<TokenKey> {
    const { uri } = settings;
    if (uri.object === undefined) throw new MasterKeyError('The URI must state the label of the new key: object=…');
    const token = await openToken(settings);
    try {
      const key = await token.run('generateAesKey', { label: uri.object, id: uri.id ?? randomBytes(ID_BYTES) });
      return new TokenKey(token, key, 'aes-gcm');
    } catch (error) {
      await token.close();
      throw masterKeyError(error);
    }
  }

  /** CKA_ID of the key, in hexadecimal. */
  get id(): string {
    return this.key.id.toString('hex');
  }

  get label(): string {
    return this.key.label;
  }

  /** Description of the token and its key for audit events and log lines. */
  get description(): { token: string; serial: string; tokenKey: string } {
    const { label, serial } = this.token.info;
    return { token: label, serial, tokenKey: this.label };
  }

  /** Returns 32 random bytes to which both the token and this process contribute, the caller's to zeroize. */
  async newMasterKey(): Promise<Buffer> {
    const [ours, theirs] = [randomBytes(KEY_BYTES), await this.#run(() => this.token.run('random', KEY_BYTES))];
    const both = Buffer.from(ours.map((byte, i) => byte ^ (theirs[i] ?? 0)));
    for (const each of [ours, theirs]) each.fill(0);
    return both;
  }

  /**
   * Encrypts a key of the keyring, and decrypts the result as a check, because the clear key may be destroyed
   * afterwards.
   *
   * @param id its id
   */
  async wrap(masterKey: MasterKey, id: string, now: Date): Promise<MasterKeyEnvelope> {
    const aad = this.#aad(id);
    const key = masterKey.lend((key) => Buffer.from(key), id);
    try {
      const { iv, ciphertext } = await this.#run(() =>
        this.token.run('encrypt', this.key.id, this.mechanism, key, aad),
      );
      const envelope = {
        ...{ masterKeyId: id, tokenKeyId: this.id, tokenKeyLabel: this.label, tokenSerial: this.token.info.serial },
        ...{ mechanism: this.mechanism, iv, ciphertext, createdAt: now },
      };
      const opened = await this.#open(envelope);
      opened.fill(0);
      return envelope;
    } finally {
      key.fill(0);
    }
  }

  /**
   * Opens the envelopes of the master keys that the database is sealed under. If a master key has several envelopes,
   * deletes those that are older than the one that it opens.
   *
   * @returns undefined if the database has no master key yet
   * @throws MasterKeyError if no envelope is for this key, or one doesn't open
   */
  async unwrap(manager: EntityManager): Promise<MasterKey | undefined> {
    const envelopes = await envelopesOf(manager);
    const used = (await masterKeyRowsOf(manager)).filter(({ state }) => state !== 'RETIRED').map(({ id }) => id);
    const mine = envelopes.filter(({ tokenKeyId, masterKeyId }) => {
      return tokenKeyId === this.id && (used.length === 0 || used.includes(masterKeyId));
    });
    if (used.length === 0 && envelopes.length === 0) return undefined;
    const keys: Buffer[] = [];
    for (const envelope of mine) keys.push(await this.#open(envelope));
    for (const { masterKeyId, createdAt } of mine)
      await manager
        .createQueryBuilder()
        .delete()
        .from(MasterKeyEnvelope)
        .where('master_key_id = :masterKeyId AND created_at < :createdAt', { masterKeyId, createdAt })
        .execute();
    const [first, ...others] = keys;
    if (!first) throw new MasterKeyError(this.#noEnvelope(used[0], envelopes));
    return new MasterKey(first, ...others);
  }

  async close(): Promise<void> {
    await this.token.close();
  }

  async #open({ masterKeyId, mechanism, iv, ciphertext }: MasterKeyEnvelope): Promise<Buffer> {
    const broken = `The envelope of master key ${masterKeyId} doesn't open: it was modified in the database, or the key "${this.label}" of the token was replaced.`;
    let key: Buffer;
    try {
      key = await this.token.run('decrypt', this.key.id, mechanism, { iv, ciphertext }, this.#aad(masterKeyId));
    } catch (error) {
      if (error instanceof TokenError && !error.isOfToken) throw new MasterKeyError(`${broken} (${error.message})`);
      throw masterKeyError(error);
    }
    // RSA doesn't authenticate; the id of a master key is an HMAC under it.
    if (key.length !== KEY_BYTES || masterKeyIdOf(key) !== masterKeyId) {
      key.fill(0);
      throw new MasterKeyError(broken);
    }
    return key;
  }

  #aad(masterKeyId: string): Buffer {
    return Buffer.from(JSON.stringify(['keyblock master key', VERSION, masterKeyId, this.id]));
  }

  #noEnvelope(masterKeyId: string | undefined, envelopes: readonly MasterKeyEnvelope[]): string {
    const other = envelopes.find((envelope) => envelope.masterKeyId === masterKeyId) ?? envelopes[0];
    if (!other)
      return `The database is sealed under master key ${masterKeyId}, which no token has encrypted: start with that master key, or run keyblock master-key to-token with it once.`;
    return `The master key is encrypted by the key "${other.tokenKeyLabel}" with CKA_ID ${other.tokenKeyId} of the token with serial number ${other.tokenSerial}, but the key found has CKA_ID ${this.id}.`;
  }

  async #run<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw masterKeyError(error);
    }
  }
}

/** Reads the envelopes, even from a database whose schema doesn't have them yet. */
async function envelopesOf(manager: EntityManager): Promise<MasterKeyEnvelope[]> {
  return (await hasTable(manager, 'master_key_envelopes')) ? manager.find(MasterKeyEnvelope) : [];
}

async function masterKeyRowsOf(manager: EntityManager) {
  return (await hasTable(manager, 'master_key')) ? masterKeyRows(manager) : [];
}

async function hasTable(manager: EntityManager, name: string): Promise<boolean> {
  const [found] = await manager.query<{ exists: boolean }[]>(`SELECT to_regclass($1) IS NOT NULL AS "exists"`, [name]);
  return found?.exists === true;
}

async function openToken({ uri, pin, sessions, timeoutMs }: TokenKeySettings): Promise<Token> {
  const address = { module: uri.module, label: uri.token, serial: uri.serial };
  const secretVariables = 'variable' in uri.pinSource ? [uri.pinSource.variable] : [];
  try {
    return await Token.open({ address, pin, sessions, timeoutMs, secretVariables });
  } catch (error) {
    throw masterKeyError(error);
  }
}

function onlyKey(keys: readonly FoundKey[], { uri, mechanism }: TokenKeySettings): FoundKey {
  const kind = mechanism === 'aes-gcm' ? 'secret key' : 'private key';
  const named = [
    uri.object === undefined ? [] : `the label "${uri.object}"`,
    uri.id === undefined ? [] : `CKA_ID ${uri.id.toString('hex')}`,
  ]
    .flat()
    .join(' and ');
  const [key] = keys;
  if (!key)
    throw new MasterKeyError(
      `The token has no ${kind} with ${named}: create one with keyblock master-key token-init, or correct the URI.`,
    );
  if (keys.length > 1)
    throw new MasterKeyError(`The token has ${keys.length} keys with ${named}: state the id of one.`);
  if (key.id.length === 0)
    throw new MasterKeyError(`The ${kind} with ${named} has no CKA_ID, which the envelope needs.`);
  return key;
}

function masterKeyError(error: unknown): unknown {
  if (!(error instanceof TokenError)) return error;
  const once = error.isOfPin ? ' The PIN was tried once; further attempts could lock the token.' : '';
  return new MasterKeyError(`The master key's token can't be used: ${error.message}${once}`);
}
