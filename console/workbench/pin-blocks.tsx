import { aes } from '../../src/crypto/aes.js';
import { toHex } from '../../src/crypto/bytes.js';
import { tdes } from '../../src/crypto/des.js';
import {
  decodeSteps,
  encodeSteps,
  fieldsOf,
  type IsoFormat,
  type PinBlockReading,
  type PinBlockSteps,
  readingsOf,
} from '../../src/workbench/pin-blocks.js';
import { Choice, TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Table } from '../components/table.js';
import { Answer, Calculator, currentTask, Digits, Parts, Result, Step, Steps, Verdict } from './calculator.js';
import { HexField } from './hex-field.js';
import { grouped } from './hex.js';
import { bytesOf, digitsOf, Incomplete, type Inputs, useInputs } from './inputs.js';
import { KeyField } from './key-field.js';
import { type ApiCall, StoredKeyCalls } from './stored-key-call.js';

const TASKS = { decode: 'Decode', encode: 'Encode' } as const;
const BLANK = { format: 'any', key: '', pan: '', block: '', pin: '' };
type Values = typeof BLANK;

/** ANSI X9.24-1:2009 A.4.2. */
const DECODE_EXAMPLE = {
  format: 'any',
  key: '0426 66B4 9184 CF5C 68DE 9628 D039 7B36',
  pan: '4012345678909',
  block: '1B9C 1845 EB99 3A7A',
};
/** A format 4 block of psec’s tests has the same key and PAN. */
const ENCODE_EXAMPLE = {
  format: '4',
  key: '0011 2233 4455 6677 8899 AABB CCDD EEFF',
  pan: '1234567890123456789',
  pin: '1234',
};

const FORMATS: readonly (readonly [string, string])[] = [
  ['0', 'ISO 9564 format 0'],
  ['1', 'ISO 9564 format 1'],
  ['2', 'ISO 9564 format 2'],
  ['3', 'ISO 9564 format 3'],
  ['4', 'ISO 9564 format 4 (AES)'],
];

/** PIN blocks of ISO 9564-1, and the search for the PAN digits in a block. */
export function PinBlocks() {
  const inputs = useInputs(BLANK);
  const { values, change, clear } = inputs;
  const task = currentTask(TASKS);
  return (
    <Calculator
      title="PIN blocks"
      question="What is in this PIN block: which format, and whose PAN digits?"
      tasks={TASKS}
      sheet={task === 'decode' ? 'PIN block' : 'PIN'}
      inputs={<Fields task={task} {...inputs} />}
      onLoad={() => change(task === 'decode' ? DECODE_EXAMPLE : ENCODE_EXAMPLE)}
      onClear={clear}
    >
      {task === 'decode' ? <Decoded values={values} /> : <Encoded values={values} />}
      <StoredKeyCalls calls={() => [task === 'decode' ? translation(values) : generation(values)]} />
    </Calculator>
  );
}

function Fields({ task, values, set }: Inputs<Values> & { task: keyof typeof TASKS }) {
  const format = task === 'encode' && values.format === 'any' ? '0' : values.format;
  return (
    <>
      <Choice
        label="Format"
        value={format}
        onInput={set('format')}
        options={task === 'decode' ? [['any', 'Find out'], ...FORMATS] : FORMATS}
      />
      <KeyField
        label="PIN encryption key (test)"
        value={values.key}
        onInput={set('key')}
        empty={format === '4' ? 'AES.' : 'TDES. Optional: without it the block is clear.'}
        algorithm={format === '4' ? 'AES' : 'TDES'}
      />
      <TextField
        label="PAN"
        mono
        value={values.pan}
        onInput={set('pan')}
        hint="For formats 0, 3 and 4: 12 to 19 digits."
      />
      {task === 'decode' ? (
        <HexField label="PIN block" value={values.block} onInput={set('block')} bytes={format === '4' ? 16 : 8} />
      ) : (
        <TextField label="PIN (test)" mono value={values.pin} onInput={set('pin')} hint="4 to 12 digits." />
      )}
    </>
  );
}

const formatOf = (format: string) => Number(format) as IsoFormat;
const panOf = ({ pan }: Values) => pan.replace(/\s/g, '') || undefined;

