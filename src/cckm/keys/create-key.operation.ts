import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { AccessDeniedException } from '../../errors/exceptions.js';
import { ContainerRepository } from '../containers/container.repository.js';
import { CckmException, notServed } from '../errors.js';
import { KmsCalls } from '../kms-calls.js';
import { Policies, TEMPLATE_TAG } from '../templates/policies.js';
import { aliasNameOf } from './aliases.js';
import { CckmKeys, requireChangeable } from './cckm-keys.js';
import { KeyRecordRepository } from './key-record.repository.js';
import { isNotFound } from './key-view.js';
import type { AwsParam, CreateKeyInput, Key } from './keys.schema.js';

/** The usage of a key whose usage isn't stated, by the beginning of its spec. */
const USAGES: readonly (readonly [spec: string, usage: string])[] = [
  ['ECC', 'SIGN_VERIFY'],
  ['RSA', 'ENCRYPT_DECRYPT'],
  ['HMAC', 'GENERATE_VERIFY_MAC'],
];

/** Waiting period of a key that turned out to be of no use. */
const DAYS = 7;

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
  async execute(
    call: Call,
    { kms, region, aws_param: param, ...choice }: CreateKeyInput,
    policy: string | undefined,
  ): Promise<Key> {
    const container = await this.containers.find(kms);
    requireChangeable(call, container, 'keycreate');
    if (!container.regions.split(',').includes(region))
      throw new CckmException(
        'NCERRInvalidParamValue',
        `region must be one of the KMS ${container.name}: ${container.regions}`,
      );
    const chosen = await this.policies.choose(choice, policy);
    const alias = param.Alias ? aliasNameOf(param.Alias) : undefined;
    if (alias !== undefined) await this.#requireFree(call, region, alias);

    const { KeyMetadata } = await this.kms.run(call, region, 'CreateKey', {
      ...inputOf(param),
      ...(chosen && { Policy: chosen.text }),
      Tags: [
        ...(param.Tags ?? []),
        ...(chosen?.template === undefined ? [] : [{ TagKey: TEMPLATE_TAG, TagValue: chosen.template }]),
      ],
    });
    const keyArn = KeyMetadata?.Arn ?? '';
    if (alias !== undefined) await this.#addAlias(call, region, keyArn, alias);
    const recorded = await this.records.add(call, container, keyArn, {} as AwsParam, chosen?.grantees);
    call.record.created({ key: { id: recorded.record.id, arn: keyArn } });
    return this.keys.changed(call, recorded);
  }

  /** @throws CckmException NCERRKeyAlreadyExists if the caller can see that another key has the alias */
  async #requireFree(call: Call, region: string, alias: string): Promise<void> {
    if (await isTaken(this.kms, call, region, alias))
      throw new CckmException('NCERRKeyAlreadyExists', `The alias ${alias} already exists in ${region}`);
  }

  /** Names the new key. If that fails, the key is of no use to the caller, and is scheduled for deletion. */
  async #addAlias(call: Call, region: string, keyArn: string, AliasName: string): Promise<void> {
    try {
      await this.kms.run(call, region, 'CreateAlias', { AliasName, TargetKeyId: keyArn });
    } catch (error) {
      await this.kms
        .run(call, region, 'ScheduleKeyDeletion', { KeyId: keyArn, PendingWindowInDays: DAYS })
        .catch(() => undefined);
      throw error;
    }
  }
}

/** True if a key has an alias, as far as the caller may know. */
export async function isTaken(kms: KmsCalls, call: Call, region: string, alias: string): Promise<boolean> {
  try {
    await kms.run(call, region, 'DescribeKey', { KeyId: alias });
    return true;
  } catch (error) {
    if (isNotFound(error) || error instanceof AccessDeniedException) return false;
    throw error;
  }
}

/** Returns the input of KMS, without members that are empty. KMS checks the values. */
function inputOf(param: CreateKeyInput['aws_param']): object {
  const { CustomerMasterKeySpec: spec = '', KeyUsage = '', Origin = '', Description, MultiRegion } = param;
  if (Origin !== '' && Origin !== 'AWS_KMS' && Origin !== 'EXTERNAL')
    throw notServed('aws_param.Origin must be AWS_KMS or EXTERNAL.');
  const usage = KeyUsage || USAGES.find(([beginning]) => spec.startsWith(beginning))?.[1];
  return {
    ...(spec !== '' && { KeySpec: spec }),
    ...(usage && { KeyUsage: usage }),
    ...(Origin !== '' && { Origin }),
    ...(Description && { Description }),
    ...(MultiRegion && { MultiRegion }),
    ...(param.BypassPolicyLockoutSafetyCheck && { BypassPolicyLockoutSafetyCheck: true }),
  };
}
