import { ibm3624Steps, intermediateOf, pvvSteps } from '../../src/workbench/pin-values.js';
import { TextField } from '../components/field.js';
import { Notice } from '../components/notice.js';
import { Answer, Calculator, currentTask, Digits, Parts, Result, Step, Verdict } from './calculator.js';
import { bytesOf, digitsOf, Incomplete, type Inputs, useInputs } from './inputs.js';
import { KeyField } from './key-field.js';
import { type ApiCall, StoredKeyCalls } from './stored-key-call.js';

const TASKS = { pvv: 'Visa PVV', ibm: 'IBM 3624' } as const;
const BLANK = {
  key: '',
  pan: '',
  pvki: '',
  pin: '',
  offset: '',
  validationData: '',
  padCharacter: 'F',
  table: '0123456789012345',
  wanted: '',
};
type Values = typeof BLANK;

/** Published by psec’s tests. */
const EXAMPLES: Readonly<Record<keyof typeof TASKS, Partial<Values>>> = {
  pvv: {
    key: '0123 4567 89AB CDEF FEDC BA98 7654 3210',
    pan: '1122334455667788',
    pvki: '1',
    pin: '4524',
    wanted: '8523',
  },
  ibm: {
    key: '0123 4567 89AB CDEF FEDC BA98 7654 3210',
    validationData: '1122334455667788',
    padCharacter: 'F',
    table: '1234567890123456',
    pin: '4524',
    offset: '',
  },
};

/** PIN verification values and PIN offsets. */
export function PinValues() {
  const inputs = useInputs(BLANK);
  const { values, change, clear } = inputs;
  const task = currentTask(TASKS);
  return (
    <Calculator
      title="PIN values"
      question="Which PVV or offset belongs to this PIN?"
      tasks={TASKS}
      sheet="PIN"
      inputs={<Fields task={task} {...inputs} />}
      onLoad={() => change(EXAMPLES[task])}
      onClear={clear}
    >
      {task === 'pvv' ? <Pvv values={values} /> : <Ibm values={values} />}
      <StoredKeyCalls calls={() => (task === 'pvv' ? pvvCalls(values) : ibmCalls(values))} />
    </Calculator>
  );
}

function Fields({ task, values, set }: Inputs<Values> & { task: keyof typeof TASKS }) {
  return (
    <>
      <KeyField
        label="PIN verification key (test)"
        value={values.key}
        onInput={set('key')}
        empty="16 or 24 bytes."
        algorithm="TDES"
      />
      {task === 'pvv' ? (
        <>
          <div class="pair">
            <TextField label="PAN" mono value={values.pan} onInput={set('pan')} hint="12 to 19 digits." />
            <TextField label="Key index" mono value={values.pvki} onInput={set('pvki')} hint="PVKI, 0 to 6." />
          </div>
          <div class="pair">
            <TextField
              label="PIN (test)"
              mono
              value={values.pin}
              onInput={set('pin')}
              hint="The first 4 digits count."
            />
            <TextField label="PVV to compare" mono value={values.wanted} onInput={set('wanted')} hint="Optional." />
          </div>
        </>
      ) : (
        <>
          <div class="pair">
            <TextField
              label="Validation data"
              mono
              value={values.validationData}
              onInput={set('validationData')}
              hint="4 to 16 digits, often of the PAN."
            />
            <TextField
              label="Pad character"
              mono
              value={values.padCharacter}
              onInput={set('padCharacter')}
              hint="One hexadecimal digit."
            />
          </div>
          <TextField
            label="Decimalization table"
            mono
            value={values.table}
            onInput={set('table')}
            hint="16 digits, for 0 to F."
          />
          <div class="pair">
            <TextField label="PIN (test)" mono value={values.pin} onInput={set('pin')} hint="4 to 12 digits, or:" />
            <TextField label="Offset" mono value={values.offset} onInput={set('offset')} hint="Gives the PIN." />
          </div>
        </>
      )}
    </>
  );
}

const keyOf = ({ key }: Values) => bytesOf('the PIN verification key', key, 16, 24);

function Pvv({ values }: { values: Values }) {
  const compute = () =>
    pvvSteps(keyOf(values), {
      pan: digitsOf('the PAN', values.pan),
      pvki: Number(digitsOf('the key index', values.pvki)),
      pin: digitsOf('the PIN', values.pin),
    });
  const wanted = values.wanted.trim();
  return (
    <Result title="PIN verification value" compute={compute}>
      {({ input, encrypted, decimalized, value }) => (
        <>
          <Answer
            verdict={
              wanted === '' || wanted === value ? (
                <Verdict
                  tone={wanted === '' ? 'plain' : 'ok'}
                  title={wanted === '' ? `PVV ${value}` : `${value} is right`}
                />
              ) : (
                <Verdict tone="bad" title={`${value}, not ${wanted}`}>
                  <p>The key, its index, the PAN or the PIN differs.</p>
                </Verdict>
              )
            }
          >
            <Step title="Transformed security parameter">
              <Parts label="Transformed security parameter" hues={[1, 4, 5]} parts={input} />
            </Step>
            <Step title="Encrypted by TDES">
              <Digits value={encrypted} />
            </Step>
            <Step title="Decimal digits first, then the letters less ten">
              <Digits value={decimalized} />
            </Step>
            <Step title="PVV: the first 4">
              <code>
                <strong>{value}</strong>
              </code>
            </Step>
          </Answer>
        </>
      )}
    </Result>
  );
}

