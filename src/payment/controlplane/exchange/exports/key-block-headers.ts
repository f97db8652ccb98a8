import type { KeyBlockVersion } from '../../../../crypto/tr31/header-values.js';
import type { KeyBlockHeader } from '../../../../crypto/tr31/header.js';
import type { OptionalBlock } from '../../../../crypto/tr31/optional-blocks.js';
import { ValidationException } from '../../../../errors/exceptions.js';
import type { KeyModesOfUse } from '../../../keys/key-attributes.js';
import { algorithmLetter, hashBlock, modeLetter } from '../../../keys/key-block-attributes.js';
import { checkCombination, modeNames } from '../../../keys/key-rules.js';
import type { KeyBlockHeaders } from '../exchange.schema.js';
import type { ExportedKey } from './exported-key.js';

const EXPORTABILITIES = { EXPORTABLE: 'E', SENSITIVE: 'S', NON_EXPORTABLE: 'N' } as const;

/** Maximum total length in characters of the caller's optional blocks, including IDs and lengths. */
const MAX_OPTIONAL_CHARS = 112;
/** Optional blocks that the service adds itself. */
const OWN_BLOCKS = ['PB', 'HM'];

/**
 * Builds the key block header of an exported key from the key's attributes and the caller's restrictions.
 *
 * @throws ValidationException if the header would permit more than the key does
 */
export function headerOf(
  key: ExportedKey,
  versionId: KeyBlockVersion,
  { KeyModesOfUse, KeyExportability, KeyVersion = '00', OptionalBlocks = {} }: KeyBlockHeaders = {},
): { header: KeyBlockHeader; optionalBlocks: OptionalBlock[] } {
  if (KeyModesOfUse) checkNarrower(key, KeyModesOfUse);
  return {
    header: {
      versionId,
      keyUsage: key.usageCode,
      algorithm: algorithmLetter(key.algorithm),
      modeOfUse: modeLetter(KeyModesOfUse ?? key.modes),
      keyVersionNumber: KeyVersion,
      exportability: KeyExportability ? EXPORTABILITIES[KeyExportability] : key.exportability,
      keyContext: '0',
    },
    optionalBlocks: [...hashBlock(key.algorithm), ...callersBlocks(OptionalBlocks)],
  };
}

function checkNarrower({ usage, algorithm, modes }: ExportedKey, wanted: KeyModesOfUse): void {
  if (!modes.NoRestrictions && modeNames(wanted).some((mode) => !modes[mode]))
    throw new ValidationException(
      `KeyModesOfUse of KeyBlockHeaders may not go beyond those of the key, {${modeNames(modes).join()}}.`,
    );
  if (usage !== undefined)
    checkCombination({
      KeyUsage: usage,
      KeyClass: 'SYMMETRIC_KEY',
      KeyAlgorithm: algorithm,
      KeyModesOfUse: wanted,
    });
}

function callersBlocks(blocks: Record<string, string>): OptionalBlock[] {
  const optionalBlocks = Object.entries(blocks).map(([id, data]) => ({ id, data }));
  const own = optionalBlocks.find(({ id }) => OWN_BLOCKS.includes(id));
  if (own) throw new ValidationException(`OptionalBlocks may not have ${own.id}: it is added where it is needed.`);
  const chars = optionalBlocks.reduce((sum, { data }) => sum + 4 + data.length, 0);
  if (chars > MAX_OPTIONAL_CHARS)
    throw new ValidationException(
      `OptionalBlocks must have at most ${MAX_OPTIONAL_CHARS} characters, 4 for each block and its value.`,
    );
  return optionalBlocks;
}
