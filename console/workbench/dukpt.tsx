import { toHex } from '../../src/crypto/bytes.js';
import {
  deriveTransaction,
  type DukptDerivation,
  neighbourOf,
  type DukptReading,
  readingsUnder,
} from '../../src/workbench/dukpt.js';
import { TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { Calculator, Digits, Parts, Result, Step, Steps, Verdict } from './calculator.js';
import { HexField } from './hex-field.js';
import { grouped, readHex } from './hex.js';
import { bytesOf, outcomeOf, useInputs } from './inputs.js';
import { KeyField } from './key-field.js';
import { checkValueOf } from './key-words.js';
import { type ApiCall, StoredKeyCalls } from './stored-key-call.js';

const BLANK = { bdk: '', ksn: '', ciphertext: '', pan: '' };
/** ANSI X9.24-1:2009 A.4.2: the PIN block of PIN 1234. */
const EXAMPLE = {
  bdk: '0123 4567 89AB CDEF FEDC BA98 7654 3210',
  ksn: 'FFFF 9876 5432 10E0 0001',
  ciphertext: '1B9C 1845 EB99 3A7A',
  pan: '4012345678909',
};

/** The keys of a DUKPT transaction, and the search for the key that encrypted given data. */
export function Dukpt() {
  const { values, set, change, clear } = useInputs(BLANK);
  const isAes = lengthOf(values.ksn) === 12;
  const step = (by: 1 | -1) => {
    const outcome = outcomeOf(() => neighbourOf(ksnOf(values), by));
    if ('value' in outcome && outcome.value) change({ ksn: grouped(toHex(outcome.value)) });
  };
  return (
    <Calculator
      title="DUKPT"
      question="Which keys does a terminal use for this key serial number, and which of them encrypted this?"
      sheet="Transaction"
      inputs={
        <>
          <KeyField
            label="Base derivation key (test)"
            value={values.bdk}
            onInput={set('bdk')}
            empty="16 bytes for TDES; 16, 24 or 32 for AES."
            algorithm={isAes ? 'AES' : 'TDES'}
          />
          <HexField label="Key serial number" value={values.ksn} onInput={set('ksn')} hint={ksnWords(values.ksn)} />
          <div class="row field">
            <button type="button" class="btn slim" onClick={() => step(-1)}>
              Previous<span class="vh"> key serial number</span>
            </button>
            <button type="button" class="btn slim" onClick={() => step(1)}>
              Next<span class="vh"> key serial number</span>
            </button>
          </div>
          <HexField
            label="Ciphertext or PIN block"
            value={values.ciphertext}
            onInput={set('ciphertext')}
            hint={values.ciphertext === '' ? 'Optional: decrypted under every key of the transaction.' : undefined}
          />
          <TextField
            label="PAN"
            mono
            value={values.pan}
            onInput={set('pan')}
            hint="Optional, to recognize a PIN block that is bound to it."
          />
        </>
      }
      onLoad={() => change(EXAMPLE)}
      onClear={clear}
    >
      <Result title="Keys" compute={() => derived(values)}>
        {({ derivation, readings }) => (
          <>
            {readings && <Readings readings={readings} />}
            <Path derivation={derivation} />
            <WorkingKeys derivation={derivation} />
          </>
        )}
      </Result>
      <StoredKeyCalls calls={() => callsOf(values)} />
    </Calculator>
  );
}

function callsOf(values: typeof BLANK): ApiCall[] {
  const ksn = toHex(ksnOf(values));
  const ciphertext = toHex(bytesOf('the ciphertext or PIN block', values.ciphertext));
  const isAes = ksn.length === 24;
  const pan = values.pan.replace(/\s/g, '');
  return [
    {
      operation: 'DecryptData',
      input: {
        KeyIdentifier: 'alias/your-base-derivation-key',
        CipherText: ciphertext,
        DecryptionAttributes: {
          Dukpt: { KeySerialNumber: ksn, Mode: 'CBC', ...(!isAes && { DukptKeyVariant: 'REQUEST' }) },
        },
      },
      keys: { KeyIdentifier: 'Dukpt' },
    },
    {
      operation: 'VerifyPinData',
      input: {
        VerificationKeyIdentifier: 'alias/your-pin-verification-key',
        EncryptionKeyIdentifier: 'alias/your-base-derivation-key',
        VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '0000' } },
        EncryptedPinBlock: ciphertext,
        PrimaryAccountNumber: pan || '4000001234567899',
        PinBlockFormat: isAes ? 'ISO_FORMAT_4' : 'ISO_FORMAT_0',
        DukptAttributes: { KeySerialNumber: ksn, DukptDerivationType: isAes ? 'AES_128' : 'TDES_2KEY' },
      },
      keys: { VerificationKeyIdentifier: 'Visa', EncryptionKeyIdentifier: 'Dukpt' },
      asked: {
        ...(pan === '' && { 'PAN of the PIN block': ['PrimaryAccountNumber'] }),
        'PIN verification key index': ['VerificationAttributes', 'VisaPin', 'PinVerificationKeyIndex'],
        'PIN verification value': ['VerificationAttributes', 'VisaPin', 'VerificationValue'],
      },
    },
  ];
}

