import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../../../call.js';
import { Clock } from '../../../clock.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { keyArn, newId } from '../../keys/arn.js';
import { begin } from '../../keys/key-life-cycle.js';
import { checkCombination, kcvAlgorithmOf } from '../../keys/key-rules.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import { requireReplicable } from '../../keys/multi-region.js';
import { Regions } from '../../keys/regions.js';
import { checkTags } from '../../keys/tag-rules.js';
import { CryptoProvider } from '../../../provider/crypto-provider.js';
import { presentKey } from './key.presenter.js';
import type { CreateKeyInput, KeyOutput } from './keys.schema.js';

@Injectable()
export class CreateKeyOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
    private readonly regions: Regions,
    private readonly replications: ReplicationWork,
    private readonly clock: Clock,
  ) {}

  async execute(call: Call, input: CreateKeyInput): Promise<KeyOutput> {
    const { KeyAttributes: attributes, Enabled: enabled = true, Tags: tags = [], ReplicationRegions: regions } = input;
    check(input);
    this.regions.requireReachable(call.region, regions ?? []);

    const scope = scopeOf(call);
    const identity = {
      arn: keyArn(scope, newId()),
      class: attributes.KeyClass,
      usage: attributes.KeyUsage,
      algorithm: attributes.KeyAlgorithm,
      modes: attributes.KeyModesOfUse,
      deriveKeyUsage: input.DeriveKeyUsage ?? null,
      exportable: input.Exportable,
      kcvAlgorithm: kcvAlgorithmOf(attributes.KeyAlgorithm, input.KeyCheckValueAlgorithm),
    };
    const { kcv, sealed } = await this.provider.generate(identity);
    const key = begin(
      { ...scope, ...identity, kcv, sealed, origin: 'AWS_PAYMENT_CRYPTOGRAPHY', enabled },
      this.clock.now(),
    );
    const stored = await this.keys.add(call, key, tags, regions);
    return { Key: presentKey(stored, await this.replications.of(stored)) };
  }
}

function check({
  KeyAttributes,
  KeyCheckValueAlgorithm,
  Exportable,
  DeriveKeyUsage,
  Tags,
  ReplicationRegions,
}: CreateKeyInput): void {
  if (KeyAttributes.KeyClass === 'PUBLIC_KEY' || KeyAttributes.KeyClass === 'PRIVATE_KEY')
    throw new ValidationException(
      `A key of KeyClass ${KeyAttributes.KeyClass} can't be created: create an ASYMMETRIC_KEY_PAIR, or import a public key.`,
    );
  checkCombination(KeyAttributes);
  kcvAlgorithmOf(KeyAttributes.KeyAlgorithm, KeyCheckValueAlgorithm);
  if (DeriveKeyUsage !== undefined && KeyAttributes.KeyUsage !== 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT')
    throw new ValidationException(
      'DeriveKeyUsage is for keys of KeyUsage TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT only.',
    );
  checkTags(Tags ?? []);
  if (ReplicationRegions?.length) requireReplicable({ exportable: Exportable });
}
