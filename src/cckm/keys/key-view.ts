import { AccessDeniedException } from '../../errors/exceptions.js';
import type { Call } from '../../call.js';
import { KmsException } from '../../kms/exceptions.js';
import type { KeyMetadata } from '../../kms/keys/keys.schema.js';
import { storeArn } from '../../kms/stores/store-arn.js';
import type { InputOf, KmsCalls, KmsOperationName } from '../kms-calls.js';
import { ifAllowed } from '../errors.js';
import { resource } from '../resources.js';
import { storeUuid } from '../stores/store-record.repository.js';
import { timestamp } from '../uris.js';
import { granteesOf } from './grantees.js';
import { detailsOf, type RecordedKey, regionOf } from './key-record.repository.js';
import type { AwsParam, Key } from './keys.schema.js';
import { listAliases, type RegionAliases } from './region-aliases.js';

export type Tag = NonNullable<AwsParam['Tags']>[number];

/**
 * A recorded key as visible to the caller: read from KMS with the caller's permissions, each member at most once. The
 * record's snapshot replaces a key that KMS no longer has.
 */
export class KeyView {
  readonly #snapshot: AwsParam;
  #alias?: Promise<string[] | undefined>;
  #tags?: Promise<Tag[] | undefined>;
  #param?: Promise<AwsParam>;

  private constructor(
    private readonly kms: KmsCalls,
    private readonly call: Call,
    readonly recorded: RecordedKey,
    /** Undefined if KMS no longer has the key. */
    readonly metadata: KeyMetadata | undefined,
  ) {
    this.#snapshot = JSON.parse(recorded.record.snapshot) as AwsParam;
  }

  /** @throws AccessDeniedException if the caller may not describe the key */
  static async read(kms: KmsCalls, call: Call, recorded: RecordedKey): Promise<KeyView> {
    const { keyArn } = recorded.record;
    const described = await unlessGone(kms.run(call, regionOf(keyArn), 'DescribeKey', { KeyId: keyArn }));
    return new KeyView(kms, call, recorded, described?.KeyMetadata);
  }

  get isGone(): boolean {
    return this.metadata === undefined;
  }

  /** The members that DescribeKey returns, or the last ones that it returned. */
  get described(): AwsParam {
    return this.metadata ? describe(this.metadata) : this.#snapshot;
  }

  /** Alias names; undefined if the caller may not list them. @param all the aliases of all keys, if they are needed */
  alias(all?: RegionAliases): Promise<string[] | undefined> {
    return (this.#alias ??= this.#member('Alias', async () => {
      if (all) return this.isGone ? undefined : all.of(this.#arn);
      const listed = await listAliases(this.kms, this.call, regionOf(this.#arn), this.#arn);
      return listed.map(({ name }) => name);
    }));
  }

  /** Tags; undefined if the caller may not list them. */
  tags(): Promise<Tag[] | undefined> {
    return (this.#tags ??= this.#member('Tags', async () => {
      const { Tags } = await this.#run('ListResourceTags', { KeyId: this.#arn });
      return Tags ?? [];
    }));
  }

  /** Returns aws_param, in the order of CipherTrust Manager. */
  awsParam(): Promise<AwsParam> {
    return (this.#param ??= this.#readParam());
  }

  /** Returns the key resource. */
  async present(): Promise<Key> {
    return presentKey(this.recorded, await this.awsParam(), this.isGone);
  }

  get #arn(): string {
    return this.recorded.record.keyArn;
  }

  async #readParam(): Promise<AwsParam> {
    const {
      MultiRegion,
      MultiRegionConfiguration,
      CurrentKeyMaterialId,
      CustomKeyStoreId,
      XksKeyConfiguration,
      DeletionDate,
      ExpirationModel,
      ValidTo,
      ...first
    } = this.described;
    const rotation = await this.#rotation();
    return defined({
      ...first,
      Policy: await this.#member('Policy', async () => {
        const { Policy = '' } = await this.#run('GetKeyPolicy', { KeyId: this.#arn });
        return JSON.parse(Policy) as unknown;
      }),
      Alias: await this.alias(),
      Tags: await this.tags(),
      ...rotation,
      DeletionDate,
      ExpirationModel,
      ValidTo,
      CurrentKeyMaterialId,
      MultiRegion,
      MultiRegionConfiguration,
      CustomKeyStoreId,
      XksKeyConfiguration,
    });
  }

  #run<N extends KmsOperationName>(name: N, input: InputOf<N>) {
    return this.kms.run(this.call, regionOf(this.#arn), name, input);
  }

  /** Reads a member, from the snapshot if the key is gone. Returns undefined if the caller may not read it. */
  async #member<N extends keyof AwsParam>(name: N, read: () => Promise<AwsParam[N]>): Promise<AwsParam[N] | undefined> {
    return ifAllowed(unlessGone(read()).then((member) => member ?? this.#snapshot[name]));
  }

  /** KMS has a rotation status only for keys whose material it generates. */
  async #rotation(): Promise<Pick<AwsParam, 'KeyRotationEnabled' | 'RotationPeriodInDays' | 'NextRotationDate'>> {
    if (this.isGone || this.metadata?.Origin !== 'AWS_KMS') return { KeyRotationEnabled: false };
    try {
      const status = await this.#run('GetKeyRotationStatus', { KeyId: this.#arn });
      const { KeyRotationEnabled, RotationPeriodInDays, NextRotationDate } = status;
      return { KeyRotationEnabled, RotationPeriodInDays, NextRotationDate: seconds(NextRotationDate) };
    } catch (error) {
      if (error instanceof AccessDeniedException || isNotFound(error)) return {};
      throw error;
    }
  }
}

