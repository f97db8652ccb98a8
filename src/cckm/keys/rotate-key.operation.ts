import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { CckmException, notServed } from '../errors.js';
import { KmsCalls } from '../kms-calls.js';
import { timestamp } from '../uris.js';
import { aliasNameOf } from './aliases.js';
import { CckmKeys, requireChangeable, type RunOnKey } from './cckm-keys.js';
import { detailsOf, KeyRecordRepository, regionOf } from './key-record.repository.js';
import type { AwsParam, Key, RotateKeyInput } from './keys.schema.js';

const MATERIAL =
  'Rotate a key whose material KMS generates, or import other material with KMS GetParametersForImport and ImportKeyMaterial.';

const NO_ENCRYPTION = {
  Sid: 'Encryption is disabled since rotation',
  Effect: 'Deny',
  Principal: '*',
  Action: ['kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncryptTo'],
  Resource: '*',
};

/** Rotates a key by creating a new one of the same kind that takes over its aliases. */
@Injectable()
export class RotateKeyOperation {
  constructor(
    private readonly kms: KmsCalls,
    private readonly keys: CckmKeys,
    private readonly records: KeyRecordRepository,
  ) {}

  async execute(call: Call, id: string, input: RotateKeyInput): Promise<Key> {
    const { description, source_key_tier = '', source_key_id = '', retain_alias = false } = input;
    const { disable_encrypt = false, disable_encrypt_on_all_accounts = false } = input;
    if (source_key_id !== '' || (source_key_tier !== '' && source_key_tier !== 'native')) throw notServed(MATERIAL);
    const { record, container } = await this.records.find(id);
    requireChangeable(call, container, 'keycreate');

    let created: Key | undefined;
    await this.keys.change(call, id, 'keyrotate', async (run, view) => {
      const param = await view.awsParam();
      requireRotatable(param);
      const region = regionOf(record.keyArn);
      const { Alias = [] } = param;
      const aliases = Alias.map((name) => ({
        name,
        old: retain_alias ? oldNameOf(name, call.origin.time) : undefined,
      }));
      const { KeyMetadata } = await this.kms.run(call, region, 'CreateKey', successorOf(param, description));
      const keyArn = KeyMetadata?.Arn ?? '';
      call.record.uses(keyArn);
      const { rotated_at: _, rotated_to: __, ...grantees } = detailsOf(record);
      const details = { ...grantees, rotated_from: record.id };
      const successor = await this.records.add(call, container, keyArn, {} as AwsParam, details);
      await this.#moveAliases(call, aliases, { region, keyArn, oldArn: record.keyArn });
      created = await this.keys.changed(call, successor);
      if (disable_encrypt || disable_encrypt_on_all_accounts) await denyEncryption(run, param);
      return { rotated_to: successor.record.id, rotated_at: timestamp(call.origin.time, 6) };
    });
    return created as Key;
  }

  async #moveAliases(
    call: Call,
    aliases: readonly { name: string; old: string | undefined }[],
    { region, keyArn, oldArn }: { region: string; keyArn: string; oldArn: string },
  ): Promise<void> {
    for (const { name, old } of aliases) {
      await this.kms.run(call, region, 'UpdateAlias', { AliasName: name, TargetKeyId: keyArn });
      if (old !== undefined) await this.kms.run(call, region, 'CreateAlias', { AliasName: old, TargetKeyId: oldArn });
    }
  }
}

/**
 * Returns the new name for an alias that the old key keeps.
 * @throws CckmException NCERRInvalidParamValue if it is too long
 */
function oldNameOf(alias: string, time: Date): string {
  return aliasNameOf(`${alias}-${timestamp(time, 0).replaceAll(/\D/g, '')}`);
}

/**
 * Without the policy or the tags of the old key, its successor could be accessible to more callers.
 *
 * @throws CckmException NCERRForbidden if the caller may not read them; NCERRBadRequest for imported material
 */
function requireRotatable({ Origin, Policy, Alias, Tags }: AwsParam): void {
  if (Origin !== 'AWS_KMS') throw notServed(MATERIAL);
  if (Policy === undefined || Alias === undefined || Tags === undefined)
    throw new CckmException(
      'NCERRForbidden',
      'A rotation needs kms:GetKeyPolicy, kms:ListAliases and kms:ListResourceTags besides kms:CreateKey',
    );
}

function successorOf(
  { CustomerMasterKeySpec, KeyUsage, MultiRegion, Policy, Tags, Description }: AwsParam,
  description?: string,
) {
  return {
    KeySpec: CustomerMasterKeySpec,
    KeyUsage: KeyUsage as never,
    ...(MultiRegion && { MultiRegion }),
    Policy: JSON.stringify(withoutDenial(Policy)),
    Tags: Tags ?? [],
    Description: description || Description || '',
  };
}

async function denyEncryption(run: RunOnKey, { Policy }: AwsParam): Promise<void> {
  const { Statement, ...rest } = withoutDenial(Policy);
  await run('PutKeyPolicy', { Policy: JSON.stringify({ ...rest, Statement: [...Statement, NO_ENCRYPTION] }) });
}

/** Returns a key policy without the statement of an earlier rotation, which must not deny encryption with the new key. */
function withoutDenial(Policy: unknown): { Statement: object[] } {
  const { Statement = [], ...rest } = Policy as { Statement?: object | object[] };
  const others = [Statement].flat().filter((each) => (each as { Sid?: string }).Sid !== NO_ENCRYPTION.Sid);
  return { ...rest, Statement: others };
}
