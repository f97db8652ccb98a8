import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Call } from '../../../call.js';
import { lend } from '../../../crypto/emv/key.js';
import { type KeyBlock, parseKeyBlock } from '../../../crypto/tr31/key-block.js';
import { KeyAgreement } from '../../exchange/key-agreement.js';
import { kbpkAlgorithm } from '../../exchange/key-block-protection.js';
import { openKeyBlock } from '../../exchange/key-block.js';
import type { WrappedKey } from '../../fields.js';
import { algorithmLetter, modesOf, usageOf } from '../../keys/key-block-attributes.js';
import type { DeriveKeyUsage, KeyAlgorithm, KeyCheckValueAlgorithm } from '../../keys/key-attributes.js';
import { kcvAlgorithmOf, modesOfUse } from '../../keys/key-rules.js';
import { checkRequirement, type KeyRequirement, KeyRepository } from '../../keys/key.repository.js';
import { CryptoProvider, type Synchronous } from '../../../provider/crypto-provider.js';
import { keyCheckValue } from '../../keys/key-material.js';
import { WRAPPING } from './key-arguments.js';

/** A key that a call computes with. */
export interface WorkingKey {
  /** Of the stored key: the one itself, or the one that it came under. */
  arn: string;
  /** Of the key itself. */
  kcv: string;
  algorithm: KeyAlgorithm;
  /**
   * Lends the clear key for one computation and zeroizes it.
   *
   * @param compute gets raw bytes of a symmetric key, DER of an asymmetric one; may keep neither them nor a view of them
   */
  use: <T>(compute: (clear: Buffer) => Synchronous<T>) => T;
}

/**
 * A key derived from another: lent, it is derived from the lent key it comes of and zeroized with it. Its ARN and check
 * value are those of that key.
 *
 * @param derive gives a buffer of its own
 */
export function derivedKey(from: WorkingKey, algorithm: KeyAlgorithm, derive: (clear: Buffer) => Buffer): WorkingKey {
  return {
    arn: from.arn,
    kcv: from.kcv,
    algorithm,
    use: <T>(compute: (clear: Buffer) => Synchronous<T>) => from.use<T>((clear) => lend(derive(clear), compute)),
  };
}

type WrappedKey = z.infer<typeof WrappedKey>;
type EcdhDerivationAttributes = NonNullable<WrappedKey['WrappedKeyMaterial']['DiffieHellmanSymmetricKey']>;

/** What a key that comes with a call may be; base derivation keys and the like are stored. */
const DYNAMIC_KEY_USAGES: readonly DeriveKeyUsage[] = [
  'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
  'TR31_P0_PIN_ENCRYPTION_KEY',
];

/** The rule of a dynamic key, and the algorithm of the check value that the call asks for. */
interface DynamicNeeds {
  rule: KeyRequirement & { usages: readonly DeriveKeyUsage[] };
  kcvAlgorithm?: KeyCheckValueAlgorithm;
}

/** The one door to the keys of a data plane call. */
@Injectable()
export class WorkingKeys {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
    private readonly agreement: KeyAgreement,
  ) {}

  /**
   * @param rule       of KEY_ARGUMENTS, for this argument
   * @param identifier key ARN, alias ARN or alias name
   * @param wrappedKey the working key itself, where it comes with the call; `identifier` is then what it came under
   * @throws ResourceNotFoundException, AccessDeniedException, ValidationException for a key that doesn't serve; CryptoError
   *   for a key block or a certificate that isn't right
   */
  async find(call: Call, rule: KeyRequirement, identifier: string, wrappedKey?: WrappedKey): Promise<WorkingKey> {
    if (wrappedKey === undefined) {
      const key = await this.keys.getFor(call, rule, identifier);
      const { arn, kcv, algorithm } = key;
      return { arn, kcv, algorithm, use: (compute) => this.provider.use(key, compute) };
    }
    const { WrappedKeyMaterial, KeyCheckValueAlgorithm: kcvAlgorithm } = wrappedKey;
    const usages = DYNAMIC_KEY_USAGES.filter((usage) => rule.usages.includes(usage));
    const needs = { rule: { ...rule, usages }, kcvAlgorithm };
    const { Tr31KeyBlock, DiffieHellmanSymmetricKey } = WrappedKeyMaterial;
    return DiffieHellmanSymmetricKey
      ? this.#agreed(call, needs, identifier, DiffieHellmanSymmetricKey)
      : this.#wrapped(call, needs, identifier, Tr31KeyBlock as string);
  }

  /** A key in a TR-31 key block under a stored key-encryption key, opened anew each time it is lent. */
  async #wrapped(call: Call, needs: DynamicNeeds, identifier: string, text: string): Promise<WorkingKey> {
    const { rule } = needs;
    const kek = await this.keys.getFor(call, WRAPPING.Tr31KeyBlock, identifier);
    const name = `the key wrapped under ${kek.arn}`;
    checkHeader(rule, parseKeyBlock(text), name);

    const open = <T>(compute: (key: Buffer, algorithm: KeyAlgorithm) => Synchronous<T>): T =>
      this.provider.use(kek, (clear) =>
        openKeyBlock(
          { algorithm: kbpkAlgorithm(kek.algorithm), key: clear },
          text,
          [{ kek: kek.algorithm }],
          ({ attributes: { KeyUsage, KeyAlgorithm, KeyModesOfUse }, key }) => {
            checkRequirement(rule, { usage: KeyUsage, algorithm: KeyAlgorithm, modes: KeyModesOfUse }, name);
            return compute(key, KeyAlgorithm);
          },
        ),
      );
    const known = open((key, algorithm) => ({ algorithm, kcv: checkValue(algorithm, key, needs) }));
    return { arn: kek.arn, ...known, use: open };
  }

  /** A key that is agreed on by ECDH and used as it is, derived anew each time it is lent. It may do what its usage allows. */
  async #agreed(
    call: Call,
    needs: DynamicNeeds,
    identifier: string,
    attributes: EcdhDerivationAttributes,
  ): Promise<WorkingKey> {
    const { rule } = needs;
    const { pair, algorithm, use } = await this.agreement.agree(
      call,
      {
        pairIdentifier: identifier,
        certificate: attributes.PublicKeyCertificate,
        authorityIdentifier: attributes.CertificateAuthorityPublicKeyIdentifier,
        kdf: attributes.KeyDerivationFunction,
        hash: attributes.KeyDerivationHashAlgorithm,
        sharedInformation: attributes.SharedInformation,
        algorithm: attributes.KeyAlgorithm,
      },
      rule.usages,
    );
    const [usage] = rule.usages;
    const modes = modesOfUse(['Encrypt', 'Decrypt', 'Wrap', 'Unwrap']);
    checkRequirement(rule, { usage, algorithm, modes }, `the key derived with ${pair.arn}`);
    return { arn: pair.arn, kcv: use((clear) => checkValue(algorithm, clear, needs)), algorithm, use };
  }
}

/**
 * Checks what the header of a key block says before the block is opened; of the algorithm it says no more than the letter.
 *
 * @throws ValidationException
 */
function checkHeader(rule: KeyRequirement, { header }: KeyBlock, name: string): void {
  const algorithm = rule.algorithms.find((candidate) => algorithmLetter(candidate) === header.algorithm);
  checkRequirement(rule, { usage: usageOf(header), algorithm, modes: modesOf(header) }, name);
}

function checkValue(algorithm: KeyAlgorithm, clear: Buffer, { kcvAlgorithm }: DynamicNeeds): string {
  return keyCheckValue(algorithm, kcvAlgorithmOf(algorithm, kcvAlgorithm), clear);
}