/**
 * Runs a function with the cipher of the entered key, or without a cipher if there is no key.
 * @throws Incomplete, CryptoError
 */
function withCipher<Value>(values: Values, format: string, use: (cipher?: ReturnType<typeof tdes>) => Value): Value {
  const isAes = format === '4';
  if (values.key.trim() === '' && !isAes) return use();
  const key = bytesOf('the PIN encryption key', values.key, ...(isAes ? [16, 24, 32] : [16, 24]));
  using cipher = isAes ? aes(key) : tdes(key);
  return use(cipher);
}

function Decoded({ values }: { values: Values }) {
  const compute = () => {
    const { format } = values;
    const block = bytesOf('the PIN block', values.block, format === '4' ? 16 : 8);
    const pan = panOf(values);
    return withCipher(values, format, (cipher) => {
      if (format !== 'any')
        return { format: formatOf(format), steps: decodeSteps(formatOf(format), { block, pan, cipher }) };
      const readings = readingsOf(cipher ? cipher.decrypt(block) : block, pan);
      const found = readings.find(({ panPart }) => panPart === undefined || panPart === STANDARD_PART);
      if (!found) return { readings, clear: cipher ? cipher.decrypt(block) : block };
      const first = found.format as IsoFormat;
      return { readings, format: first, steps: decodeSteps(first, { block, pan, cipher }) };
    });
  };
  return (
    <Result title="PIN block" compute={compute}>
      {({ readings, format, steps, clear }) => (
        <>
          <section class="sheet" aria-live="polite">
            {readings ? <Found readings={readings} clear={clear} /> : <One format={format} steps={steps} />}
            {steps && (
              <div class="body">
                <DecodeSteps format={format} steps={steps} />
              </div>
            )}
          </section>
          {readings && readings.length > 0 && <Readings readings={readings} />}
        </>
      )}
    </Result>
  );
}

const STANDARD_PART = 'the 12 digits before the check digit';

function Found({ readings, clear }: { readings: readonly PinBlockReading[]; clear: Buffer | undefined }) {
  const [first] = readings;
  if (!first)
    return (
      <Verdict tone="bad" title="It isn’t a PIN block of any format">
        <p>
          The clear block would be <code>{clear && grouped(toHex(clear))}</code>. It was formed with another key, PAN or
          format.
        </p>
      </Verdict>
    );
  const isStandard = first.panPart === undefined || first.panPart === STANDARD_PART;
  return (
    <Verdict tone={isStandard ? 'ok' : 'plain'} title={`PIN ${first.pin}, in format ${first.format}`}>
      <p>
        {first.panPart === undefined
          ? 'The format isn’t bound to a PAN.'
          : isStandard
            ? `It is XORed with ${first.panPart}, as the standard requires.`
            : `It is XORed with ${first.panPart}. The standard requires ${STANDARD_PART}.`}
      </p>
    </Verdict>
  );
}

function One({ format, steps: { pin } }: { format: number; steps: PinBlockSteps }) {
  return pin === undefined ? (
    <Verdict tone="bad" title={`It doesn’t decode as format ${format}`}>
      <p>The key, the PAN or the format differs.</p>
    </Verdict>
  ) : (
    <Verdict tone="ok" title={`PIN ${pin}`}>
      <p>The block decodes as format {format}.</p>
    </Verdict>
  );
}

/** Steps from the block to the PIN. */
function DecodeSteps({ format, steps }: { format: number; steps: PinBlockSteps }) {
  const { encrypted, middle, panField, pinField } = steps;
  return (
    <Steps>
      {encrypted && (
        <Step title="Encrypted block">
          <Digits value={encrypted} />
        </Step>
      )}
      {format !== 4 && (
        <Step title="Clear block">
          <Digits value={middle} />
        </Step>
      )}
      {panField && (
        <Step title={format === 4 ? 'Decrypted, XOR the PAN field, decrypted again' : 'XOR the PAN field'}>
          <Digits value={panField} />
        </Step>
      )}
      <Step title="PIN field">
        <PinField format={format} steps={{ ...steps, pinField }} />
      </Step>
    </Steps>
  );
}