function Ibm({ values }: { values: Values }) {
  const compute = () => {
    const { pin, offset } = values;
    if (pin.trim() === '' && offset.trim() === '') throw new Incomplete('the PIN or its offset');
    return ibm3624Steps(keyOf(values), {
      validationData: digitsOf('the validation data', values.validationData),
      padCharacter: values.padCharacter.trim(),
      decimalizationTable: values.table.trim(),
      ...(offset.trim() === '' ? { pin: pin.trim() } : { offset: offset.trim() }),
    });
  };
  return (
    <Result title="PIN offset" compute={compute}>
      {(steps) => {
        const intermediate = intermediateOf(steps);
        return (
          <>
            {steps.isWeakTable && (
              <Notice tone="warn">
                <strong>The decimalization table is weak.</strong> It makes PINs easy to guess, and the service refuses
                it.
              </Notice>
            )}
            <Answer
              verdict={
                <Verdict title={`PIN ${steps.pin}, offset ${steps.offset}`}>
                  <p>The natural PIN is {steps.naturalPin}.</p>
                </Verdict>
              }
            >
              <Step title="Validation data, padded to 16 digits">
                <Digits value={steps.validationData} />
              </Step>
              <Step title="Encrypted by TDES">
                <Digits value={steps.encrypted} />
              </Step>
              <Step title="Decimalized by the table: the natural PIN">
                <Table table={values.table.trim()} used={intermediate} />
                <p class="gap">
                  <code>
                    {intermediate} → <strong>{steps.naturalPin}</strong>
                  </code>
                </p>
              </Step>
              <Step title="PIN less natural PIN, digit by digit: the offset">
                <code>
                  {steps.pin} − {steps.naturalPin} = <strong>{steps.offset}</strong>
                </code>
              </Step>
            </Answer>
          </>
        );
      }}
    </Result>
  );
}

/** The decimalization table, with the used digits in colour. */
function Table({ table, used }: { table: string; used: string }) {
  return (
    <ol class="bytes tight" aria-label="Decimalization table">
      {Array.from(table, (digit, at) => {
        const from = at.toString(16).toUpperCase();
        return (
          <li key={from} class={used.includes(from) ? 'f1' : 'f6'}>
            <code>{digit}</code>
            <span>{from}</span>
          </li>
        );
      })}
    </ol>
  );
}

const KEYS = {
  EncryptionKeyIdentifier: 'alias/your-pin-encryption-key',
  EncryptedPinBlock: '0000000000000000',
  PinBlockFormat: 'ISO_FORMAT_0',
};
const PIN_BLOCK = { 'Encrypted PIN block, format 0': ['EncryptedPinBlock'] };

function pvvCalls({ pan, pvki, wanted }: Values): ApiCall[] {
  const VisaPin = { PinVerificationKeyIndex: Number(digitsOf('the key index', pvki)) };
  const PrimaryAccountNumber = digitsOf('the PAN', pan);
  const value = wanted.trim();
  return callsOf('Visa', { PrimaryAccountNumber }, [
    { VisaPin: { ...VisaPin, VerificationValue: value || '0000' } },
    value === '' ? { PVV: ['VerificationAttributes', 'VisaPin', 'VerificationValue'] } : {},
    { VisaPin },
  ]);
}

function ibmCalls({ table, padCharacter, validationData, offset }: Values): ApiCall[] {
  const members = {
    DecimalizationTable: digitsOf('the decimalization table', table),
    PinValidationDataPadCharacter: digitsOf('the pad character', padCharacter).toUpperCase(),
    PinValidationData: digitsOf('the validation data', validationData),
  };
  return callsOf('Ibm3624', { PrimaryAccountNumber: '4000001234567899' }, [
    { Ibm3624Pin: { ...members, PinOffset: offset.trim() || '0000' } },
    {
      PAN: ['PrimaryAccountNumber'],
      ...(offset.trim() === '' && { 'PIN offset': ['VerificationAttributes', 'Ibm3624Pin', 'PinOffset'] }),
    },
    { Ibm3624NaturalPin: members },
  ]);
}

/** A PIN that is verified, and one that is generated, by a key of a variant. */
function callsOf(
  variant: string,
  card: object,
  [verification, asked, generation]: readonly [object, Record<string, readonly string[]>, object],
): ApiCall[] {
  const { EncryptedPinBlock, ...generated } = { ...KEYS, ...card };
  const pan = asked['PAN'];
  return [
    {
      operation: 'VerifyPinData',
      input: {
        VerificationKeyIdentifier: 'alias/your-pin-verification-key',
        VerificationAttributes: verification,
        ...generated,
        EncryptedPinBlock,
      },
      keys: { VerificationKeyIdentifier: variant, EncryptionKeyIdentifier: 'ISO_FORMAT_0' },
      asked: { ...PIN_BLOCK, ...asked },
    },
    {
      operation: 'GeneratePinData',
      input: {
        GenerationKeyIdentifier: 'alias/your-pin-verification-key',
        GenerationAttributes: generation,
        ...generated,
      },
      keys: { GenerationKeyIdentifier: variant, EncryptionKeyIdentifier: 'ISO_FORMAT_0' },
      asked: pan ? { PAN: pan } : {},
    },
  ];
}