function describe(metadata: KeyMetadata): AwsParam {
  const { AWSAccountId, Arn, CustomerMasterKeySpec, Description, Enabled, EncryptionAlgorithms, SigningAlgorithms } =
    metadata;
  const { KeyAgreementAlgorithms, EncapsulationAlgorithms, MacAlgorithms } = metadata;
  const { KeyId, KeyManager, KeyState, KeyUsage, Origin, CreationDate } = metadata;
  const { DeletionDate, ExpirationModel, ValidTo, CurrentKeyMaterialId, MultiRegion, MultiRegionConfiguration } =
    metadata;
  const { CustomKeyStoreId, XksKeyConfiguration } = metadata;
  return defined({
    ...{ AWSAccountId, Arn, CustomerMasterKeySpec, Description, Enabled, EncryptionAlgorithms, SigningAlgorithms },
    ...{ MacAlgorithmSpec: MacAlgorithms, KeyAgreementAlgorithms, EncapsulationAlgorithms },
    ...{ KeyID: KeyId, KeyManager, KeyState, KeyUsage, Origin },
    CreationDate: seconds(CreationDate),
    DeletionDate: seconds(DeletionDate),
    ExpirationModel,
    ValidTo: seconds(ValidTo),
    ...{ CurrentKeyMaterialId, MultiRegion, MultiRegionConfiguration, CustomKeyStoreId, XksKeyConfiguration },
  });
}

/** Presents a record in the order of CipherTrust Manager. */
function presentKey({ record, container }: RecordedKey, aws_param: AwsParam, gone: boolean): Key {
  const { CustomerMasterKeySpec = '', Origin, DeletionDate, CustomKeyStoreId } = aws_param;
  const { rotated_at, rotated_from, rotated_to, ...grantees } = detailsOf(record);
  return defined({
    ...resource('aws-key', record.id, record),
    kms_id: container.id,
    kms: container.name,
    synced_at: timestamp(record.syncedAt, 6),
    rotation_status: rotated_to === undefined ? '' : 'ROTATED',
    cloud_name: 'aws',
    key_type: /^(?:SYMMETRIC|HMAC)/.test(CustomerMasterKeySpec) ? ('symmetric' as const) : ('asymmetric' as const),
    basic_view_enabled: false,
    region: regionOf(record.keyArn),
    gone,
    key_material_origin: materialOrigin(Origin),
    ...{ deletion_date: DeletionDate, rotated_at, rotated_from, rotated_to },
    ...storeMembers(record.keyArn, CustomKeyStoreId),
    ...granteesOf(grantees),
    aws_param,
  });
}

/** Returns the members that only a key in a custom key store has. @param id the id of the store in KMS */
function storeMembers(keyArn: string, id: string | undefined): Pick<Key, 'custom_key_store_id' | 'linked_state'> {
  if (id === undefined) return {};
  const [, , , region = '', accountId = ''] = keyArn.split(':');
  return { custom_key_store_id: storeUuid(storeArn({ accountId, region, id })), linked_state: true };
}

/** Returns `native` for material that KMS generated, in a CloudHSM key store too, and `cckm` for any other. */
export function materialOrigin(origin = ''): 'native' | 'cckm' {
  return origin.startsWith('EXTERNAL') ? 'cckm' : 'native';
}

/** Formats a time of KMS. @param time seconds since 1970 */
export function seconds(time: number | undefined): string | undefined {
  return time === undefined ? undefined : timestamp(new Date(time * 1000), 0);
}

/** Returns the result of a KMS call; undefined if KMS doesn't have the key. */
async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof KmsException && error.name === 'NotFoundException';
}

/** Removes undefined members. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