function PinField({ steps: { pin, pinField } }: { format: number; steps: PinBlockSteps }) {
  if (pin === undefined) return <Digits value={pinField} note="no PIN field" />;
  return (
    <Parts
      label="PIN field by nibble"
      hues={[2, 3, 1, 6, 6]}
      parts={fieldsOf(pinField).map(({ name, digits }) => ({
        name: name.charAt(0).toUpperCase() + name.slice(1),
        digits,
      }))}
    />
  );
}

function Readings({ readings }: { readings: readonly PinBlockReading[] }) {
  return (
    <Sheet title="All readings">
      <Table head={['Format', 'PIN', 'PAN digits']}>
        {readings.map(({ format, pin, panPart }) => (
          <tr key={`${format} ${panPart}`}>
            <td>Format {format}</td>
            <td class="corner">
              <code>{pin}</code>
            </td>
            <td class="wide">{panPart ?? 'none'}</td>
          </tr>
        ))}
      </Table>
    </Sheet>
  );
}

function Encoded({ values }: { values: Values }) {
  const format = values.format === 'any' ? '0' : values.format;
  const compute = () => {
    const pin = digitsOf('the PIN', values.pin);
    if (format !== '1' && format !== '2') digitsOf('the PAN', values.pan);
    return withCipher(values, format, (cipher) => encodeSteps(formatOf(format), { pin, pan: panOf(values), cipher }));
  };
  return (
    <Result title="PIN block" compute={compute}>
      {(steps) => (
        <>
          <Answer
            verdict={
              <Verdict title={steps.encrypted ? 'Encrypted PIN block' : 'Clear PIN block'}>
                <p>
                  <code class="wrap">{grouped(toHex(steps.encrypted ?? steps.middle))}</code>
                  {(format === '1' || format === '3' || format === '4') &&
                    '. It contains random digits, so it differs each time.'}
                </p>
              </Verdict>
            }
          >
            <Step title="PIN field">
              <PinField format={Number(format)} steps={steps} />
            </Step>
            {steps.panField && (
              <Step title={format === '4' ? 'Encrypted, XOR the PAN field, encrypted again' : 'XOR the PAN field'}>
                <Digits value={steps.panField} />
              </Step>
            )}
            {format !== '4' && (
              <Step title="Clear block">
                <Digits value={steps.middle} />
              </Step>
            )}
            {steps.encrypted && (
              <Step title={format === '4' ? 'Encrypted block' : 'Encrypted in ECB'}>
                <Digits value={steps.encrypted} />
              </Step>
            )}
          </Answer>
        </>
      )}
    </Result>
  );
}

/** The chosen format, of those that the API supports; 0 while it is unknown. */
function apiFormatOf({ format }: Values): string {
  if (format === '2') throw new Incomplete('a format of the API: 0, 1, 3 or 4');
  return format === 'any' ? '0' : format;
}

/** The service returns no clear PIN: it translates blocks, and generates PINs with their blocks. */
function translation(values: Values): ApiCall {
  const format = apiFormatOf(values);
  const attributes = {
    [`IsoFormat${format}`]: format === '1' ? {} : { PrimaryAccountNumber: digitsOf('the PAN', values.pan) },
  };
  const variant = `ISO_FORMAT_${format}`;
  return {
    operation: 'TranslatePinData',
    input: {
      IncomingKeyIdentifier: 'alias/your-pin-encryption-key',
      OutgoingKeyIdentifier: 'alias/another-pin-encryption-key',
      IncomingTranslationAttributes: attributes,
      OutgoingTranslationAttributes: attributes,
      EncryptedPinBlock: toHex(bytesOf('the PIN block', values.block, format === '4' ? 16 : 8)),
    },
    keys: { IncomingKeyIdentifier: variant, OutgoingKeyIdentifier: variant },
  };
}

function generation(values: Values): ApiCall {
  const variant = `ISO_FORMAT_${apiFormatOf(values)}`;
  return {
    operation: 'GeneratePinData',
    input: {
      GenerationKeyIdentifier: 'alias/your-pin-verification-key',
      EncryptionKeyIdentifier: 'alias/your-pin-encryption-key',
      GenerationAttributes: { VisaPin: { PinVerificationKeyIndex: 1 } },
      PrimaryAccountNumber: digitsOf('the PAN', values.pan),
      PinBlockFormat: variant,
    },
    keys: { GenerationKeyIdentifier: 'Visa', EncryptionKeyIdentifier: variant },
  };
}
