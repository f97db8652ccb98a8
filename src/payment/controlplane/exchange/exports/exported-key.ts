import { aesInitialKey } from '../../../../crypto/dukpt/aes.js';
import { tdesInitialKey } from '../../../../crypto/dukpt/tdes.js';
import { ValidationException } from '../../../../errors/exceptions.js';
import type { KeyAlgorithm, KeyCheckValueAlgorithm, KeyModesOfUse, KeyUsage } from '../../../keys/key-attributes.js';
import { usageCode } from '../../../keys/key-block-attributes.js';
import { kcvAlgorithmOf, modesOfUse } from '../../../keys/key-rules.js';
import type { Key } from '../../../keys/key.entity.js';
import type { CryptoProvider, Synchronous } from '../../../../provider/crypto-provider.js';
import type { ExportAttributes } from '../exchange.schema.js';

/** Symmetric key to export: a stored key, or the initial key derived from a stored BDK. */
export interface ExportedKey {
  /** KeyUsage of a stored key; undefined for an initial key, whose usage no stored key can have. */
  usage?: KeyUsage;
  /** Key usage in the key block header, 2 characters. */
  usageCode: string;
  algorithm: KeyAlgorithm;
  modes: KeyModesOfUse;
  /** Exportability in the key block header unless the caller requests another. */
  exportability: 'E' | 'S';
  kcvAlgorithm: KeyCheckValueAlgorithm;
  /** Lends the clear key to one computation and zeroizes it. */
  use: <T>(compute: (clear: Buffer) => Synchronous<T>) => T;
}

/**
 * Returns the key to export: the stored key, or the initial key derived from it.
 *
 * @param key enabled key
 * @throws ValidationException if the key may not be exported or can't derive the requested initial key
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

/** Derives the initial key (IPEK) of a terminal, usage B1: ANSI X9.24-1 (TDES) and X9.24-3 (AES). It is not stored. */
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
