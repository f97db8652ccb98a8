import { useState } from 'preact/hooks';
import { toHex } from '../../src/crypto/bytes.js';
import { CryptoError } from '../../src/crypto/errors.js';
import { kcvCmac, kcvEcb } from '../../src/crypto/kcv.js';
import { KEY_USAGES, VERSIONS } from '../../src/crypto/tr31/header-values.js';
import { describeHeader, HEADER_CHARS } from '../../src/crypto/tr31/header.js';
import { CIPHERS, deriveBlockKeys } from '../../src/crypto/tr31/kbpk.js';
import { type KeyBlock, parseKeyBlock } from '../../src/crypto/tr31/key-block.js';
import { describeOptionalBlock, parseLength } from '../../src/crypto/tr31/optional-blocks.js';
import { unwrapKeyBlock } from '../../src/crypto/tr31/unwrap.js';
import { ByteRuler, type RuledField } from '../components/byte-ruler.js';
import { TextArea, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { Sheet } from '../components/sheet.js';
import { Empty } from '../components/states.js';
import { count } from '../words.js';
import { InThisTab } from './calculator.js';
import { grouped, readHex } from './hex.js';
import { keyWords } from './key-words.js';

/** TR-31:2018 A.7.4. */
const EXAMPLE = {
  block:
    'D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34',
  kbpk: '88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6',
};

/** Shows a TR-31 key block field by field, and opens it if its protection key is typed. */
export function KeyBlocks() {
  const [block, setBlock] = useState('');
  const [kbpk, setKbpk] = useState('');
  const text = block.trim().replace(/[\r\n]/g, '');
  const typed = readHex(kbpk);
  const load = (next: typeof EXAMPLE) => {
    setBlock(next.block);
    setKbpk(next.kbpk);
  };
  return (
    <>
      <Head title="Key blocks">
        <p>What is in a TR-31 or X9.143 key block of version A, B, C or D, and does this key open it?</p>
      </Head>
      <InThisTab />
      <div class="cols form">
        <Sheet title="Key block">
          <div class="body">
            <TextArea
              label="Key block"
              value={block}
              onInput={setBlock}
              rows={5}
              hint={text === '' ? 'Line ends are ignored.' : `${count(text.length, 'character')}.`}
            />
            <TextField
              label="Key block protection key (test)"
              mono
              value={kbpk}
              onInput={setKbpk}
              hint={keyWords(typed, 'Optional. Without it the block is shown, but not verified.')}
            />
            <div class="row">
              <button type="button" class="btn" onClick={() => load(EXAMPLE)}>
                Load an example
              </button>
              <button type="button" class="btn" onClick={() => load({ block: '', kbpk: '' })}>
                Clear
              </button>
            </div>
          </div>
        </Sheet>
        <div>
          {text === '' ? (
            <Sheet title="Fields">
              <Empty title="Nothing to show yet">
                <p>Paste a key block, or load the example.</p>
              </Empty>
            </Sheet>
          ) : (
            <Inspection text={text} kbpk={typed && 'bytes' in typed ? typed.bytes : undefined} />
          )}
        </div>
      </div>
    </>
  );
}

/** Runs a function of src/crypto. @returns its error if it refuses the input */
function attempt<Value>(compute: () => Value): Value | CryptoError {
  try {
    return compute();
  } catch (error) {
    if (error instanceof CryptoError) return error;
    throw error;
  }
}

function Inspection({ text, kbpk }: { text: string; kbpk: Buffer | undefined }) {
  const parsed = attempt(() => parseKeyBlock(text));
  if (parsed instanceof CryptoError) return <Malformed text={text} error={parsed} />;
  return (
    <>
      {kbpk && <Opened text={text} block={parsed} kbpk={kbpk} />}
      <Fields text={text} block={parsed} />
    </>
  );
}

/** Marks the character at which the block is malformed. */
function Malformed({ text, error }: { text: string; error: CryptoError }) {
  const at = Math.min(error.offset ?? 0, text.length);
  return (
    <section class="sheet">
      <div class="verdict bad" role="alert">
        <h2>Not a key block</h2>
        <p>{error.message}.</p>
      </div>
      <div class="body">
        <code class="wrap">
          {text.slice(0, at)}
          <mark>{text.charAt(at) || '?'}</mark>
          {text.slice(at + 1)}
        </code>
      </div>
    </section>
  );
}

function Fields({ text, block }: { text: string; block: KeyBlock }) {
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

/** What opening the block gives, step by step. */
function Opened({ text, block, kbpk }: { text: string; block: KeyBlock; kbpk: Buffer }) {
  const [isShown, setIsShown] = useState(false);
  const { versionId } = block.header;
  const { kbpkAlgorithm: algorithm, binding } = VERSIONS[versionId];
  const opened = attempt(() => unwrapKeyBlock({ algorithm, key: kbpk }, text));
  const derived = attempt(() => deriveBlockKeys(versionId, { algorithm, key: kbpk }));
  if (opened instanceof CryptoError || derived instanceof CryptoError)
    return (
      <section class="sheet">
        <div class="verdict bad" role="alert">
          <h2>This key doesn’t open it</h2>
          <p>{(opened instanceof CryptoError ? opened : (derived as CryptoError)).message}.</p>
        </div>
      </section>
    );
  const { key, header } = opened;
  return (
    <section class="sheet">
      <div class="verdict" role="status">
        <h2>The key opens the block</h2>
        <p>
          {KEY_USAGES[header.keyUsage]?.description ?? 'A key of proprietary usage'}, {count(key.length, 'byte')}
          {header.algorithm === 'A' || header.algorithm === 'T'
            ? `, check value ${checkValue(header.algorithm, key)}`
            : ''}
          .
        </p>
      </div>
      <div class="body">
        <ol class="steps">
          <li>
            <div>
              <h3>Key block encryption key, by {binding}</h3>
              <code class="wrap">{grouped(toHex(derived.kbek))}</code>
            </div>
          </li>
          <li>
            <div>
              <h3>Key block authentication key, by {binding}</h3>
              <code class="wrap">{grouped(toHex(derived.kbak))}</code>
            </div>
          </li>
          <li>
            <div>
              <h3>MAC over header and key</h3>
              <code class="wrap">{grouped(toHex(block.mac))}</code> <span class="tag ok">Matches</span>
            </div>
          </li>
          <li>
            <div>
              <h3>Key</h3>
              {isShown ? (
                <code class="wrap">{grouped(toHex(key))}</code>
              ) : (
                <button type="button" class="btn slim" onClick={() => setIsShown(true)}>
                  Show<span class="vh"> the key</span>
                </button>
              )}
            </div>
          </li>
        </ol>
      </div>
    </section>
  );
}

function checkValue(letter: 'A' | 'T', key: Buffer): string {
  if (letter === 'T' && key.length === 8) return 'of a single DES key';
  using cipher = CIPHERS[letter === 'A' ? 'AES' : 'TDES'](key);
  return toHex(letter === 'A' ? kcvCmac(cipher) : kcvEcb(cipher));
}
