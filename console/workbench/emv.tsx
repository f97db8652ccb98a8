import { useState } from 'preact/hooks';
import { padMethod2, toHex } from '../../src/crypto/bytes.js';
import type { SessionData } from '../../src/crypto/emv/session-key.js';
import { type ArqcTransaction, cryptogramOf, paddedData } from '../../src/workbench/arqc-search.js';
import { arpcSteps, cryptogramKeys, scriptMacSteps } from '../../src/workbench/emv-keys.js';
import { AwaitKeys } from '../components/await-keys.js';
import { Choice } from '../components/field.js';
import { Notice } from '../components/notice.js';
import { useLoad } from '../load.js';
import { loadKeys } from '../payment-keys.js';
import { region } from '../session.js';
import {
  Answer,
  Calculator,
  currentTask,
  Digits,
  InThisTab,
  Parts,
  Result,
  Segments,
  Step,
  Verdict,
} from './calculator.js';
import { Explanation, Versions } from './emv-explain.js';
import { StoredExplanation } from './emv-stored.js';
import { CardKeySteps, CryptogramSteps } from './emv-steps.js';
import {
  ArqcField,
  BLANK,
  callAttributes,
  CardFields,
  CounterFields,
  DataFields,
  type EmvInputs,
  type EmvValues,
  EXAMPLE,
  issuerKeyOf,
  IssuerKeyField,
  transactionOf,
  WayFields,
  wayOf,
} from './emv-transaction.js';
import { grouped } from './hex.js';
import { HexField } from './hex-field.js';
import { bytesOf, digitsOf, optionalBytesOf, useInputs } from './inputs.js';
import { type ApiCall, fits, KeyChoice, StoredKeyCalls } from './stored-key-call.js';

const TASKS = { explain: 'Why no match?', compute: 'Compute', arpc: 'ARPC', script: 'Script MAC' } as const;
const SOURCES = { test: 'Test key', stored: 'Stored key' } as const;

/** Published by the test suite of pyemv for a card of Visa with cryptogram version 10: emv-v050. */
const SCRIPT_EXAMPLE: Partial<EmvValues> = {
  issuerKey: 'FEDC BA98 7654 3210 0123 4567 89AB CDEF',
  pan: '1234567890123456',
  psn: '00',
  atc: '001C',
  scheme: 'VISA',
  majorKeyDerivation: 'EMV_OPTION_A',
  message: '8418 0000 0800 1C29 CCA1 5AE6 65FA 2E',
};

/** Application cryptograms of EMV cards, and why one doesn't match. */
export function Emv() {
  const inputs = useInputs(BLANK);
  const [source, setSource] = useState<keyof typeof SOURCES>('test');
  const [keyArn, setKeyArn] = useState('');
  const task = currentTask(TASKS);
  const { values, change, clear } = inputs;
  const isStored = task === 'explain' && source === 'stored';
  const chooser = <Segments label="Key" value={source} onInput={setSource} options={SOURCES} />;
  return (
    <Calculator
      title="EMV cryptograms"
      question="Compute an ARQC, or find out why one doesn’t match."
      tasks={TASKS}
      sheet={task === 'script' ? 'Script' : 'Transaction'}
      notice={
        isStored ? (
          <Notice aside={chooser}>
            <strong>Computed by the service.</strong> It verifies with the key that you choose and your own permissions.
          </Notice>
        ) : (
          <InThisTab aside={task === 'explain' && chooser} />
        )
      }
      inputs={
        <>
          {isStored ? <StoredKeyField value={keyArn} onInput={setKeyArn} /> : <IssuerKeyField {...inputs} />}
          <Fields task={task} {...inputs} />
        </>
      }
      onLoad={() =>
        change(task === 'script' ? SCRIPT_EXAMPLE : { ...EXAMPLE, ...(task === 'arpc' && { arc: '3030' }) })
      }
      onClear={clear}
      later={task === 'explain' && <Versions iad={values.iad} />}
    >
      {isStored ? <StoredExplanation values={values} keyArn={keyArn} /> : RESULTS[task](values)}
      {task !== 'explain' && <StoredKeyCalls calls={() => [CALLS[task](values)]} />}
    </Calculator>
  );
}

const RESULTS: Readonly<Record<keyof typeof TASKS, (values: EmvValues) => preact.JSX.Element>> = {
  explain: (values) => <Explanation values={values} />,
  compute: (values) => <Computed values={values} />,
  arpc: (values) => <Arpc values={values} />,
  script: (values) => <Script values={values} />,
};