function ksnOf({ ksn }: typeof BLANK): Buffer {
  return bytesOf('the key serial number', ksn, 8, 10, 12);
}

function derived(values: typeof BLANK) {
  const ksn = ksnOf(values);
  const bdk = bytesOf('the base derivation key', values.bdk, ...(ksn.length === 12 ? [16, 24, 32] : [16]));
  const derivation = deriveTransaction({ bdk, ksn });
  const pan = values.pan.replace(/\s/g, '') || undefined;
  if (values.ciphertext.trim() === '') return { derivation };
  return { derivation, readings: readingsUnder(derivation, bytesOf('the ciphertext', values.ciphertext), pan) };
}

function ksnWords(text: string): string {
  const typed = readHex(text);
  if (typed === undefined) return '10 bytes, or 8, for TDES; 12 for AES.';
  if ('fault' in typed) return typed.fault;
  const { length } = typed.bytes;
  if (length === 12) return '12 bytes: AES, ANSI X9.24-3.';
  return length === 8 || length === 10
    ? `${length} bytes: TDES, ANSI X9.24-1.`
    : `${length} bytes; 8, 10 or 12 are right.`;
}

/** Working keys by their names in src/crypto. */
const usageWords = (usage: string) =>
  usage.charAt(0) + usage.slice(1).toLowerCase().replaceAll('_', ' ').replace(/^in\b/, 'IN');

const nameOf = (usage: string) =>
  usage === 'PIN' ? 'PIN' : usageWords(usage).replace(/^(Pin|Mac)/, (word) => word.toUpperCase());

function Readings({ readings }: { readings: readonly DukptReading[] }) {
  const plausible = readings.filter((reading) => reading.plausible !== undefined);
  const [only] = plausible;
  return (
    <section class="sheet" aria-live="polite">
      {only ? (
        <Verdict tone="ok" title={`It decrypts to valid data under the ${nameOf(only.usage)} key`}>
          <p>
            {only.plausible === 'PIN'
              ? 'The plaintext is a valid PIN block.'
              : `The plaintext is text: “${only.clear.toString('latin1').replace(/\0+$/, '')}”.`}
          </p>
        </Verdict>
      ) : (
        <Verdict tone="bad" title="It decrypts to valid data under none of the keys">
          <p>The base derivation key, the key serial number or the PAN may be wrong, or the data isn’t text.</p>
        </Verdict>
      )}
      <Table head={['Key', 'Decrypted in CBC, IV of zeros']}>
        {readings.map(({ usage, clear, plausible: makesSense }) => (
          <tr key={usage} class={makesSense ? 'hit' : undefined}>
            <td class="whole">{nameOf(usage)}</td>
            <td class="wide">
              <Digits value={clear} /> {makesSense && <Tag tone="ok">Plausible</Tag>}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Path({ derivation }: { derivation: DukptDerivation }) {
  const { algorithm, fields, counter, initialKey, steps } = derivation;
  return (
    <Sheet title="Derivation of the transaction key" aside={<span class="quiet">{algorithm} DUKPT</span>}>
      <div class="body">
        <Steps>
          <Step title="Key serial number">
            <Parts
              label="Key serial number by field"
              hues={[1, 2, 5]}
              parts={fields.map(({ name, digits }) => ({ name: name.charAt(0).toUpperCase() + name.slice(1), digits }))}
            />
            <p class="gap quiet small">
              Counter in bits: <code>{counter.toString(2)}</code>
            </p>
          </Step>
          <Step title="Initial key">
            <Digits value={initialKey} note={`check value ${checkValueOf(algorithm, initialKey)}`} />
          </Step>
          {steps.map((each, at) => (
            <Step
              key={each.counter}
              title={
                at === steps.length - 1
                  ? `Transaction key, at counter ${each.counter.toString(16).toUpperCase()}`
                  : `Key at counter ${each.counter.toString(16).toUpperCase()}`
              }
            >
              <Digits value={each.key} />
            </Step>
          ))}
        </Steps>
      </div>
    </Sheet>
  );
}

function WorkingKeys({ derivation: { algorithm, workingKeys } }: { derivation: DukptDerivation }) {
  return (
    <Sheet title="Working keys" aside={<span class="quiet">Named from the terminal’s side</span>}>
      <Table head={['For', 'Key', 'Check value']}>
        {workingKeys.map(({ usage, key }) => (
          <tr key={usage}>
            <td class="whole">{nameOf(usage)}</td>
            <td class="wide">
              <Digits value={key} />
            </td>
            <td class="corner">
              <code>{checkValueOf(algorithm, key)}</code>
            </td>
          </tr>
        ))}
      </Table>
    </Sheet>
  );
}

function lengthOf(text: string): number {
  const typed = readHex(text);
  return typed && 'bytes' in typed ? typed.bytes.length : 0;
}
