import { useState } from 'preact/hooks';
import { xor } from '../../src/crypto/bytes.js';
import { TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { Notice } from '../components/notice.js';
import { Sheet } from '../components/sheet.js';
import { Empty } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { useLoad } from '../load.js';
import { keyId, loadKeys } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { type CheckValue, checkValues, isKeyLength } from './compute-check-values.js';
import { InThisTab } from './calculator.js';
import { grouped, readHex } from './hex.js';
import { keyWords } from './key-words.js';

/** TR-31:2018 A.7.2.1: the key block protection key of a published key block. */
const EXAMPLE = '89E88CF7931444F334BD7547FC3F380C';
const MOST_COMPONENTS = 9;

/** Computes the check values of a test key, or of the XOR of its components, by every method that its length allows. */
export function CheckValues() {
  const [components, setComponents] = useState(['']);
  const [wanted, setWanted] = useState('');
  const typed = components.map(readHex);
  const isPlural = components.length > 1;
  const key = combine(typed);
  const change = (index: number) => (text: string) =>
    setComponents(components.map((other, at) => (at === index ? text : other)));
  return (
    <>
      <Head title="Check values">
        <p>Which key is this, and by which method was its check value computed?</p>
      </Head>
      <InThisTab />
      <div class="cols form">
        <Sheet title="Key">
          <div class="body">
            {components.map((text, index) => (
              <TextField
                key={index}
                label={isPlural ? `Component ${index + 1}` : 'Key (test)'}
                mono
                value={text}
                onInput={change(index)}
                hint={keyWords(typed[index], 'Hexadecimal, 8 to 64 bytes.')}
              />
            ))}
            {isPlural && <p class="hint">{combinedWords(key)}</p>}
            <TextField
              label="Check value to look for"
              mono
              value={wanted}
              onInput={setWanted}
              hint="Optional. Its first digits are enough."
            />
            <div class="row">
              <button type="button" class="btn" onClick={() => setComponents([EXAMPLE])}>
                Load an example
              </button>
              {components.length < MOST_COMPONENTS && (
                <button type="button" class="btn" onClick={() => setComponents([...components, ''])}>
                  Add a component
                </button>
              )}
              <button
                type="button"
                class="btn"
                onClick={() => {
                  setComponents(['']);
                  setWanted('');
                }}
              >
                Clear
              </button>
            </div>
          </div>
        </Sheet>
        <div>
          {key && 'bytes' in key && isKeyLength(key.bytes.length) ? (
            <Results bytes={key.bytes} wanted={wanted.replace(/\s/g, '').toUpperCase()} />
          ) : (
            <Sheet title="Check values">
              <Empty title="Nothing to compute yet">
                <p>Type a test key, or load the example.</p>
              </Empty>
            </Sheet>
          )}
        </div>
      </div>
    </>
  );
}

function combine(typed: ReturnType<typeof readHex>[]): ReturnType<typeof readHex> {
  return typed.reduce((sum, next) => {
    if (sum === undefined || next === undefined || 'fault' in sum) return sum && next;
    if ('fault' in next) return next;
    if (sum.bytes.length !== next.bytes.length) return { fault: 'The components have different lengths.' };
    return { bytes: xor(sum.bytes, next.bytes) };
  });
}

function combinedWords(key: ReturnType<typeof readHex>): string {
  const words = keyWords(key, 'Type all components.');
  return key && 'bytes' in key ? `Combined by XOR: ${words}` : words;
}

function methodWords({ algorithm, method }: CheckValue): string {
  if (method === 'ECB') return `${algorithm}, zeros in ECB`;
  if (method === 'CMAC') return `${algorithm}, CMAC of zeros`;
  return `HMAC ${method.replace('SHA', 'SHA-')}, empty message`;
}

function Results({ bytes, wanted }: { bytes: Buffer; wanted: string }) {
  const values = checkValues(bytes);
  const hits = values.filter(({ digits }) => wanted !== '' && digits.startsWith(wanted));
  return (
    <>
      <StoredKeyWarning values={values} />
      <Sheet title="Check values" aside={<span class="quiet">Bold: the 3 bytes that are usual</span>}>
        {wanted !== '' && hits.length === 0 && (
          <p class="body problem">No method gives {wanted}. The key, a component or a digit differs.</p>
        )}
        <table class="table cards">
          <thead>
            <tr>
              <th scope="col">Method</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {values.map((row) => (
              <tr key={methodWords(row)} class={hits.includes(row) ? 'hit' : undefined}>
                <td class="whole">
                  {methodWords(row)} {hits.includes(row) && <Tag tone="ok">Matches</Tag>}
                </td>
                <td class="wide">
                  <code class="wrap">
                    <strong>{row.digits.slice(0, 6)}</strong> {grouped(row.digits.slice(6))}
                  </code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Sheet>
    </>
  );
}

/** A key that is stored here is hardly a test key. The keys' check values are compared in the tab. */
function StoredKeyWarning({ values }: { values: readonly CheckValue[] }) {
  const loaded = useLoad(loadKeys, [region.value]);
  if (loaded.state !== 'ready') return null;
  const stored = loaded.value.keys.find(({ KeyCheckValue }) =>
    values.some(({ digits }) => digits.startsWith(KeyCheckValue)),
  );
  if (stored === undefined) return null;
  return (
    <Notice tone="warn">
      <strong>Is this really a test key?</strong> The stored key{' '}
      <a href={hrefOf(['keys', region.value, keyId(stored.KeyArn)])}>{stored.aliases[0] ?? keyId(stored.KeyArn)}</a> has
      the same check value.
    </Notice>
  );
}
