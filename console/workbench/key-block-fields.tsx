import { toHex } from '../../src/crypto/bytes.js';
import { describeHeader, HEADER_CHARS } from '../../src/crypto/tr31/header.js';
import type { KeyBlock } from '../../src/crypto/tr31/key-block.js';
import { describeOptionalBlock, parseLength } from '../../src/crypto/tr31/optional-blocks.js';
import { ByteRuler, type RuledField } from '../components/byte-ruler.js';
import { Sheet } from '../components/sheet.js';
import { count } from '../words.js';
import { grouped } from './hex.js';

/** A key block on the byte ruler, with the meaning of its header. */
export function KeyBlockFields({ text, block }: { text: string; block: KeyBlock }) {
  const { header, headerBytes, ciphertext, mac } = block;
  const words = describeHeader(header);
  const fixed: RuledField[] = [
    { value: header.versionId, name: 'Version', note: '0', hue: 6 },
    { value: text.slice(1, 5), name: 'Length', note: '1', hue: 6 },
    { value: header.keyUsage, name: 'Usage', note: '5', hue: 1 },
    { value: header.algorithm, name: 'Algorithm', note: '7', hue: 2 },
    { value: header.modeOfUse, name: 'Mode of use', note: '8', hue: 3 },
    { value: header.keyVersionNumber, name: 'Key version', note: '9', hue: 6 },
    { value: header.exportability, name: 'Exportability', note: '11', hue: 4 },
    { value: text.slice(12, 14), name: 'Optional blocks', note: '12', hue: 6 },
    { value: header.keyContext, name: 'Context', note: '14', hue: 6 },
    { value: text.slice(15, 16), name: 'Reserved', note: '15', hue: 6 },
  ];
  const keyOffset = headerBytes.length;
  const macOffset = text.length - 2 * mac.length;
  const meanings = [
    ['Version', words.versionId],
    ['Usage', words.keyUsage],
    ['Algorithm', words.algorithm],
    ['Mode of use', words.modeOfUse],
    ['Key version', words.keyVersionNumber],
    ['Exportability', words.exportability],
    ['Context', words.keyContext],
  ] as const;
  return (
    <Sheet title="Fields" aside={<span class="quiet">With the place of their first character</span>}>
      <div class="body">
        <ByteRuler
          label="Fields of the key block"
          fields={[
            ...fixed,
            ...optionalFields(text, block),
            {
              value: grouped(toHex(ciphertext)),
              name: 'Encrypted key',
              note: `${keyOffset}, ${count(ciphertext.length, 'byte')}`,
              hue: 1,
            },
            { value: grouped(toHex(mac)), name: 'MAC', note: `${macOffset}, ${count(mac.length, 'byte')}`, hue: 5 },
          ]}
        />
        <dl class="defs next">
          {meanings.map(([name, meaning]) => (
            <Meaning key={name} name={name} meaning={meaning} />
          ))}
        </dl>
      </div>
    </Sheet>
  );
}

function Meaning({ name, meaning }: { name: string; meaning: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{meaning}</dd>
    </>
  );
}

function optionalFields(text: string, { optionalBlocks }: KeyBlock): RuledField[] {
  let offset = HEADER_CHARS;
  return optionalBlocks.map((block) => {
    const { length } = parseLength(text, offset);
    const field: RuledField = {
      value: text.slice(offset, offset + length),
      name: `${block.id} at ${offset}`,
      note: describeOptionalBlock(block),
      hue: block.id === 'PB' ? 6 : 2,
    };
    offset += length;
    return field;
  });
}
