import type { KekValidationMask, WorkingKeyVariant } from '../../src/crypto/as2805.js';
import { toHex } from '../../src/crypto/bytes.js';
import { pinKeySteps, validateKek, workingKeySteps } from '../../src/workbench/as2805.js';
import { VARIANTS } from '../as2805.js';
import { Choice, TextField } from '../components/field.js';
import { Answer, Calculator, currentTask, Digits, Parts, Result, Step, Verdict } from './calculator.js';
import { HexField } from './hex-field.js';
import { grouped } from './hex.js';
import { bytesOf, digitsOf, Incomplete, type Inputs, useInputs } from './inputs.js';
import { KeyField } from './key-field.js';
import { checkValueOf } from './key-words.js';
import { type ApiCall, StoredKeyCalls } from './stored-key-call.js';

const TASKS = { kek: 'KEK validation', working: 'Working keys', pin: 'Transaction PIN key' } as const;
type Task = keyof typeof TASKS;
const BLANK = {
  kek: '',
  mask: 'VARIANT_MASK_82' as KekValidationMask,
  randomKey: '',
  randomKeySend: '',
  variant: 'PIN_ENCRYPTION_KEY_VARIANT_28' as WorkingKeyVariant,
  key: '',
  cryptogram: '',
  stan: '',
  amount: '',
};
type Values = typeof BLANK;

/** Cases of the AWS samples' procedure, computed with psec. */
const EXAMPLES: Readonly<Record<Task, Partial<Values>>> = {
  kek: {
    kek: '4AB3 7025 5BCD 3EF8 495B ADE9 EC54 7949',
    mask: 'VARIANT_MASK_82',
    randomKey: '',
    randomKeySend: 'A389 7536 7BB5 9B24 8718 F8EF CF89 EC6E',
  },
  working: {
    kek: '2A5E 6D9B 19B3 1592 4A6B BA5E F8EA C420',
    variant: 'PIN_ENCRYPTION_KEY_VARIANT_28',
    key: '',
    cryptogram: 'C794 47A5 7F25 CCF5 0045 9807 2E59 DA07',
  },
  pin: { kek: '5E9D C816 928A 32BF F7B3 0E70 A1F7 D358', stan: '000438', amount: '000000000328' },
};

/** Key exchange and PIN keys of AS 2805. */
export function As2805() {
  const inputs = useInputs(BLANK);
  const { values, change, clear } = inputs;
  const task = currentTask(TASKS);
  return (
    <Calculator
      title="AS 2805"
      question="Do both sides hold the same KEK, and what is this working key?"
      tasks={TASKS}
      sheet={TASKS[task]}
      inputs={<Fields task={task} {...inputs} />}
      onLoad={() => change(EXAMPLES[task])}
      onClear={clear}
    >
      {RESULTS[task](values)}
      <StoredKeyCalls calls={() => [CALLS[task](values)]} />
    </Calculator>
  );
}

const RESULTS: Readonly<Record<Task, (values: Values) => preact.JSX.Element>> = {
  kek: (values) => <Validation values={values} />,
  working: (values) => <WorkingKey values={values} />,
  pin: (values) => <PinKey values={values} />,
};

