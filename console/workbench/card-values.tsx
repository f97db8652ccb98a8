import { toHex } from '../../src/crypto/bytes.js';
import {
  cardSecurityCodes,
  cardValues,
  cvc3Steps,
  cvvSteps,
  dcvvSteps,
  type ValueSteps,
} from '../../src/workbench/card-values.js';
import { TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { Answer, Calculator, currentTask, Digits, Parts, Result, Step, Steps, Verdict } from './calculator.js';
import { HexField } from './hex-field.js';
import { bytesOf, digitsOf, type Inputs, useInputs } from './inputs.js';
import { KeyField } from './key-field.js';
import { checkValueOf } from './key-words.js';
import { type ApiCall, StoredKeyCalls } from './stored-key-call.js';

const TASKS = { cvv: 'CVV', csc: 'Amex CSC', dcvv: 'dCVV', cvc3: 'CVC3' } as const;
type Task = keyof typeof TASKS;
const BLANK = { key: '', pan: '', psn: '', expiry: '', serviceCode: '', atc: '', un: '', track: '', wanted: '' };
type Values = typeof BLANK;

/** Published test cases: output of the AWS service, a quoted calculator, jPOS, pyemv. */
const EXAMPLES: Readonly<Record<Task, Partial<Values>>> = {
  cvv: {
    key: 'CCCC DDDD EEEE FFFF AAAA BBBB CCCC DDDD',
    pan: '4123456789012345',
    expiry: '0225',
    serviceCode: '101',
    wanted: '111',
  },
  csc: {
    key: '0123 4567 89AB CDEF FEDC BA98 7654 3210',
    pan: '371234567890123',
    expiry: '9912',
    serviceCode: '',
    wanted: '8720',
  },
  dcvv: {
    key: '1234 5678 1234 5678 1234 5678 1234 5678',
    pan: '1234567890123456',
    psn: '00',
    expiry: '1310',
    serviceCode: '226',
    atc: '3210',
    wanted: '422',
  },
  cvc3: {
    key: '0123 4567 8998 7654 3210 0123 4567 8998',
    pan: '5123456789012345',
    psn: '00',
    atc: '005E',
    un: '0000 0899',
    track: '5123 4567 8901 2345 D351 2101 0000 0000 0000 0F',
    wanted: '488',
  },
};
const KEYS: Readonly<Record<Task, string>> = {
  cvv: 'Card verification key (test)',
  csc: 'Card security code key (test)',
  dcvv: 'Issuer master key (test)',
  cvc3: 'Issuer master key (test)',
};
const QUESTIONS = 'Which card value is this: which kind, which date order, which service code?';

/** Card verification values of all kinds, and the identification of a value. */
export function CardValues() {
  const inputs = useInputs(BLANK);
  const { values, change, clear } = inputs;
  const task = currentTask(TASKS);
  return (
    <Calculator
      title="Card values"
      question={QUESTIONS}
      tasks={TASKS}
      sheet="Card"
      inputs={<Fields task={task} {...inputs} />}
      onLoad={() => change({ ...BLANK, ...EXAMPLES[task] })}
      onClear={clear}
    >
      {RESULTS[task](values)}
      <StoredKeyCalls calls={() => [callOf(values, ATTRIBUTES[task](values))]} />
    </Calculator>
  );
}

const RESULTS: Readonly<Record<Task, (values: Values) => preact.JSX.Element>> = {
  cvv: (values) => <Cvv values={values} />,
  csc: (values) => <Csc values={values} />,
  dcvv: (values) => <Dcvv values={values} />,
  cvc3: (values) => <Cvc3 values={values} />,
};

function Fields({ task, values, set }: Inputs<Values> & { task: Task }) {
  const isDynamic = task === 'dcvv' || task === 'cvc3';
  return (
    <>
      <KeyField label={KEYS[task]} value={values.key} onInput={set('key')} empty="16 bytes." algorithm="TDES" />
      <TextField label="PAN" mono value={values.pan} onInput={set('pan')} hint="12 to 19 digits." />
      {isDynamic && (
        <div class="pair">
          <TextField label="PAN sequence number" mono value={values.psn} onInput={set('psn')} hint="00 if empty." />
          <HexField label="ATC" bytes={2} value={values.atc} onInput={set('atc')} />
        </div>
      )}
      {task === 'cvc3' ? (
        <>
          <HexField label="Unpredictable number" bytes={4} value={values.un} onInput={set('un')} />
          <HexField label="Track data as stored" value={values.track} onInput={set('track')} />
        </>
      ) : (
        <div class="pair">
          <TextField
            label="Expiry date"
            mono
            value={values.expiry}
            onInput={set('expiry')}
            hint="4 digits, used as typed."
          />
          <TextField
            label="Service code"
            mono
            value={values.serviceCode}
            onInput={set('serviceCode')}
            hint={task === 'dcvv' ? '3 digits.' : 'Optional, 3 digits.'}
          />
        </div>
      )}
      <TextField
        label="Value to look for"
        mono
        value={values.wanted}
        onInput={set('wanted')}
        hint="Optional, 3 to 5 digits."
      />
    </>
  );
}

const keyOf = ({ key }: Values) => bytesOf('the key', key, 16);
const cardOf = (values: Values) => ({
  pan: digitsOf('the PAN', values.pan),
  expiry: digitsOf('the expiry date', values.expiry),
});
const codeOf = ({ serviceCode }: Values) => serviceCode.trim() || undefined;

/** Names the kind of value that a service code implies. */
function kindOf(serviceCode: string): string {
  if (serviceCode === '000') return 'CVV2';
  return serviceCode === '999' ? 'iCVV' : 'CVV';
}

function Cvv({ values }: { values: Values }) {
  const wanted = values.wanted.trim();
  const compute = () => {
    const [key, card] = [keyOf(values), cardOf(values)];
    const serviceCode = codeOf(values);
    const rows = cardValues(key, { ...card, serviceCode }, Math.min(5, Math.max(3, wanted.length)));
    const hit = rows.find(({ value }) => value === wanted);
    const shown = hit ?? { expiry: card.expiry, serviceCode: serviceCode ?? '000' };
    return { card, rows, hit, shown, steps: cvvSteps(key, { ...shown, pan: card.pan }) };
  };
  return (
    <Result title="Card values" compute={compute}>
      {({ card, rows, hit, shown, steps }) => (
        <>
          <section class="sheet" aria-live="polite">
            {wanted !== '' &&
              (hit ? (
                <Verdict tone="ok" title={`${wanted} is the ${kindOf(hit.serviceCode)}`}>
                  <p>
                    With the expiry date as <code>{hit.expiry}</code>
                    {hit.expiry === card.expiry ? '' : ', in the other order,'} and service code{' '}
                    <code>{hit.serviceCode}</code>.
                  </p>
                </Verdict>
              ) : (
                <NotFound wanted={wanted} />
              ))}
            <div class="body">
              <DecimalSteps
                steps={steps}
                encryption="Encrypted under key A, XOR the rest, under A, B and A again"
                value={steps.decimalized.slice(0, 3)}
                title={kindOf(shown.serviceCode)}
              />
            </div>
          </section>
          <Values
            wanted={wanted}
            rows={rows.map(({ value, expiry, serviceCode }) => ({
              kind: kindOf(serviceCode),
              how: `${expiry}, service code ${serviceCode}`,
              value,
            }))}
          />
        </>
      )}
    </Result>
  );
}

function NotFound({ wanted }: { wanted: string }) {
  return (
    <Verdict tone="bad" title={`None of them is ${wanted}`}>
      <p>The key, the PAN, the date or the service code differs.</p>
    </Verdict>
  );
}

/** The steps from digits to a value: encryption and decimalization. */
function DecimalSteps({
  steps,
  encryption,
  title,
  value,
}: {
  steps: ValueSteps;
  encryption: string;
  title: string;
  value: string;
}) {
  return (
    <Steps>
      <Step title="Digits that are encrypted">
        <Parts label="Digits that are encrypted" parts={steps.input} />
      </Step>
      <Step title={encryption}>
        <Digits value={steps.encrypted} />
      </Step>
      <Step title="Decimal digits first, then the letters less ten">
        <Digits value={steps.decimalized} />
      </Step>
      <Step title={title}>
        <code>
          <strong>{value}</strong>
        </code>
      </Step>
    </Steps>
  );
}

function Values({ rows, wanted }: { rows: readonly { kind: string; how: string; value: string }[]; wanted: string }) {
  return (
    <Sheet title="What was tried">
      <Table head={['Value', 'From', 'Digits']}>
        {rows.map(({ kind, how, value }) => (
          <tr key={kind + how} class={value === wanted ? 'hit' : undefined}>
            <td>{kind}</td>
            <td class="wide">{how}</td>
            <td class="corner">
              <code>{value}</code> {value === wanted && <Tag tone="ok">Matches</Tag>}
            </td>
          </tr>
        ))}
      </Table>
    </Sheet>
  );
}

function Csc({ values }: { values: Values }) {
  const wanted = values.wanted.trim();
  const compute = () => {
    const card = cardOf(values);
    return { codes: cardSecurityCodes(keyOf(values), { ...card, serviceCode: codeOf(values) }) };
  };
  return (
    <Result title="Card security codes" compute={compute}>
      {({ codes }) => {
        const hit = codes.find(({ value }) => value === wanted);
        return (
          <>
            {wanted !== '' && (
              <section class="sheet" aria-live="polite">
                {hit ? (
                  <Verdict tone="ok" title={`${wanted} is the code of ${hit.length} digits, version ${hit.version}`} />
                ) : (
                  <NotFound wanted={wanted} />
                )}
              </section>
            )}
            <Values
              wanted={wanted}
              rows={codes.map(({ version, length, value }) => ({
                kind: `CSC ${length}`,
                how: version === 1 ? 'version 1' : 'version 2, experimental: its algorithm isn’t published',
                value,
              }))}
            />
          </>
        );
      }}
    </Result>
  );
}

const psnOf = ({ psn }: Values) => psn.trim() || '00';

function Dcvv({ values }: { values: Values }) {
  const compute = () => ({
    ...dcvvSteps(keyOf(values), {
      ...cardOf(values),
      psn: psnOf(values),
      serviceCode: digitsOf('the service code', values.serviceCode),
      atc: bytesOf('the ATC', values.atc, 2),
    }),
  });
  return (
    <Result title="dCVV" compute={compute}>
      {(steps) => (
        <>
          <section class="sheet" aria-live="polite">
            <Compared wanted={values.wanted.trim()} value={steps.value} />
            <div class="body">
              <Steps>
                <IccKeyStep iccKey={steps.iccKey} />
              </Steps>
              <DecimalSteps
                steps={steps}
                encryption="Encrypted as a CVV, under the card’s key"
                title="dCVV"
                value={steps.value}
              />
            </div>
          </section>
        </>
      )}
    </Result>
  );
}

function Cvc3({ values }: { values: Values }) {
  const compute = () => {
    const card = {
      pan: digitsOf('the PAN', values.pan),
      psn: psnOf(values),
      trackData: bytesOf('the track data', values.track),
      un: bytesOf('the unpredictable number', values.un, 4),
      atc: bytesOf('the ATC', values.atc, 2),
    };
    return { ...card, ...cvc3Steps(keyOf(values), card) };
  };
  return (
    <Result title="CVC3" compute={compute}>
      {({ iccKey, ivcvc3, digits, un, atc }) => (
        <>
          <Answer
            verdict={
              <Compared wanted={values.wanted.trim()} value={digits.slice(-(values.wanted.trim().length || 3))} />
            }
          >
            <IccKeyStep iccKey={iccKey} />
            <Step title="Retail MAC of the track data, its last two bytes: IVCVC3">
              <Digits value={ivcvc3} />
            </Step>
            <Step title="Encrypted by TDES, the last two bytes as a number">
              <Parts
                label="Input of the CVC3"
                hues={[3, 5, 1]}
                parts={[
                  { name: 'IVCVC3', digits: toHex(ivcvc3) },
                  { name: 'UN', digits: toHex(un) },
                  { name: 'ATC', digits: toHex(atc) },
                ]}
              />
              <p class="gap">
                <code>{digits}</code>
              </p>
            </Step>
          </Answer>
        </>
      )}
    </Result>
  );
}

function IccKeyStep({ iccKey }: { iccKey: Buffer }) {
  return (
    <Step title="The card’s key, option A">
      <Digits value={iccKey} note={`check value ${checkValueOf('TDES', iccKey)}`} />
    </Step>
  );
}

function Compared({ wanted, value }: { wanted: string; value: string }) {
  if (wanted === '') return <Verdict title={value} />;
  return wanted === value ? (
    <Verdict tone="ok" title={`${wanted} is right`} />
  ) : (
    <Verdict tone="bad" title={`${value}, not ${wanted}`} />
  );
}

/** The kind of the card value, and the members that it is computed from. */
const ATTRIBUTES: Readonly<Record<Task, (values: Values) => readonly [kind: string, members: object]>> = {
  cvv: (values) => {
    const CardExpiryDate = digitsOf('the expiry date', values.expiry);
    const ServiceCode = codeOf(values) ?? '000';
    return ServiceCode === '000'
      ? ['CardVerificationValue2', { CardExpiryDate }]
      : ['CardVerificationValue1', { CardExpiryDate, ServiceCode }];
  },
  csc: ({ expiry }) => ['AmexCardSecurityCodeVersion1', { CardExpiryDate: digitsOf('the expiry date', expiry) }],
  dcvv: (values) => [
    'DynamicCardVerificationValue',
    {
      PanSequenceNumber: psnOf(values),
      CardExpiryDate: digitsOf('the expiry date', values.expiry),
      ServiceCode: digitsOf('the service code', values.serviceCode),
      ApplicationTransactionCounter: toHex(bytesOf('the ATC', values.atc, 2)),
    },
  ],
  cvc3: (values) => [
    'DynamicCardVerificationCode',
    {
      UnpredictableNumber: toHex(bytesOf('the unpredictable number', values.un, 4)),
      PanSequenceNumber: psnOf(values),
      ApplicationTransactionCounter: toHex(bytesOf('the ATC', values.atc, 2)),
      TrackData: toHex(bytesOf('the track data', values.track)),
    },
  ],
};

function callOf({ pan, wanted }: Values, [kind, members]: readonly [string, object]): ApiCall {
  const card = {
    KeyIdentifier: 'alias/your-card-verification-key',
    PrimaryAccountNumber: digitsOf('the PAN', pan),
  };
  const keys = { KeyIdentifier: kind };
  const attributes = { [kind]: members };
  return wanted.trim() === ''
    ? { operation: 'GenerateCardValidationData', input: { ...card, GenerationAttributes: attributes }, keys }
    : {
        operation: 'VerifyCardValidationData',
        input: { ...card, VerificationAttributes: attributes, ValidationData: wanted.trim() },
        keys,
      };
}
