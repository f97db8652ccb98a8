import { xor } from '../../src/crypto/bytes.js';
import { type CheckValue, checkValues, publicKeyCheckValue } from '../../src/workbench/check-values.js';
import { TextArea, TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { count } from '../words.js';
import { Calculator, currentTask, Result, Verdict } from './calculator.js';
import { HexField } from './hex-field.js';
import { grouped, readHex, type Typed } from './hex.js';
import { digitsOf, Incomplete, type Inputs, useInputs } from './inputs.js';
import { StoredKeyWarning } from './key-field.js';
import { keyWords } from './key-words.js';
import { type ApiCall, StoredKeyCalls } from './stored-key-call.js';

const TASKS = { key: 'Key', public: 'Public key' } as const;
const BLANK = { components: [''], wanted: '', pem: '' };

/** TR-31:2018 A.7.2.1: the key block protection key of a published key block. */
const EXAMPLE = { components: ['89E8 8CF7 9314 44F3 34BD 7547 FC3F 380C'] };
/** RFC 8410 section 10.1. */
const PUBLIC_EXAMPLE = {
  pem: '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----',
};
/** Names the method and the value for checking a stored key. */
const GET_KEY: ApiCall = {
  operation: 'GetKey',
  plane: 'control',
  input: { KeyIdentifier: 'alias/your-key' },
  keys: { KeyIdentifier: '' },
};
const MOST_COMPONENTS = 9;

/** Computes the check values of a test key, or of the XOR of its components, by every method that its length allows. */
export function CheckValues() {
  const inputs = useInputs(BLANK);
  const { values, change, clear } = inputs;
  const isPublic = currentTask(TASKS) === 'public';
  return (
    <Calculator
      title="Check values"
      question="Which key is this, and by which method was its check value computed?"
      tasks={TASKS}
      sheet="Key"
      inputs={isPublic ? <PublicKeyField {...inputs} /> : <KeyFields {...inputs} />}
      onLoad={() => change(isPublic ? PUBLIC_EXAMPLE : EXAMPLE)}
      onClear={clear}
      actions={
        !isPublic &&
        values.components.length < MOST_COMPONENTS && (
          <button type="button" class="btn" onClick={() => change({ components: [...values.components, ''] })}>
            Add a component
          </button>
        )
      }
    >
      {isPublic ? <PublicKey pem={values.pem} /> : <KeyResults values={values} />}
      <StoredKeyCalls calls={() => [GET_KEY]} />
    </Calculator>
  );
}

function KeyFields({ values, set, change }: Inputs<typeof BLANK>) {
  const { components } = values;
  const isPlural = components.length > 1;
  const typed = components.map(readHex);
  return (
    <>
      {components.map((text, index) => (
        <HexField
          key={index}
          label={isPlural ? `Component ${index + 1}` : 'Key (test)'}
          value={text}
          onInput={(next) => change({ components: components.map((other, at) => (at === index ? next : other)) })}
          hint={keyWords(typed[index], 'Hexadecimal, 8 to 64 bytes.', isPlural ? algorithmOf(typed[index]) : undefined)}
        />
      ))}
      {isPlural && <p class="hint field">{combinedWords(combine(typed))}</p>}
      <TextField
        label="Check value to look for"
        mono
        value={values.wanted}
        onInput={set('wanted')}
        hint="Optional, 4 to 16 digits."
      />
    </>
  );
}

/** The usual algorithm for the check value of a component of this length. */
function algorithmOf(typed: Typed): 'TDES' | 'AES' | undefined {
  if (!typed || 'fault' in typed) return undefined;
  const { length } = typed.bytes;
  if (length === 32) return 'AES';
  return length === 16 || length === 24 ? 'TDES' : undefined;
}

function KeyResults({ values }: { values: typeof BLANK }) {
  const compute = () => {
    const key = combine(values.components.map(readHex));
    if (key === undefined || 'fault' in key || key.bytes.length < 8)
      throw new Incomplete('a test key of 8 to 64 bytes');
    return checkValues(key.bytes);
  };
  return (
    <Result title="Check values" compute={compute}>
      {(found) => <Results values={found} wanted={values.wanted.replace(/\s/g, '').toUpperCase()} />}
    </Result>
  );
}

function PublicKeyField({ values, set }: Inputs<typeof BLANK>) {
  return <TextArea label="Public key" aside="PEM" value={values.pem} onInput={set('pem')} rows={8} />;
}

function PublicKey({ pem }: { pem: string }) {
  const compute = () => publicKeyCheckValue(digitsOf('a public key', pem) && pem);
  return (
    <Result title="Check value" compute={compute}>
      {({ digits, bytes }) => (
        <section class="sheet" aria-live="polite">
          <Verdict title={`Check value ${grouped(digits)}`}>
            <p>
              The first 4 bytes of SHA-1 over the key’s SubjectPublicKeyInfo, {count(bytes, 'byte')} of DER, as GetKey
              returns it.
            </p>
          </Verdict>
        </section>
      )}
    </Result>
  );
}

function combine(typed: readonly Typed[]): Typed {
  return typed.reduce((sum, next) => {
    if (sum === undefined || next === undefined || 'fault' in sum) return sum && next;
    if ('fault' in next) return next;
    if (sum.bytes.length !== next.bytes.length) return { fault: 'The components have different lengths.' };
    return { bytes: xor(sum.bytes, next.bytes) };
  });
}

function combinedWords(key: Typed): string {
  const words = keyWords(key, 'Type all components.');
  return key && 'bytes' in key ? `Combined by XOR: ${words}` : words;
}

function methodWords({ algorithm, method }: CheckValue): string {
  if (method === 'ECB') return `${algorithm}, zeros in ECB`;
  if (method === 'CMAC') return `${algorithm}, CMAC of zeros`;
  return `HMAC ${method.replace('SHA', 'SHA-')}, empty message`;
}

function Results({ values, wanted }: { values: readonly CheckValue[]; wanted: string }) {
  const hits = values.filter(({ digits }) => wanted !== '' && digits.startsWith(wanted));
  return (
    <>
      <StoredKeyWarning values={values} />
      <Sheet title="Check values" aside={<span class="quiet">Bold: the usual 3 bytes</span>}>
        {wanted !== '' && hits.length === 0 && (
          <p class="body problem">No method gives {wanted}. The key, a component or a digit differs.</p>
        )}
        <Table head={['Method', 'Value']}>
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
        </Table>
      </Sheet>
    </>
  );
}
