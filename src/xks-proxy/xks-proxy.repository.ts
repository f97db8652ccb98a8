import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ACCOUNT_ID } from '../access/principal.repository.js';
import { randomText } from '../access/random-text.js';
import type { Call } from '../call.js';
import { Changes } from '../changes/changes.js';
import { Clock } from '../clock.js';
import { LOCKS, lockTransaction } from '../database/locks.js';
import { ConflictException, ResourceNotFoundException, ValidationException } from '../errors/exceptions.js';
import { isSymmetric } from '../kms/keys/key-specs.js';
import { type KeyState, stateOf } from '../kms/keys/key-state.js';
import { KmsKey } from '../kms/keys/kms-key.entity.js';
import { knownOf } from '../kms/keys/kms-key.repository.js';
import { removeRows } from '../provider/changed-rows.js';
import { MasterKey } from '../provider/master-key.js';
import { aadOf } from '../provider/sealed.js';
import { XKS_PATH } from './api.js';
import { type PrefixPrincipal, prefixArn, prefixPrincipal } from './prefix-principal.js';
import { XksCredentialRow } from './xks-credential.entity.js';
import { usagesOf, XksKey, type XksUsage } from './xks-key.entity.js';

const PREFIX = /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*$/;
/** Maximum length of a URI path in AWS KMS, from the slash before the prefix to the version. */
const MAX_URI_PATH = 128;
/** The first character can't be a dot, because a client could resolve `.` and `..` in a path. */
const XKS_KEY_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
/** Maximum length of a URI, with the host: the specification doesn't let AWS KMS send a longer one. */
const MAX_URI = 256;
/** A second credential of a prefix takes over from the first. */
const MAX_CREDENTIALS = 2;

/** Origins of keys whose material this service holds. */
const OWN_ORIGINS: readonly string[] = ['AWS_KMS', 'EXTERNAL'];

/** A credential with its secret. */
export interface XksCredential {
  accessKeyId: string;
  /** 44 characters of base64: 32 random bytes. */
  secretAccessKey: string;
  principal: PrefixPrincipal;
}

/** A released key as an operator sees it. */
export interface ReleasedKey {
  released: XksKey;
  usages: readonly XksUsage[];
  /** `Deleted` if the KMS key doesn't exist any more. */
  state: KeyState | 'Deleted';
}

/**
 * The set-up of the XKS proxy by operators: the credentials of AWS KMS, and the keys that it may use. Changes are notified to all
 * nodes and audited with the call.
 */
