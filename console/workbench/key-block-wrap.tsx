import { toHex } from '../../src/crypto/bytes.js';
import { CryptoError } from '../../src/crypto/errors.js';
import {
  ALGORITHMS,
  EXPORTABILITIES,
  KEY_CONTEXTS,
  KEY_USAGES,
  type KeyBlockVersion,
  MODES_OF_USE,
  VERSIONS,
} from '../../src/crypto/tr31/header-values.js';
import { deriveBlockKeys } from '../../src/crypto/tr31/kbpk.js';
import { parseKeyBlock } from '../../src/crypto/tr31/key-block.js';
import type { OptionalBlock } from '../../src/crypto/tr31/optional-blocks.js';
import type { UnwrappedKey } from '../../src/crypto/tr31/unwrap.js';
import { wrapKeyBlock } from '../../src/crypto/tr31/wrap.js';
import { Copy } from '../components/copy.js';
import { Choice, TextArea, TextField } from '../components/field.js';
import { Answer, Digits, Result, Step, Verdict } from './calculator.js';
import { grouped } from './hex.js';
import { bytesOf, digitsOf, type Inputs } from './inputs.js';
import { KeyField } from './key-field.js';
import { KeyBlockFields } from './key-block-fields.js';
import { StoredKeyCalls } from './stored-key-call.js';

/** Inputs for wrapping a key. */
export const BLANK_WRAP = {
  key: '',
  versionId: 'D' as KeyBlockVersion,
  keyUsage: 'P0',
  algorithm: 'A',
  modeOfUse: 'E',
  keyVersionNumber: '00',
  exportability: 'E',
  keyContext: '0',
  optionalBlocks: '',
};
export const BLANK = { ...BLANK_WRAP, block: '', kbpk: '' };
export type KeyBlockValues = typeof BLANK;

/** The fields of an unwrapped key block, for wrapping its key again. */
export function rewrapped({ header, optionalBlocks, key }: UnwrappedKey): Partial<KeyBlockValues> {
  return {
    ...header,
    key: grouped(toHex(key)),
    optionalBlocks: optionalBlocks
      .filter(({ id }) => id !== 'PB')
      .map(({ id, data }) => `${id} ${data}`)
      .join('\n'),
  };
}

const described = (values: Readonly<Record<string, { description: string }>>) =>
  Object.entries(values).map(([code, { description }]) => [code, `${code} ${description}`] as const);
const worded = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([code, words]) => [code, `${code} ${words}`] as const);

export function WrapFields({ values, set }: Inputs<KeyBlockValues>) {
  return (
    <>
      <KeyField
        label="Key to wrap (test)"
        value={values.key}
        onInput={set('key')}
        empty="The key as bytes."
        algorithm={ALGORITHM_NAMES[values.algorithm]}
      />
      <div class="pair">
        <Choice
          label="Version"
          value={values.versionId}
          onInput={(value) => set('versionId')(value as KeyBlockVersion)}
          options={described(VERSIONS)}
        />
        <Choice label="Usage" value={values.keyUsage} onInput={set('keyUsage')} options={described(KEY_USAGES)} />
      </div>
      <div class="pair">
        <Choice label="Algorithm" value={values.algorithm} onInput={set('algorithm')} options={described(ALGORITHMS)} />
        <Choice
          label="Mode of use"
          value={values.modeOfUse}
          onInput={set('modeOfUse')}
          options={worded(MODES_OF_USE)}
        />
      </div>
      <div class="pair">
        <Choice
          label="Exportability"
          value={values.exportability}
          onInput={set('exportability')}
          options={worded(EXPORTABILITIES)}
        />
        <Choice label="Context" value={values.keyContext} onInput={set('keyContext')} options={worded(KEY_CONTEXTS)} />
      </div>
      <TextField
        label="Key version"
        mono
        value={values.keyVersionNumber}
        onInput={set('keyVersionNumber')}
        hint="2 characters, 00 if it isn’t used."
      />
      <TextArea
        label="Optional blocks"
        value={values.optionalBlocks}
        onInput={set('optionalBlocks')}
        rows={2}
        hint="One per line: its ID, a space, its data. PB is added where it is needed."
      />
    </>
  );
}

const ALGORITHM_NAMES: Readonly<Record<string, 'TDES' | 'AES'>> = { A: 'AES', T: 'TDES', D: 'TDES' };

export function Wrapped({ values }: { values: KeyBlockValues }) {
  return (
    <Result title="Key block" compute={() => wrapped(values)}>
      {({ text, keys }) => (
        <>
          <Answer
            verdict={
              <Verdict title="Key block">
                <p>
                  <code class="wrap">{text}</code> <Copy text={text} what="the key block" />
                </p>
              </Verdict>
            }
          >
            <Step title="Key block encryption key">
              <Digits value={keys.kbek} />
            </Step>
            <Step title="Key block authentication key">
              <Digits value={keys.kbak} />
            </Step>
            <Step title="Header, and the key with its length and random padding, encrypted and authenticated">
              <span class="quiet small">The padding is random, so the block differs each time.</span>
            </Step>
          </Answer>
          <KeyBlockFields text={text} block={parseKeyBlock(text)} />
          <KeyBlockCalls block={text} />
        </>
      )}
    </Result>
  );
}

/** The import and export screens exchange key blocks. */
export function KeyBlockCalls({ block }: { block: string }) {
  const kek = 'alias/your-key-encryption-key';
  return (
    <StoredKeyCalls
      calls={() => [
        {
          operation: 'ImportKey',
          plane: 'control',
          input: {
            KeyMaterial: {
              Tr31KeyBlock: { WrappingKeyIdentifier: kek, WrappedKeyBlock: digitsOf('a key block', block) },
            },
          },
          keys: {},
          screen: 'import',
        },
        {
          operation: 'ExportKey',
          plane: 'control',
          input: {
            ExportKeyIdentifier: 'alias/your-key',
            KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kek } },
          },
          keys: {},
          screen: 'export',
        },
      ]}
    />
  );
}

function wrapped(values: KeyBlockValues) {
  const { versionId, keyUsage, algorithm, modeOfUse, keyVersionNumber, exportability, keyContext } = values;
  const key = bytesOf('the key to wrap', values.key);
  const kbpk = {
    algorithm: VERSIONS[versionId].kbpkAlgorithm,
    key: bytesOf('the key block protection key', values.kbpk),
  };
  const header = { versionId, keyUsage, algorithm, modeOfUse, keyVersionNumber, exportability, keyContext };
  return {
    text: wrapKeyBlock({ kbpk, header, optionalBlocks: optionalBlocksOf(values.optionalBlocks), key }),
    keys: deriveBlockKeys(versionId, kbpk),
  };
}

/** @throws CryptoError for a line without an ID */
function optionalBlocksOf(text: string): OptionalBlock[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, id, data] = /^\s*([0-9A-Z]{2})\s(.*?)\s*$/.exec(line) ?? [];
      if (id === undefined || data === undefined)
        throw new CryptoError('KEY_BLOCK', `An optional block is an ID of 2 characters, a space and its data`);
      return { id, data };
    });
}
