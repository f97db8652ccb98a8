import { pino } from 'pino';
import { demoAccessKeyId } from '../admin/admin.schema.js';
import { arnOfPrincipal } from '../access/principal.entity.js';
import { PrincipalRepository } from '../access/principal.repository.js';
import { ApprovalSessions } from '../approvals/approval-sessions.js';
import { ApprovalTeams } from '../approvals/approval-teams.js';
import { GuardedOperations } from '../approvals/guarded-operations.js';
import type { Call } from '../call.js';
import { DatabaseTime } from '../changes/database-time.js';
import { ConflictException, ResourceNotFoundException } from '../errors/exceptions.js';
import { CONTROL_PLANE } from '../payment/api.js';
import { demoAlias, demoKeyId } from '../payment/fields.js';
import { AliasRepository } from '../payment/keys/alias.repository.js';
import { keyArn } from '../payment/keys/arn.js';
import { BLOCK_CIPHER_BYTES, type BlockCipherAlgorithm } from '../payment/keys/key-attributes.js';
import { KeyCache } from '../payment/keys/key-cache.js';
import { newKey, restore, scheduleDeletion, startUsage, stopUsage } from '../payment/keys/key-life-cycle.js';
import { sealKey } from '../payment/keys/key-material.js';
import { kcvAlgorithmOf, modesOfUse } from '../payment/keys/key-rules.js';
import type { Key } from '../payment/keys/key.entity.js';
import { KeyRepository } from '../payment/keys/key.repository.js';
import { Quotas } from '../payment/keys/quotas.js';
import { Regions } from '../payment/keys/regions.js';
import { ReplicationRepository } from '../payment/keys/replication.repository.js';
import { ReplicationWork } from '../payment/keys/replication-work.js';
import { ResourcePolicyRepository } from '../payment/keys/resource-policy.repository.js';
import { CryptoProvider } from '../provider/crypto-provider.js';
import { putKmsKeys } from './demo-kms.js';
import { DEMO_KMS_KEYS } from './demo-kms-keys.js';
import { DEMO_KEYS, type DemoKey, demoMaterial } from './demo-keys.js';
import { type Operator, withOperator } from './operator.js';

/**
 * Waiting period of the key that the example of RestoreKey restores: the maximum, so that the example works as long as
 * possible.
 */
const DELETION_DAYS = 180;
/** Lets the examples' user generate card validation data, as the policies in the examples do. */
const POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'payment-cryptography:GenerateCardValidationData', Resource: '*' }],
};
const TAGS = [{ Key: 'demo', Value: 'public-test-key' }];

/**
 * Creates the resources that the examples in the API documentation use, and restores those that examples have changed.
 *
 * @returns the number of keys
 */
export async function makeExamples(): Promise<number> {
  await withOperator('keyblock demo', (operator) =>
    operator.audited(async () => {
      const examples = new Examples(operator);
      for (const key of DEMO_KEYS) await examples.putKey(key);
      await examples.putAliases();
      await examples.putPolicies();
      await examples.replicate();
      await examples.putPrincipals();
      await examples.putTeam();
      await putKmsKeys(operator);
    }),
  );
  return DEMO_KEYS.length + DEMO_KMS_KEYS.length;
}

/** The resources of the examples. Each method changes only what isn't in its expected state. */
class Examples {
  readonly #keys: KeyRepository;
  readonly #aliases: AliasRepository;
  readonly #policies: ResourcePolicyRepository;
  readonly #replications: ReplicationRepository;
  readonly #principals: PrincipalRepository;
  readonly #provider: CryptoProvider;
  readonly #regions: readonly string[];

  constructor(private readonly operator: Operator) {
    const { changes, deployment } = operator;
    const { config, database, masterKey, clock } = deployment;
    const regions = new Regions(config.regions);
    const work = new ReplicationWork(database, changes, clock);
    const quotas = new Quotas(config);
    const cache = changes.subscribe(new KeyCache(changes.freshness, config.keyCache));
    this.#keys = new KeyRepository(database, cache, changes, regions, work, quotas);
    this.#aliases = new AliasRepository(database, this.#keys, changes, quotas);
    this.#policies = new ResourcePolicyRepository(database, this.#keys, changes);
    this.#replications = new ReplicationRepository(database, this.#keys, changes, regions, work);
    this.#principals = new PrincipalRepository(database, changes, masterKey, clock, config.accountId);
    this.#provider = new CryptoProvider(masterKey);
    this.#regions = config.regions.filter((region) => region !== config.region);
  }

