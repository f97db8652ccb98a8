import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { AccessDeniedException } from '../../errors/exceptions.js';
import type { ContainerRow } from '../containers/container.entity.js';
import { ContainerRepository, requireRegion } from '../containers/container.repository.js';
import { CckmException, notServed } from '../errors.js';
import { KmsCalls } from '../kms-calls.js';
import { Policies, TEMPLATE_TAG } from '../templates/policies.js';
import { aliasNameOf } from './aliases.js';
import { CckmKeys, requireChangeable } from './cckm-keys.js';
import { KeyRecordRepository } from './key-record.repository.js';
import { isNotFound } from './key-view.js';
import type { AwsParam, CreateKeyInput, Key } from './keys.schema.js';

/** Default usages by prefix of the spec, as in Thales's Terraform provider. */
const USAGES: readonly (readonly [spec: string, usage: string])[] = [
  ['ECC', 'SIGN_VERIFY'],
  ['RSA', 'ENCRYPT_DECRYPT'],
  ['HMAC', 'GENERATE_VERIFY_MAC'],
];

/** Waiting period of a new key that couldn't get its alias or its record. */
const DAYS = 7;

/** The container, Region and custom key store of a new key. */
interface Place {
  container: ContainerRow;
  region: string;
  /** `cks-…` */
  CustomKeyStoreId?: string;
}

@Injectable()
export class CreateKeyOperation {
  constructor(
    private readonly kms: KmsCalls,
    private readonly containers: ContainerRepository,
    private readonly records: KeyRecordRepository,
    private readonly keys: CckmKeys,
    private readonly policies: Policies,
  ) {}

  /** @param policy key policy as JSON, as the request states it */
  async execute(call: Call, { kms, region, ...input }: CreateKeyInput, policy: string | undefined): Promise<Key> {
    const container = await this.containers.find(kms);
    requireChangeable(call, container, 'keycreate');
    requireRegion(container, region, 'region');
    return this.#create(call, { container, region }, input, policy);
  }

  /** Creates a key in an AWS CloudHSM key store whose ACLs permit it to the caller. */
  inStore(
    call: Call,
    place: Required<Place>,
    input: Omit<CreateKeyInput, 'kms' | 'region'>,
    policy: string | undefined,
  ): Promise<Key> {
    return this.#create(call, place, input, policy);
  }

  async #create(
    call: Call,
    { container, region, CustomKeyStoreId }: Place,
    { aws_param: param, ...choice }: Omit<CreateKeyInput, 'kms' | 'region'>,
    policy: string | undefined,
  ): Promise<Key> {
    const chosen = await this.policies.choose(call, choice, policy);
    const alias = param.Alias ? aliasNameOf(param.Alias) : undefined;
    if (alias !== undefined) await requireFree(this.kms, call, region, alias);

    const { KeyMetadata } = await this.kms.run(call, region, 'CreateKey', {
      ...inputOf(param, CustomKeyStoreId),
      ...(chosen && { Policy: chosen.text }),
      Tags: [
        ...(param.Tags ?? []),
        ...(chosen?.template === undefined ? [] : [{ TagKey: TEMPLATE_TAG, TagValue: chosen.template }]),
      ],
    });
    const keyArn = KeyMetadata?.Arn ?? '';
    const recorded = await this.#orDiscard(call, region, keyArn, async () => {
      if (alias !== undefined)
        await this.kms.run(call, region, 'CreateAlias', { AliasName: alias, TargetKeyId: keyArn });
      return this.records.add(call, container, keyArn, {} as AwsParam, chosen?.grantees);
    });
    call.record.created({ key: { id: recorded.record.id, arn: keyArn } });
    return this.keys.changed(call, recorded);
  }

  /** Completes a new key. If that fails, schedules the deletion of the key, because the caller couldn't find it. */
  async #orDiscard<T>(call: Call, region: string, KeyId: string, complete: () => Promise<T>): Promise<T> {
    try {
      return await complete();
    } catch (error) {
      await this.kms
        .run(call, region, 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays: DAYS })
        .catch(() => undefined);
      throw error;
    }
  }
}

/** True if a key has an alias that the caller may see. */
export async function isTaken(kms: KmsCalls, call: Call, region: string, alias: string): Promise<boolean> {
  try {
    await kms.run(call, region, 'DescribeKey', { KeyId: alias });
    return true;
  } catch (error) {
    if (isNotFound(error) || error instanceof AccessDeniedException) return false;
    throw error;
  }
}

/** @throws CckmException NCERRKeyAlreadyExists if the caller can see that another key has the alias */
export async function requireFree(kms: KmsCalls, call: Call, region: string, alias: string): Promise<void> {
  if (await isTaken(kms, call, region, alias))
    throw new CckmException('NCERRKeyAlreadyExists', `The alias ${alias} already exists in ${region}`);
}

/** Returns the input of KMS, without members that are empty. KMS checks the values. */
function inputOf(param: CreateKeyInput['aws_param'], CustomKeyStoreId?: string): object {
  const { CustomerMasterKeySpec: spec = '', KeyUsage = '', Origin = '', Description, MultiRegion } = param;
  const origins = CustomKeyStoreId === undefined ? ['AWS_KMS', 'EXTERNAL'] : ['AWS_CLOUDHSM'];
  if (Origin !== '' && !origins.includes(Origin)) throw notServed(`aws_param.Origin must be ${origins.join(' or ')}.`);
  const usage = KeyUsage || USAGES.find(([beginning]) => spec.startsWith(beginning))?.[1];
  return {
    ...(spec !== '' && { KeySpec: spec }),
    ...(usage && { KeyUsage: usage }),
    ...(CustomKeyStoreId !== undefined && { CustomKeyStoreId, Origin: 'AWS_CLOUDHSM' }),
    ...(Origin !== '' && { Origin }),
    ...(Description && { Description }),
    ...(MultiRegion && { MultiRegion }),
    ...(param.BypassPolicyLockoutSafetyCheck && { BypassPolicyLockoutSafetyCheck: true }),
  };
}
