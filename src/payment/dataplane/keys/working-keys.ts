import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Call } from '../../../call.js';
import { lend } from '../../../crypto/emv/key.js';
import type { SymmetricKey } from '../../../crypto/held-key.js';
import { type KeyBlock, parseKeyBlock } from '../../../crypto/tr31/key-block.js';
import { KeyAgreement } from '../../exchange/key-agreement.js';
import { kbpkAlgorithm } from '../../exchange/key-block-protection.js';
import { KeyBlocks } from '../../exchange/key-blocks.js';
import type { WrappedKey } from '../../fields.js';
import { algorithmLetter, modesOf, usageOf } from '../../keys/key-block-attributes.js';
import type { DeriveKeyUsage, KeyAlgorithm, KeyCheckValueAlgorithm } from '../../keys/key-attributes.js';
import { checkRequirement, kcvAlgorithmOf, type KeyRequirement, modesOfUse } from '../../keys/key-rules.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { CryptoProvider, type Synchronous } from '../../../provider/crypto-provider.js';
import { keyCheckValue, requireStrongKey } from '../../keys/key-material.js';
import { WRAPPING } from './key-arguments.js';
import { whenReady } from '../../../when-ready.js';

/** Key that an operation computes with. */
export interface WorkingKey {
  /** ARN of a stored key: this key, or the key under which it was wrapped, or its parent in a derivation. */
  arn: string;
  /** Key check value in hexadecimal digits. For a key from `derivedKey`, it is the parent's. */
  kcv: string;
  algorithm: KeyAlgorithm;
  /**
   * Lends the key to one computation. If the computation receives its bytes, they are zeroized afterwards.
   *
   * @param compute receives a symmetric key, or the DER of an asymmetric key; must not keep it or a view of it
   */
  use: <T>(compute: (key: SymmetricKey) => Synchronous<T>) => T;
}

/**
 * Returns a key that is derived from its parent on each use and zeroized together with it. Its ARN and check value are
 * those of the parent.
 *
 * @param derive returns the derived key in a new buffer
 */
export function derivedKey(
  from: WorkingKey,
  algorithm: KeyAlgorithm,
  derive: (key: SymmetricKey) => Buffer,
): WorkingKey {
  return {
    arn: from.arn,
    kcv: from.kcv,
    algorithm,
    use: <T>(compute: (key: SymmetricKey) => Synchronous<T>) => from.use<T>((key) => lend(derive(key), compute)),
  };
}

type WrappedKey = z.infer<typeof WrappedKey>;
type EcdhDerivationAttributes = NonNullable<WrappedKey['WrappedKeyMaterial']['DiffieHellmanSymmetricKey']>;

/** Usages that a dynamic key (a key sent with the request) may have. Keys of other usages must be stored. */
const DYNAMIC_KEY_USAGES: readonly DeriveKeyUsage[] = [
  'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
  'TR31_P0_PIN_ENCRYPTION_KEY',
];

/** Requirements for a dynamic key, and the check value algorithm that the request specifies. */
interface DynamicNeeds {
  rule: KeyRequirement & { usages: readonly DeriveKeyUsage[] };
  kcvAlgorithm?: KeyCheckValueAlgorithm;
}

/** Resolves the keys of data plane requests. Operations get keys from here only. */
@Injectable()
export class WorkingKeys {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
    private readonly agreement: KeyAgreement,
    private readonly keyBlocks: KeyBlocks,
  ) {}

  /**
   * Returns the key that a request names or contains.
   *
   * @param rule       rule in KEY_ARGUMENTS for this argument
   * @param identifier key ARN, alias ARN or alias name
   * @param wrappedKey dynamic key; `identifier` then names the key that it is wrapped under or derived with
   * @returns a promise only for a key that isn't cached or that the request contains
   * @throws ResourceNotFoundException, AccessDeniedException; ValidationException if the key is unsuitable;
   *   CryptoError if the key block or the certificate is invalid
   */
  find(
    call: Call,
    rule: KeyRequirement,
    identifier: string,
    wrappedKey?: WrappedKey,
  ): WorkingKey | Promise<WorkingKey> {
    if (wrappedKey === undefined)
      return whenReady(this.keys.getFor(call, rule, identifier), (key) => ({
        arn: key.arn,
        kcv: key.kcv,
        algorithm: key.algorithm,
        use: (compute) => compute(this.provider.hold(key)),
      }));
    const { WrappedKeyMaterial, KeyCheckValueAlgorithm: kcvAlgorithm } = wrappedKey;
    const usages = DYNAMIC_KEY_USAGES.filter((usage) => rule.usages.includes(usage));
    const needs = { rule: { ...rule, usages }, kcvAlgorithm };
    const { Tr31KeyBlock, DiffieHellmanSymmetricKey } = WrappedKeyMaterial;
    return DiffieHellmanSymmetricKey
      ? this.#agreed(call, needs, identifier, DiffieHellmanSymmetricKey)
      : this.#wrapped(call, needs, identifier, Tr31KeyBlock as string);
  }

  /** Returns a key in a TR-31 key block under a stored key-encryption key. It is unwrapped again for each use. */
  async #wrapped(call: Call, needs: DynamicNeeds, identifier: string, text: string): Promise<WorkingKey> {
    const { rule } = needs;
    const kek = await this.keys.getFor(call, WRAPPING.Tr31KeyBlock, identifier);
    const name = `the key wrapped under ${kek.arn}`;
    checkHeader(rule, parseKeyBlock(text), name);

    const open = <T>(compute: (key: Buffer, algorithm: KeyAlgorithm) => Synchronous<T>): T =>
      this.provider.use(kek, (clear) =>
        this.keyBlocks.open(
          { algorithm: kbpkAlgorithm(kek.algorithm), key: clear },
          text,
          [{ kek: kek.algorithm }],
          ({ attributes: { KeyUsage, KeyAlgorithm, KeyModesOfUse }, key }) => {
            checkRequirement(rule, { usage: KeyUsage, algorithm: KeyAlgorithm, modes: KeyModesOfUse }, name);
            return compute(key, KeyAlgorithm);
          },
        ),
      );
    const known = open((key, algorithm) => {
      requireStrongKey(algorithm, key);
      return { algorithm, kcv: checkValue(algorithm, key, needs) };
    });
    return { arn: kek.arn, ...known, use: open };
  }

  /** Returns a key agreed on by ECDH, which is derived again for each use. The key may do whatever its usage allows. */
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
 * Checks the header of a key block before the block is unwrapped. The header has only the letter of the algorithm, not
 * the key length.
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
