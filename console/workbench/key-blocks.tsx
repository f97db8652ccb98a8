import { useState } from 'preact/hooks';
import { toHex } from '../../src/crypto/bytes.js';
import { CryptoError } from '../../src/crypto/errors.js';
import { KEY_USAGES, type KeyBlockVersion, VERSIONS } from '../../src/crypto/tr31/header-values.js';
import { deriveBlockKeys } from '../../src/crypto/tr31/kbpk.js';
import { type KeyBlock, parseKeyBlock } from '../../src/crypto/tr31/key-block.js';
import { type UnwrappedKey, unwrapKeyBlock } from '../../src/crypto/tr31/unwrap.js';
import { TextArea } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Empty } from '../components/states.js';
import { hrefOf } from '../router.js';
import { count } from '../words.js';
import { Calculator, currentTask } from './calculator.js';
import { grouped, readHex } from './hex.js';
import { useInputs } from './inputs.js';
import { KeyField } from './key-field.js';
import { KeyBlockFields } from './key-block-fields.js';
import {
  BLANK,
  BLANK_WRAP,
  KeyBlockCalls,
  type KeyBlockValues,
  rewrapped,
  Wrapped,
  WrapFields,
} from './key-block-wrap.js';
import { checkValueOf } from './key-words.js';
import { Malformed } from './malformed.js';

const TASKS = { inspect: 'Inspect and open', wrap: 'Wrap' } as const;

/** TR-31:2018 A.7.4. */
const EXAMPLE = {
  block:
    'D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34',
  kbpk: '88E1 AB2A 2E3D D38C 1FA0 39A5 3650 0CC8 A87A B9D6 2DC9 2C01 058F A79F 4465 7DE6',
};
const WRAP_EXAMPLE: Partial<KeyBlockValues> = {
  ...BLANK_WRAP,
  kbpk: EXAMPLE.kbpk,
  key: '3F41 9E1C B707 9442 AA37 474C 2EFB F8B8',
};

/** Shows a TR-31 key block field by field, unwraps it if the user enters its protection key, and wraps keys. */
export function KeyBlocks() {
  const inputs = useInputs<KeyBlockValues>(BLANK);
  const { values, set, change, clear } = inputs;
  const isWrap = currentTask(TASKS) === 'wrap';
  const text = values.block.trim().replace(/[\r\n]/g, '');
  const typed = readHex(values.kbpk);
  return (
    <Calculator
      title="Key blocks"
      question="What is in a TR-31 or X9.143 key block of version A, B, C or D, and does this key open it?"
      tasks={TASKS}
      sheet={isWrap ? 'Key and header' : 'Key block'}
      inputs={
        <>
          {!isWrap && (
            <TextArea
              label="Key block"
              value={values.block}
              onInput={set('block')}
              rows={5}
              hint={text === '' ? 'Line ends are ignored.' : `${count(text.length, 'character')}.`}
            />
          )}
          <KeyField
            label="Key block protection key (test)"
            value={values.kbpk}
            onInput={set('kbpk')}
            empty={
              isWrap
                ? 'TDES for versions A, B and C, AES for D.'
                : 'Optional. Without it the block is shown, but not verified.'
            }
            algorithm={kbpkAlgorithm(isWrap ? values.versionId : text.charAt(0))}
          />
          {isWrap && <WrapFields {...inputs} />}
        </>
      }
      onLoad={() => change(isWrap ? WRAP_EXAMPLE : EXAMPLE)}
      onClear={clear}
    >
      {isWrap ? (
        <Wrapped values={values} />
      ) : text === '' ? (
        <Sheet title="Fields">
          <Empty title="Nothing to show yet">
            <p>Paste a key block, or load the example.</p>
          </Empty>
        </Sheet>
      ) : (
        <Inspection
          text={text}
          kbpk={typed && 'bytes' in typed ? typed.bytes : undefined}
          onRewrap={(opened) => {
            change(rewrapped(opened));
            location.hash = hrefOf(['workbench', 'key-blocks'], { task: 'wrap' });
          }}
        />
      )}
    </Calculator>
  );
}

function kbpkAlgorithm(version: string): 'TDES' | 'AES' | undefined {
  return Object.hasOwn(VERSIONS, version) ? VERSIONS[version as KeyBlockVersion].kbpkAlgorithm : undefined;
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

function Inspection({
  text,
  kbpk,
  onRewrap,
}: {
  text: string;
  kbpk: Buffer | undefined;
  onRewrap: (opened: UnwrappedKey) => void;
}) {
  const parsed = attempt(() => parseKeyBlock(text));
  if (parsed instanceof CryptoError) return <Malformed text={text} error={parsed} />;
  return (
    <>
      {kbpk && <Opened text={text} block={parsed} kbpk={kbpk} onRewrap={onRewrap} />}
      <KeyBlockFields text={text} block={parsed} />
      <KeyBlockCalls block={text} />
    </>
  );
}

/** Shows the steps of unwrapping the block. */
function Opened({
  text,
  block,
  kbpk,
  onRewrap,
}: {
  text: string;
  block: KeyBlock;
  kbpk: Buffer;
  onRewrap: (opened: UnwrappedKey) => void;
}) {
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
        <p class="next">
          <button type="button" class="btn" onClick={() => onRewrap(opened)}>
            Wrap again with another header
          </button>
        </p>
      </div>
    </section>
  );
}

function checkValue(letter: 'A' | 'T', key: Buffer): string {
  if (letter === 'T' && key.length === 8) return 'of a single DES key';
  return checkValueOf(letter === 'A' ? 'AES' : 'TDES', key);
}