  async putKey(demo: DemoKey): Promise<void> {
    const arn = this.#arnOf(demo.name);
    const stored = await orMissing(async () => this.#keys.get(this.#call('GetKey', { KeyIdentifier: arn }), arn));
    const key = stored ?? (await this.#importKey(demo));
    await this.#putAlias(demo.name, demo.name, key);
    await this.#putState(demo, key);
  }

  /** Restores the aliases that examples create, move and delete. */
  async putAliases(): Promise<void> {
    const name = demoAlias('new');
    await orMissing(() => this.#aliases.remove(this.#call('DeleteAlias', { AliasName: name }), name));
    for (const alias of ['current', 'former']) {
      const arn = this.#arnOf('mac');
      await this.#putAlias(alias, 'mac', await this.#keys.get(this.#call('GetKey', { KeyIdentifier: arn }), arn));
    }
  }

  async putPolicies(): Promise<void> {
    const { accountId } = this.operator.deployment.config;
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${accountId}:root` },
      Action: 'payment-cryptography:VerifyMac',
      Resource: '*',
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    for (const name of ['policy', 'unshared']) {
      const ResourceArn = this.#arnOf(name);
      const read = this.#call('GetResourcePolicy', { ResourceArn });
      if ((await orMissing(() => this.#policies.get(read, ResourceArn))) !== undefined) continue;
      await this.#policies.put(this.#call('PutResourcePolicy', { ResourceArn, Policy }), ResourceArn, Policy);
    }
  }

  /** Replicates the key that the example of RemoveKeyReplicationRegions removes, if there is a second Region. */
  async replicate(): Promise<void> {
    const [region] = this.#regions;
    const arn = this.#arnOf('replicated');
    const key = await this.#keys.get(this.#call('GetKey', { KeyIdentifier: arn }), arn);
    if (region === undefined || key.primaryRegion !== null) return;
    const input = { KeyIdentifier: arn, ReplicationRegions: [region] };
    await this.#replications.add(this.#call('AddKeyReplicationRegions', input), arn, input.ReplicationRegions);
  }

  async putPrincipals(): Promise<void> {
    for (const name of ['line-2', 'line-3']) {
      const by = this.#principals.by(this.operator.call('CreatePrincipal', { kind: 'users', name }));
      await orPresent(by.create('user', name));
    }
    const arn = arnOfPrincipal(this.operator.deployment.config.accountId, 'user', 'line-3');
    const path = { kind: 'users', name: 'line-3' };
    const { policies, accessKeys } = await this.#principals.get(arn);
    for (const policy of ['cvv', 'former'].filter((name) => !policies.some((present) => present.name === name))) {
      const by = this.#principals.by(this.operator.call('PutPrincipalPolicy', { ...path, policy, ...POLICY }));
      await by.putPolicy(arn, policy, JSON.stringify(POLICY));
    }
    for (const id of ['UPDATE', 'ROTATE', 'DELETE'].map(demoAccessKeyId)) {
      const present = accessKeys.find((key) => key.id === id);
      if (present?.active) continue;
      const by = (operation: string, parameters: object = {}) =>
        this.#principals.by(this.operator.call(operation, { ...path, ...parameters }));
      // The secret of the new access key is discarded, so nobody can sign with it.
      if (!present) await by('CreateAccessKey').createAccessKey(arn, id);
      else await by('UpdateAccessKey', { id, Status: 'Active' }).setActive(arn, id, true);
    }
  }

  /** Creates the team that the examples associate. Its approvers can't sign, because they have no access keys. */
  async putTeam(): Promise<void> {
    const { changes, deployment } = this.operator;
    const { database, clock } = deployment;
    const sessions = new ApprovalSessions(database, changes, new DatabaseTime(database), pino({ level: 'silent' }));
    const teams = new ApprovalTeams(database, changes, sessions, new GuardedOperations(), clock);
    const Approvers = ['custodian-1', 'custodian-2'];
    for (const name of Approvers) {
      const by = this.#principals.by(this.operator.call('CreatePrincipal', { kind: 'users', name }));
      await orPresent(by.create('user', name));
    }
    const call = this.operator.call('CreateTeam', { Name: 'custodians', Approvers, MinApprovals: 2 });
    const members = { approvers: Approvers, minApprovals: 2, sessionSeconds: 86_400 };
    await orPresent(teams.create(call, 'custodians', members));
  }

  async #importKey(demo: DemoKey): Promise<Key> {
    const { config, clock } = this.operator.deployment;
    const { algorithm } = demo;
    const identity = {
      arn: this.#arnOf(demo.name),
      class: demo.class ?? 'SYMMETRIC_KEY',
      usage: demo.usage,
      algorithm,
      modes: modesOfUse(demo.modes),
      deriveKeyUsage: demo.deriveKeyUsage ?? null,
      exportable: true,
      kcvAlgorithm: kcvAlgorithmOf(algorithm),
    };
    const clear = demo.der ?? demoMaterial(demo.name, BLOCK_CIPHER_BYTES[algorithm as BlockCipherAlgorithm]);
    const { kcv, sealed } = sealKey(this.#provider, identity, clear);
    const attributes = { accountId: config.accountId, region: config.region, ...identity, kcv, sealed };
    const key = newKey({ ...attributes, origin: 'EXTERNAL', enabled: true }, clock.now());
    const KeyAttributes = {
      KeyUsage: key.usage,
      KeyClass: key.class,
      KeyAlgorithm: algorithm,
      KeyModesOfUse: key.modes,
    };
    return this.#keys.add(this.#call('ImportKey', { KeyAttributes, Tags: TAGS }), key, TAGS, []);
  }

  async #putAlias(alias: string, keyName: string, key: Key): Promise<void> {
    const [AliasName, KeyArn] = [demoAlias(alias), this.#arnOf(keyName)];
    if (key.state === 'DELETE_COMPLETE') return;
    const present = await orMissing(() => this.#aliases.get(this.#call('GetAlias', { AliasName }), AliasName));
    if (present?.keyArn === KeyArn || key.state === 'DELETE_PENDING') return;
    if (present) await this.#aliases.update(this.#call('UpdateAlias', { AliasName, KeyArn }), AliasName, KeyArn);
    else await this.#aliases.add(this.#call('CreateAlias', { AliasName, KeyArn }), AliasName, KeyArn);
  }

  /** Brings a key to the state that its example expects. A destroyed key stays destroyed. */
  async #putState({ name, state }: DemoKey, { state: stored, enabled }: Key): Promise<void> {
    const now = this.operator.deployment.clock.now();
    const KeyIdentifier = this.#arnOf(name);
    const change = (operation: string, step: Parameters<KeyRepository['change']>[2], input: object = {}) =>
      this.#keys.change(this.#call(operation, { KeyIdentifier, ...input }), KeyIdentifier, step);
    if (stored === 'DELETE_PENDING' && state !== 'pending') await change('RestoreKey', (key) => restore(key, true));
    if (stored !== 'CREATE_COMPLETE' && stored !== 'DELETE_PENDING') return;
    if (state === 'pending' && stored === 'CREATE_COMPLETE')
      await change('DeleteKey', (key) => scheduleDeletion(key, DELETION_DAYS, now), { DeleteKeyInDays: DELETION_DAYS });
    if (state === 'stopped' && enabled) await change('StopKeyUsage', (key) => stopUsage(key, now));
    if (state === undefined && !enabled) await change('StartKeyUsage', (key) => startUsage(key, now));
  }

  #call(operation: string, input: object): Call {
    return this.operator.call(operation, input, CONTROL_PLANE);
  }

  #arnOf(name: string): string {
    return keyArn(this.operator.deployment.config, demoKeyId(name));
  }
}

/** Reads a resource. @returns undefined if it doesn't exist */
async function orMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** Creates a resource unless it exists already. */
async function orPresent(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (!(error instanceof ConflictException)) throw error;
  });
}
