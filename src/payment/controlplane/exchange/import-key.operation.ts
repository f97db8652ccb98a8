import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../../../call.js';
import { Clock } from '../../../clock.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { keyArn, newId } from '../../keys/arn.js';
import type { KeyCheckValueAlgorithm } from '../../keys/key-attributes.js';
import { newKey } from '../../keys/key-life-cycle.js';
import { requireStrongKey, sealKey } from '../../keys/key-material.js';
import { checkCombination, kcvAlgorithmOf } from '../../keys/key-rules.js';
import { KeyRepository } from '../../keys/key.repository.js';
import type { NewKey } from '../../keys/key.entity.js';
import { MpaTeamAssociationRepository, ROOT_CERTIFICATES } from '../../keys/mpa-team-association.repository.js';
import { requireReplicable } from '../../keys/multi-region.js';
import { Regions } from '../../keys/regions.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import { checkTags } from '../../keys/tag-rules.js';
import { CryptoProvider } from '../../../provider/crypto-provider.js';
import { presentKey } from '../keys/key.presenter.js';
import type { KeyOutput } from '../keys/keys.schema.js';
import type { ImportKeyInput, ImportKeyMaterial } from './exchange.schema.js';
import type { Admit, AdmittedKey } from './imports/admission.js';
import { As2805Import } from './imports/as2805.import.js';
import { DiffieHellmanImport } from './imports/diffie-hellman.import.js';
import { KeyCryptogramImport } from './imports/key-cryptogram.import.js';
import { PublicKeyImport } from './imports/public-key.import.js';
import { Tr31Import } from './imports/tr31.import.js';
import { Tr34Import } from './imports/tr34.import.js';

@Injectable()
export class ImportKeyOperation {
  constructor(
    private readonly tr31: Tr31Import,
    private readonly tr34: Tr34Import,
    private readonly keyCryptogram: KeyCryptogramImport,
    private readonly diffieHellman: DiffieHellmanImport,
    private readonly as2805: As2805Import,
    private readonly publicKey: PublicKeyImport,
    private readonly keys: KeyRepository,
    private readonly teams: MpaTeamAssociationRepository,
    private readonly regions: Regions,
    private readonly replications: ReplicationWork,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  async execute(call: Call, input: ImportKeyInput): Promise<KeyOutput> {
    const { Enabled: enabled = true, Tags: tags = [], ReplicationRegions: regions } = input;
    checkTags(tags);
    this.regions.requireReachable(call.region, regions ?? []);

    const scope = scopeOf(call);
    const arn = keyArn(scope, newId());
    const admitted = await this.#open(call, input.KeyMaterial, this.#admission(arn, input.KeyCheckValueAlgorithm));
    if (regions?.length) requireReplicable(admitted);
    const key = newKey({ ...scope, ...admitted, origin: 'EXTERNAL', enabled }, this.clock.now());
    const association = input.KeyMaterial.RootCertificatePublicKey && (await this.teams.find(call, ROOT_CERTIFICATES));
    if (association) return this.#request(call, input, key);
    const stored = await this.keys.add(call, key, tags, regions);
    return { Key: presentKey(stored, await this.replications.of(stored)) };
  }

  /** Stores a root certificate that can't be used before the associated team has approved it. */
  async #request(call: Call, input: ImportKeyInput, complete: NewKey): Promise<KeyOutput> {
    const { Tags: tags = [], ReplicationRegions: regions, RequesterComment } = input;
    if (RequesterComment === undefined)
      throw new ValidationException(
        'RequesterComment is required: a team must approve the import of a root certificate, and reads there why it is needed.',
      );
    const now = await this.teams.now();
    const key: NewKey = { ...complete, state: 'CREATE_IN_PROGRESS', usageStartedAt: null };
    const stored = await this.keys.add(call, key, tags, regions, (manager, note) =>
      this.teams.request(call, { manager, note, now, subject: key.arn, comment: RequesterComment }),
    );
    return {
      Key: presentKey(stored, await this.replications.of(stored), await this.teams.sessionOf(stored)),
    };
  }

  async #open(call: Call, material: ImportKeyMaterial, admit: Admit): Promise<AdmittedKey> {
    const { RootCertificatePublicKey, TrustedCertificatePublicKey, Tr31KeyBlock, Tr34KeyBlock, KeyCryptogram } =
      material;
    const { DiffieHellmanTr31KeyBlock, As2805KeyCryptogram } = material;
    if (RootCertificatePublicKey) return this.publicKey.openRoot(RootCertificatePublicKey, admit);
    if (TrustedCertificatePublicKey) return this.publicKey.openTrusted(call, TrustedCertificatePublicKey, admit);
    if (Tr31KeyBlock) return this.tr31.open(call, Tr31KeyBlock, admit);
    if (Tr34KeyBlock) return this.tr34.open(call, Tr34KeyBlock, admit);
    if (KeyCryptogram) return this.keyCryptogram.open(call, KeyCryptogram, admit);
    if (DiffieHellmanTr31KeyBlock) return this.diffieHellman.open(call, DiffieHellmanTr31KeyBlock, admit);
    if (As2805KeyCryptogram) return this.as2805.open(call, As2805KeyCryptogram, admit);
    throw new Error('The schema requires exactly one form of key material');
  }

  /** @param requested ignored for a public key: there is only one algorithm for it, but clients send others, too */
  #admission(arn: string, requested?: KeyCheckValueAlgorithm): Admit {
    return (attributes, exportable) => {
      checkCombination(attributes);
      const identity = {
        arn,
        class: attributes.KeyClass,
        usage: attributes.KeyUsage,
        algorithm: attributes.KeyAlgorithm,
        modes: attributes.KeyModesOfUse,
        deriveKeyUsage: null,
        exportable,
        kcvAlgorithm: kcvAlgorithmOf(
          attributes.KeyAlgorithm,
          attributes.KeyClass === 'PUBLIC_KEY' ? undefined : requested,
        ),
      };
      return (clear) => {
        requireStrongKey(identity.algorithm, clear);
        return { ...identity, ...sealKey(this.provider, identity, clear) };
      };
    };
  }
}