function Fields({ task, values, set }: Inputs<Values> & { task: Task }) {
  return (
    <>
      <KeyField
        label={task === 'pin' ? 'PIN protection key (test)' : 'Key-encryption key (test)'}
        value={values.kek}
        onInput={set('kek')}
        empty="TDES, 16 or 24 bytes."
        algorithm="TDES"
      />
      {task === 'kek' && (
        <>
          <Choice
            label="Variant mask"
            value={values.mask}
            onInput={(value) => set('mask')(value as KekValidationMask)}
            options={[
              ['VARIANT_MASK_82', '82 and 84'],
              ['VARIANT_MASK_82C0', '82C0 and 84C0'],
            ]}
          />
          <HexField
            label="Encrypted random key (KRs)"
            value={values.randomKeySend}
            onInput={set('randomKeySend')}
            hint="What the other side sent, or:"
          />
          <HexField
            label="Random key"
            value={values.randomKey}
            onInput={set('randomKey')}
            hint="8, 16 or 24 bytes, of this side."
          />
        </>
      )}
      {task === 'working' && (
        <>
          <Choice
            label="Variant"
            value={values.variant}
            onInput={(value) => set('variant')(value as WorkingKeyVariant)}
            options={VARIANTS}
          />
          <HexField label="Cryptogram" value={values.cryptogram} onInput={set('cryptogram')} hint="To unwrap it, or:" />
          <KeyField
            label="Working key (test)"
            value={values.key}
            onInput={set('key')}
            empty="To wrap it."
            algorithm="TDES"
          />
        </>
      )}
      {task === 'pin' && (
        <div class="pair">
          <TextField label="STAN" mono value={values.stan} onInput={set('stan')} hint="6 digits." />
          <TextField label="Amount" mono value={values.amount} onInput={set('amount')} hint="12 digits." />
        </div>
      )}
    </>
  );
}

const kekOf = ({ kek }: Values) => bytesOf('the key', kek, 16, 24);

function Validation({ values }: { values: Values }) {
  const compute = () => {
    const { randomKey, randomKeySend } = values;
    const kek = kekOf(values);
    if (randomKeySend.trim() !== '')
      return validateKek(kek, values.mask, {
        randomKeySend: bytesOf('the encrypted random key', randomKeySend, 8, 16, 24),
      });
    if (randomKey.trim() === '') throw new Incomplete('the random key, encrypted or not');
    return validateKek(kek, values.mask, { randomKey: bytesOf('the random key', randomKey, 8, 16, 24) });
  };
  const [send, receive] = values.mask === 'VARIANT_MASK_82' ? ['82', '84'] : ['82C0', '84C0'];
  return (
    <Result title="KEK validation" compute={compute}>
      {(steps) => (
        <>
          <Answer
            verdict={
              <Verdict title="What both sides exchange">
                <p>
                  KRs <code class="wrap">{grouped(toHex(steps.randomKeySend))}</code>, answered with KRr{' '}
                  <code class="wrap">{grouped(toHex(steps.randomKeyReceive))}</code>.
                </p>
              </Verdict>
            }
          >
            <Step title={`Send variant: the KEK XOR ${send}`}>
              <Digits value={steps.sendKey} />
            </Step>
            <Step title="Random key">
              <Digits value={steps.randomKey} />
            </Step>
            <Step title="Its complement, with odd parity">
              <Digits value={steps.inverse} />
            </Step>
            <Step title={`Receive variant: the KEK XOR ${receive}`}>
              <Digits value={steps.receiveKey} />
            </Step>
            <Step title="The complement under it: KRr">
              <Digits value={steps.randomKeyReceive} />
            </Step>
          </Answer>
        </>
      )}
    </Result>
  );
}

function WorkingKey({ values }: { values: Values }) {
  const compute = () => {
    const kek = kekOf(values);
    if (values.cryptogram.trim() !== '')
      return workingKeySteps(kek, values.variant, { cryptogram: bytesOf('the cryptogram', values.cryptogram, 16, 24) });
    if (values.key.trim() === '') throw new Incomplete('the cryptogram or the working key');
    return workingKeySteps(kek, values.variant, { key: bytesOf('the working key', values.key, 16, 24) });
  };
  return (
    <Result title="Working key" compute={compute}>
      {({ mask, variantKey, key, cryptogram }) => (
        <>
          <Answer
            verdict={
              <Verdict title={`Working key with check value ${checkValueOf('TDES', key)}`}>
                <p>Nothing but the check value shows whether the KEK and the variant are right.</p>
              </Verdict>
            }
          >
            <Step title={`Variant key: the KEK XOR ${mask}`}>
              <Digits value={variantKey} />
            </Step>
            <Step title="Cryptogram, in CBC with an IV of zeros">
              <Digits value={cryptogram} />
            </Step>
            <Step title="Working key">
              <Digits value={key} note={`check value ${checkValueOf('TDES', key)}`} />
            </Step>
          </Answer>
        </>
      )}
    </Result>
  );
}

