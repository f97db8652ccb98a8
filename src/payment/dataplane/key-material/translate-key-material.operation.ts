import { Injectable } from '@nestjs/common';
import { lendBytes } from '../../../crypto/held-key.js';
import type { Call } from '../../../call.js';
import { wrapKeyBlock } from '../../../crypto/tr31/wrap.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { KeyAgreement } from '../../exchange/key-agreement.js';
import { KEY_BLOCK_PROTECTION_USAGES, kbpkAlgorithm } from '../../exchange/key-block-protection.js';
import { KeyBlocks, type OpenedKey } from '../../exchange/key-blocks.js';
import { checkStrength, requireOtherKey } from '../../exchange/strength.js';
import type { KeyCheckValueAlgorithm } from '../../keys/key-attributes.js';
import { checkCombination, kcvAlgorithmOf } from '../../keys/key-rules.js';
import { keyCheckValue, requireStrongKey } from '../../keys/key-material.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { type WorkingKey, WorkingKeys } from '../keys/working-keys.js';
import type { TranslateKeyMaterialInput, TranslateKeyMaterialOutput } from './key-material.schema.js';

type Incoming = NonNullable<TranslateKeyMaterialInput['IncomingKeyMaterial']['DiffieHellmanTr31KeyBlock']>;
type Outgoing = NonNullable<TranslateKeyMaterialInput['OutgoingKeyMaterial']['Tr31KeyBlock']>;

@Injectable()
export class TranslateKeyMaterialOperation {
  constructor(
    private readonly keys: WorkingKeys,
    private readonly agreement: KeyAgreement,
    private readonly keyBlocks: KeyBlocks,
  ) {}

  async execute(call: Call, input: TranslateKeyMaterialInput): Promise<TranslateKeyMaterialOutput> {
    // The schema accepts only these members of the unions.
    const incoming = input.IncomingKeyMaterial.DiffieHellmanTr31KeyBlock as Incoming;
    const outgoing = input.OutgoingKeyMaterial.Tr31KeyBlock as Outgoing;
    const derived = await this.agreement.agree(
      call,
      {
        pairIdentifier: incoming.PrivateKeyIdentifier,
        certificate: incoming.PublicKeyCertificate,
        authorityIdentifier: incoming.CertificateAuthorityPublicKeyIdentifier,
        kdf: incoming.KeyDerivationFunction,
        hash: incoming.KeyDerivationHashAlgorithm,
        sharedInformation: incoming.DerivationData.SharedInformation as string,
        algorithm: incoming.DeriveKeyAlgorithm,
      },
      KEY_BLOCK_PROTECTION_USAGES,
    );
    const kekRule = KEY_ARGUMENTS.TranslateKeyMaterial.WrappingKeyIdentifier.Tr31KeyBlock;
    const kek = await this.keys.find(call, kekRule, outgoing.WrappingKeyIdentifier);

    const { algorithm, protections } = derived;
    const wrapped = derived.use((key) =>
      this.keyBlocks.open(
        { algorithm: kbpkAlgorithm(algorithm), key },
        incoming.WrappedKeyBlock,
        protections,
        (opened) => rewrap(opened, kek, input.KeyCheckValueAlgorithm),
      ),
    );
    return { WrappedKey: { ...wrapped, WrappedKeyMaterialFormat: 'TR31_KEY_BLOCK' } };
  }
}

/** Wraps the key under another key, with the attributes that its key block states. */
function rewrap(opened: OpenedKey, kek: WorkingKey, kcvAlgorithm?: KeyCheckValueAlgorithm) {
  const { header, optionalBlocks, attributes, exportable, key } = opened;
  const { KeyAlgorithm: algorithm } = attributes;
  checkCombination(attributes);
  requireStrongKey(algorithm, key);
  if (!exportable) throw new ValidationException('The key block says that its key is not exportable.');
  checkStrength(algorithm, { kek: kek.algorithm });
  const cipher = kbpkAlgorithm(kek.algorithm);
  const kcv = keyCheckValue(algorithm, kcvAlgorithmOf(algorithm, kcvAlgorithm), key);
  const material = kek.use((held) =>
    lendBytes(held, (clear) => {
      requireOtherKey(key, clear);
      return wrapKeyBlock({
        kbpk: { algorithm: cipher, key: clear },
        header: { ...header, versionId: cipher === 'TDES' ? 'B' : 'D' },
        optionalBlocks: optionalBlocks.filter(({ id }) => id !== 'KP'),
        key,
      });
    }),
  );
  return { WrappedKeyMaterial: material, KeyCheckValue: kcv };
}