@Injectable()
export class XksProxyRepository {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly masterKey: MasterKey,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
  ) {}

  /**
   * Creates a credential for a prefix.
   *
   * @returns the credential with its secret, which can't be read again by an operator
   * @throws ValidationException for a malformed prefix, ConflictException if the prefix has two credentials
   */
  createCredential(call: Call, prefix: string): Promise<XksCredential> {
    requirePrefix(prefix);
    return this.#change(call, prefix, async (manager) => {
      const { accountId } = this;
      if ((await manager.countBy(XksCredentialRow, { accountId, prefix })) >= MAX_CREDENTIALS)
        throw new ConflictException(
          `The prefix has ${MAX_CREDENTIALS} credentials: revoke the one that AWS KMS no longer uses.`,
        );
      const accessKeyId = `XKSP${randomText(20)}`;
      const secretAccessKey = randomBytes(32).toString('base64');
      const row = { accessKeyId, accountId, prefix, createdAt: this.clock.now() };
      const clear = Buffer.from(secretAccessKey);
      const sealed = this.masterKey.seal(aadOf(XksCredentialRow, row), clear);
      clear.fill(0);
      await manager.insert(XksCredentialRow, { ...row, sealed });
      call.record.created({ xksCredential: { accessKeyId } });
      return { accessKeyId, secretAccessKey, principal: prefixPrincipal(row) };
    });
  }

  /** Removes a credential. All nodes refuse it within a second. @throws ResourceNotFoundException */
  async revokeCredential(call: Call, accessKeyId: string): Promise<void> {
    const { accountId } = this;
    const found = await this.database.manager.findOneBy(XksCredentialRow, { accessKeyId, accountId });
    if (!found) throw new ResourceNotFoundException(accessKeyId);
    await this.#change(call, found.prefix, async (manager) => {
      const removed = await removeRows(manager, XksCredentialRow, { accessKeyId, accountId });
      if (removed === 0) throw new ResourceNotFoundException(accessKeyId);
    });
  }

  /**
   * Releases a KMS key to a prefix.
   *
   * @param keyArn   a symmetric encryption key of the account whose material this service holds
   * @param xksKeyId its name at the proxy
   * @throws ValidationException for a malformed prefix or name, and for a key that can't be released
   * @throws ConflictException if the name is taken, or the key is released already
   * @throws ResourceNotFoundException for a key that doesn't exist
   */
  release(
    call: Call,
    {
      prefix,
      xksKeyId,
      keyArn,
      usages,
    }: { prefix: string; xksKeyId: string; keyArn: string; usages: readonly XksUsage[] },
  ): Promise<void> {
    requirePrefix(prefix);
    if (!XKS_KEY_ID.test(xksKeyId))
      throw new ValidationException(
        'An XksKeyId has 1 to 128 letters, digits, hyphens, underscores and periods, and does not begin with a period.',
      );
    if (`https://${pathOf(prefix)}/keys/${xksKeyId}/metadata`.length >= MAX_URI)
      throw new ValidationException(
        `AWS KMS sends URIs of at most ${MAX_URI} characters, host included: choose a shorter prefix or XksKeyId.`,
      );
    if (usages.length === 0) throw new ValidationException('A key is released for ENCRYPT, for DECRYPT or for both.');
    return this.#change(call, prefix, async (manager) => {
      const { accountId } = this;
      const key = await manager.findOneBy(KmsKey, { arn: keyArn, accountId });
      if (!key) throw new ResourceNotFoundException(keyArn);
      if (!isSymmetric(key) || !OWN_ORIGINS.includes(key.origin))
        throw new ValidationException(
          `${keyArn} can't be released: only a key of KeySpec SYMMETRIC_DEFAULT can, with material that Keyblock holds.`,
        );
      if (await manager.existsBy(XksKey, { accountId, prefix, xksKeyId }))
        throw new ConflictException(`The prefix has a key with the XksKeyId ${xksKeyId} already.`);
      const released = await manager.findOneBy(XksKey, { keyArn });
      if (released)
        throw new ConflictException(
          `The key is released already, to ${pathOf(released.prefix)} as ${released.xksKeyId}: withdraw it first.`,
        );
      await manager.insert(XksKey, {
        ...{ accountId, prefix, xksKeyId, keyArn },
        canEncrypt: usages.includes('ENCRYPT'),
        canDecrypt: usages.includes('DECRYPT'),
        createdAt: this.clock.now(),
      });
    });
  }

  /** Withdraws a key: the proxy doesn't know it any more. @throws ResourceNotFoundException */
  withdraw(call: Call, prefix: string, xksKeyId: string): Promise<void> {
    return this.#change(call, prefix, async (manager) => {
      const removed = await removeRows(manager, XksKey, { accountId: this.accountId, prefix, xksKeyId });
      if (removed === 0) throw new ResourceNotFoundException(xksKeyId);
    });
  }

  /** Lists all credentials, without secrets, by prefix and age. */
  credentials(): Promise<XksCredentialRow[]> {
    const { accountId } = this;
    return this.database.manager.find(XksCredentialRow, {
      where: { accountId },
      order: { prefix: 'ASC', createdAt: 'ASC' },
    });
  }

  /** Lists all released keys, by prefix and XksKeyId. */
  async keys(): Promise<ReleasedKey[]> {
    const { accountId, database } = this;
    const order = { prefix: 'ASC', xksKeyId: 'ASC' } as const;
    const keys: ReleasedKey[] = [];
    for (const released of await database.manager.find(XksKey, { where: { accountId }, order }))
      keys.push({ released, usages: usagesOf(released), state: await this.#stateOf(released) });
    return keys;
  }

  /** Reads a credential with its secret. */
  async credential(accessKeyId: string): Promise<XksCredential | undefined> {
    const row = await this.database
      .createQueryBuilder(XksCredentialRow, 'credential')
      .addSelect('credential.sealed')
      .where({ accessKeyId, accountId: this.accountId })
      .getOne();
    if (!row) return undefined;
    const clear = this.masterKey.open(aadOf(XksCredentialRow, row), row.sealed);
    const secretAccessKey = clear.toString();
    clear.fill(0);
    return { accessKeyId, secretAccessKey, principal: prefixPrincipal(row) };
  }

  /** Reads a released key. */
  key(prefix: string, xksKeyId: string): Promise<XksKey | null> {
    return this.database.manager.findOneBy(XksKey, { accountId: this.accountId, prefix, xksKeyId });
  }

  async #stateOf({ keyArn }: XksKey): Promise<ReleasedKey['state']> {
    const { manager } = this.database;
    const key = await manager.findOneBy(KmsKey, { arn: keyArn });
    return key ? stateOf(key, (await knownOf(manager, key)).materials, this.clock.now()) : 'Deleted';
  }

  /** Changes the credentials and keys of a prefix, one change at a time. */
  #change<T>(call: Call, prefix: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.changes.transaction(call, async (manager, changed) => {
      await lockTransaction(manager, LOCKS.xksProxy);
      changed(prefixArn(this.accountId, prefix));
      return work(manager);
    });
  }
}

/** The path to configure in AWS KMS: `XksProxyUriPath`. */
export function pathOf(prefix: string): string {
  return `${prefix === '' ? '' : '/'}${prefix}/${XKS_PATH}`;
}

function requirePrefix(prefix: string): void {
  if (prefix !== '' && !PREFIX.test(prefix))
    throw new ValidationException(
      'A prefix has segments of letters, digits, hyphens and underscores, separated by slashes.',
    );
  if (pathOf(prefix).length > MAX_URI_PATH)
    throw new ValidationException(
      `A prefix has at most ${MAX_URI_PATH - `//${XKS_PATH}`.length} characters, so that AWS KMS accepts its path.`,
    );
}