/** The Region's issuer master keys for cryptograms. */
function StoredKeyField({ value, onInput }: { value: string; onInput: (arn: string) => void }) {
  const loaded = useLoad(loadKeys, [region.value]);
  return (
    <AwaitKeys loaded={loaded}>
      {(keys) => (
        <KeyChoice
          label="Issuer master key (stored)"
          value={value}
          onInput={onInput}
          keys={keys.filter((key) => fits(key, 'VerifyAuthRequestCryptogram', 'KeyIdentifier', 'Emv'))}
        />
      )}
    </AwaitKeys>
  );
}

function Fields({ task, ...inputs }: EmvInputs & { task: keyof typeof TASKS }) {
  const { values, set } = inputs;
  return (
    <>
      <CardFields {...inputs} />
      <CounterFields {...inputs} />
      {task !== 'script' && <DataFields {...inputs} />}
      {task === 'script' && (
        <HexField
          label="Command without its MAC"
          value={values.message}
          onInput={set('message')}
          hint="Header, ATC, cryptogram and data, as the scheme defines them."
        />
      )}
      <WayFields {...inputs} isScript={task === 'script'} />
      {task !== 'compute' && <ArqcField {...inputs} />}
      {task === 'arpc' && <ArpcFields {...inputs} />}
    </>
  );
}

function ArpcFields({ values, set }: EmvInputs) {
  return (
    <>
      <Choice
        label="Method"
        value={values.arpcMethod}
        onInput={set('arpcMethod')}
        options={[
          ['1', 'Method 1: response code'],
          ['2', 'Method 2: card status update'],
        ]}
      />
      {values.arpcMethod === '1' ? (
        <HexField label="Authorization response code" aside="8A" bytes={2} value={values.arc} onInput={set('arc')} />
      ) : (
        <div class="pair">
          <HexField label="Card status update" bytes={4} value={values.csu} onInput={set('csu')} />
          <HexField
            label="Proprietary data"
            value={values.proprietary}
            onInput={set('proprietary')}
            hint="Optional, up to 8 bytes."
          />
        </div>
      )}
    </>
  );
}

function Computed({ values }: { values: EmvValues }) {
  const compute = () => {
    const [given, way] = [givenOf(values), wayOf(values)];
    return { given, way, cryptogram: toHex(cryptogramOf(given, way)) };
  };
  return (
    <Result title="Cryptogram" compute={compute}>
      {({ given, way, cryptogram }) => (
        <section class="sheet" aria-live="polite">
          <Verdict title="Application cryptogram">
            <p>
              <code class="wrap">{grouped(cryptogram)}</code>: an ARQC, a TC or an AAC, depending on the data that is
              signed.
            </p>
          </Verdict>
          <div class="body">
            <CryptogramSteps given={given} way={way} />
          </div>
        </section>
      )}
    </Result>
  );
}

const CALLS: Readonly<Record<Exclude<keyof typeof TASKS, 'explain'>, (values: EmvValues) => ApiCall>> = {
  compute: (values) => ({ operation: 'GenerateAuthRequestCryptogram', ...cryptogramCall(values) }),
  arpc: (values) => {
    const { input, keys } = cryptogramCall(values);
    const request = arpcRequest(values);
    return {
      operation: 'VerifyAuthRequestCryptogram',
      input: {
        ...input,
        AuthRequestCryptogram: toHex(bytesOf('the ARQC', values.arqc, 8)),
        AuthResponseAttributes:
          request.method === 1
            ? { ArpcMethod1: { AuthResponseCode: toHex(request.arc) } }
            : {
                ArpcMethod2: {
                  CardStatusUpdate: toHex(request.csu),
                  ...(request.proprietary.length > 0 && { ProprietaryAuthenticationData: toHex(request.proprietary) }),
                },
              },
      },
      keys,
    };
  },
  script: (values) => {
    const { way, card, session } = scriptOf(values);
    return {
      operation: 'GenerateMac',
      input: {
        KeyIdentifier: 'alias/your-issuer-master-key-for-integrity',
        MessageData: toHex(padMethod2(bytesOf('the command', values.message), 8)),
        GenerationAttributes: {
          EmvMac: {
            MajorKeyDerivationMode: card.majorKeyDerivation,
            PrimaryAccountNumber: card.pan,
            PanSequenceNumber: card.psn,
            SessionKeyDerivationMode: way.scheme,
            SessionKeyDerivationValue:
              session.atc !== undefined
                ? { ApplicationTransactionCounter: toHex(session.atc) }
                : { ApplicationCryptogram: toHex(session.applicationCryptogram ?? Buffer.alloc(0)) },
          },
        },
        MacLength: 8,
      },
      keys: { KeyIdentifier: 'EmvMac' },
    };
  },
};

