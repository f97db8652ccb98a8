import { aesInitialKey } from '../../../../crypto/dukpt/aes.js';
import { tdesInitialKey } from '../../../../crypto/dukpt/tdes.js';
import { ValidationException } from '../../../../errors/exceptions.js';
import type { KeyAlgorithm, KeyCheckValueAlgorithm, KeyModesOfUse, KeyUsage } from '../../../keys/key-attributes.js';
import { usageCode } from '../../../keys/key-block-attributes.js';
import { kcvAlgorithmOf, modesOfUse } from '../../../keys/key-rules.js';
import type { Key } from '../../../keys/key.entity.js';
import type { CryptoProvider, Synchronous } from '../../../../provider/crypto-provider.js';
import type { ExportAttributes } from '../exchange.schema.js';

/** A symmetric key on its way out: a stored one, or the initial key derived from a stored BDK. */
export interface ExportedKey {
  /** Of a stored key. Initial keys have a usage that no stored key has. */
  usage?: KeyUsage;
  /** Two characters of a key block header. */
  usageCode: string;
  algorithm: KeyAlgorithm;
  modes: KeyModesOfUse;
  /** What a header says unless the caller has it say something else. */
  exportability: 'E' | 'S';
  kcvAlgorithm: KeyCheckValueAlgorithm;
  /** Lends the clear key for one computation and zeroizes it. */
  use: <T>(compute: (clear: Buffer) => Synchronous<T>) => T;
}

/**
 * The key that an export sends.
 *
 * @param key enabled
 * @throws ValidationException for a key that may not leave, or has no initial key as it is asked for
 */
export function exportedKey(key: Key, provider: CryptoProvider, attributes: ExportAttributes = {}): ExportedKey {
  if (key.class !== 'SYMMETRIC_KEY')
    throw new ValidationException(`KeyClass of the input key ${key.arn} is invalid for the operation.`);
  if (!key.exportable) throw new ValidationException(`Key ${key.arn} is not exportable.`);
  if (attributes.ExportDukptInitialKey) return initialKey(key, provider, attributes);
  return {
    usage: key.usage,
    usageCode: usageCode(key.usage),
    algorithm: key.algorithm,
    modes: key.modes,
    exportability: 'E',
    kcvAlgorithm: key.kcvAlgorithm,
    use: (compute) => provider.use(key, compute),
  };
}

/** The key a terminal begins with (IPEK), usage B1: ANSI X9.24 part 1 (TDES) and part 3 (AES). It is not stored. */
function initialKey(
  bdk: Key,
  provider: CryptoProvider,
  { ExportDukptInitialKey, KeyCheckValueAlgorithm }: ExportAttributes,
): ExportedKey {
  if (bdk.usage !== 'TR31_B0_BASE_DERIVATION_KEY')
    throw new ValidationException(`KeyUsage of the input key ${bdk.arn} is invalid for the operation.`);
  if (bdk.algorithm === 'TDES_3KEY')
    throw new ValidationException(`KeyAlgorithm of the input key ${bdk.arn} is invalid for the operation.`);
  const [derive, digits] = bdk.algorithm === 'TDES_2KEY' ? [tdesInitialKey, 20] : [aesInitialKey, 24];
  const ksn = Buffer.from(ExportDukptInitialKey?.KeySerialNumber ?? '', 'hex');
  if (2 * ksn.length !== digits)
    throw new ValidationException(`KeySerialNumber must be ${digits} digits for a key of ${bdk.algorithm}.`);
  return {
    usageCode: 'B1',
    algorithm: bdk.algorithm,
    modes: modesOfUse(['DeriveKey']),
    exportability: 'S',
    kcvAlgorithm: kcvAlgorithmOf(bdk.algorithm, KeyCheckValueAlgorithm),
    use: (compute) =>
      provider.use(bdk, (clear) => {
        const derived = derive({ bdk: clear, ksn });
        try {
          return compute(derived) as never;
        } finally {
          derived.fill(0);
        }
      }),
  };
}