const CALLS: Readonly<Record<Task, (values: Values) => ApiCall>> = {
  kek: ({ randomKeySend, mask }) => ({
    operation: 'GenerateAs2805KekValidation',
    input: {
      KeyIdentifier: 'alias/your-key-encryption-key',
      KekValidationType:
        randomKeySend.trim() === ''
          ? { KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY' } }
          : {
              KekValidationResponse: {
                RandomKeySend: toHex(bytesOf('the encrypted random key', randomKeySend, 8, 16, 24)),
              },
            },
      RandomKeySendVariantMask: mask,
    },
    keys: { KeyIdentifier: randomKeySend.trim() === '' ? 'KekValidationRequest' : 'KekValidationResponse' },
  }),
  working: ({ variant, cryptogram }) => {
    const wrapped = bytesOf('the cryptogram', cryptogram, 16, 24);
    return {
      operation: 'ImportKey',
      plane: 'control',
      input: {
        KeyMaterial: {
          As2805KeyCryptogram: {
            As2805KeyVariant: variant,
            KeyModesOfUse: MODES[variant],
            KeyAlgorithm: wrapped.length === 16 ? 'TDES_2KEY' : 'TDES_3KEY',
            Exportable: false,
            WrappingKeyIdentifier: 'alias/your-key-encryption-key',
            WrappedKeyCryptogram: toHex(wrapped),
          },
        },
      },
      keys: {},
      screen: 'import',
    };
  },
  pin: ({ stan, amount }) => {
    const pan = '4000001234567899';
    return {
      operation: 'TranslatePinData',
      input: {
        IncomingKeyIdentifier: 'alias/your-pin-protection-key',
        OutgoingKeyIdentifier: 'alias/your-pin-encryption-key',
        IncomingTranslationAttributes: { As2805Format0: { PrimaryAccountNumber: pan } },
        OutgoingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: pan } },
        EncryptedPinBlock: '0000000000000000',
        IncomingAs2805Attributes: {
          SystemTraceAuditNumber: digitsOf('the STAN', stan),
          TransactionAmount: digitsOf('the amount', amount),
        },
      },
      keys: { IncomingKeyIdentifier: 'AS2805_FORMAT_0', OutgoingKeyIdentifier: 'ISO_FORMAT_0' },
      asked: {
        'Encrypted PIN block': ['EncryptedPinBlock'],
        PAN: ['IncomingTranslationAttributes', 'As2805Format0', 'PrimaryAccountNumber'],
        'PAN of the outgoing block': ['OutgoingTranslationAttributes', 'IsoFormat0', 'PrimaryAccountNumber'],
      },
    };
  },
};

const MODES: Readonly<Record<WorkingKeyVariant, Readonly<Record<string, true>>>> = {
  PIN_ENCRYPTION_KEY_VARIANT_28: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
  MESSAGE_AUTHENTICATION_KEY_VARIANT_24: { Generate: true, Verify: true },
  DATA_ENCRYPTION_KEY_VARIANT_22: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
  TERMINAL_MAJOR_KEY_VARIANT_00: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
};

function PinKey({ values }: { values: Values }) {
  const compute = () =>
    pinKeySteps(kekOf(values), {
      stan: digitsOf('the STAN', values.stan),
      amount: digitsOf('the amount', values.amount),
    });
  return (
    <Result title="Transaction PIN key" compute={compute}>
      {({ input, key }) => (
        <>
          <Answer verdict={<Verdict title={`PIN encryption key with check value ${checkValueOf('TDES', key)}`} />}>
            <Step title="What diversifies the key">
              <Parts label="Diversification data" hues={[1, 5]} parts={input} />
            </Step>
            <Step title="Encrypted twice in CBC under the PIN protection key, XOR itself">
              <Digits value={key} note={`check value ${checkValueOf('TDES', key)}`} />
            </Step>
          </Answer>
        </>
      )}
    </Result>
  );
}