function cryptogramCall(values: EmvValues) {
  const [transaction, way] = [transactionOf(values), wayOf(values)];
  return {
    input: {
      KeyIdentifier: 'alias/your-issuer-master-key',
      ...callAttributes(transaction, way, paddedData(transaction, way)),
    },
    keys: { KeyIdentifier: 'Emv' },
  };
}

function givenOf(values: EmvValues): ArqcTransaction {
  return { issuerKey: issuerKeyOf(values), ...transactionOf(values) };
}

function arpcRequest({ arpcMethod, arc, csu, proprietary }: EmvValues) {
  return arpcMethod === '1'
    ? ({ method: 1, arc: bytesOf('the response code', arc, 2) } as const)
    : ({
        method: 2,
        csu: bytesOf('the card status update', csu, 4),
        proprietary: optionalBytesOf('the proprietary data', proprietary),
      } as const);
}

function Arpc({ values }: { values: EmvValues }) {
  const compute = () => {
    const given = givenOf(values);
    const way = wayOf(values);
    const { scheme, majorKeyDerivation, psn } = way;
    const arqc = bytesOf('the ARQC', values.arqc, 8);
    const keys = cryptogramKeys(given.issuerKey, { majorKeyDerivation, pan: given.pan, psn }, scheme, given);
    const request = arpcRequest(values);
    return { way, keys, arqc, request, ...arpcSteps(keys, scheme, arqc, request) };
  };
  return (
    <Result title="ARPC" compute={compute}>
      {({ way, keys, arqc, request, key, arpc }) => (
        <>
          <Answer
            verdict={
              <Verdict title="Authorization response cryptogram">
                <p>
                  <code>{grouped(toHex(arpc))}</code>, by method {request.method} under the{' '}
                  {key === 'SESSION' ? 'session key' : 'ICC master key'}.
                </p>
              </Verdict>
            }
          >
            <CardKeySteps keys={keys} way={way} />
            <Step
              title={
                request.method === 1
                  ? 'ARQC XOR response code, encrypted by TDES'
                  : 'ARQC, card status update and proprietary data, then a retail MAC'
              }
            >
              <Parts
                label="Input of the ARPC"
                hues={[5, 1, 4]}
                parts={[
                  { name: 'ARQC', digits: toHex(arqc) },
                  ...(request.method === 1
                    ? [{ name: 'Response code', digits: toHex(request.arc) }]
                    : [
                        { name: 'Status update', digits: toHex(request.csu) },
                        { name: 'Proprietary', digits: toHex(request.proprietary) },
                      ]),
                ]}
              />
              <p class="gap">
                <Digits value={arpc} />
              </p>
            </Step>
          </Answer>
        </>
      )}
    </Result>
  );
}

/** Schemes that derive script keys from the cryptogram; the others use the ATC. */
const takesCryptogram = (scheme: EmvValues['scheme']) =>
  scheme === 'EMV_COMMON_SESSION_KEY' || scheme === 'MASTERCARD_SESSION_KEY';

/** The card of a script, and the input of its session key. */
function scriptOf(values: EmvValues) {
  const way = wayOf(values);
  const session: SessionData = takesCryptogram(way.scheme)
    ? { applicationCryptogram: bytesOf('the ARQC', values.arqc, 8) }
    : { atc: bytesOf('the ATC', values.atc, 2) };
  const card = { majorKeyDerivation: way.majorKeyDerivation, pan: digitsOf('the PAN', values.pan), psn: way.psn };
  return { way, card, session };
}

function Script({ values }: { values: EmvValues }) {
  const compute = () => {
    const { way, card, session } = scriptOf(values);
    const message = bytesOf('the command', values.message);
    return { way, ...scriptMacSteps(issuerKeyOf(values), card, way.scheme, session, message) };
  };
  return (
    <Result title="Script MAC" compute={compute}>
      {({ way, padded, mac, ...keys }) => (
        <>
          <Answer
            verdict={
              <Verdict title="MAC of the script">
                <p>
                  <code>{grouped(toHex(mac))}</code>; schemes send its first 4 to 8 bytes.
                </p>
              </Verdict>
            }
          >
            <CardKeySteps keys={keys} way={way} />
            <Step title="Command padded by method 2, then a retail MAC">
              <Digits value={padded} />
              <p class="gap">
                <Digits value={mac} />
              </p>
            </Step>
          </Answer>
        </>
      )}
    </Result>
  );
}
