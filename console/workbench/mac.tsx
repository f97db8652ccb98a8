import { toHex } from '../../src/crypto/bytes.js';
import {
  MAC_ALGORITHMS,
  MAC_NAMES,
  type MacAlgorithmName,
  macOf,
  macWays,
  type MacWay,
  paddedMessage,
} from '../../src/workbench/macs.js';
import { Choice, TextArea } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { count } from '../words.js';
import { Answer, Calculator, Digits, Result, Step, Verdict } from './calculator.js';
import { HexField } from './hex-field.js';
import { readHex } from './hex.js';
import { bytesOf, useInputs } from './inputs.js';
import { KeyField } from './key-field.js';
import { type ApiCall, StoredKeyCalls } from './stored-key-call.js';

const BLANK = {
  key: '',
  data: '',
  algorithm: 'ISO9797_ALGORITHM3' as MacAlgorithmName,
  padding: '1',
  wanted: '',
};
type Values = typeof BLANK;

/** ISO/IEC 9797-1:2011 Annex B.4: “Now is the time for all ”. */
const EXAMPLE: Values = {
  key: '0123 4567 89AB CDEF FEDC BA98 7654 3210',
  data: '4E6F77206973207468652074696D6520666F7220616C6C20',
  algorithm: 'ISO9797_ALGORITHM3',
  padding: '1',
  wanted: 'A1C7 2E74',
};

const WORDS: Readonly<Record<MacAlgorithmName, string>> = {
  ISO9797_ALGORITHM1: 'ISO 9797-1 algorithm 1',
  ISO9797_ALGORITHM3: 'ISO 9797-1 algorithm 3',
  CMAC_TDES: 'CMAC, TDES',
  CMAC_AES: 'CMAC, AES',
  HMAC_SHA224: 'HMAC SHA-224',
  HMAC_SHA256: 'HMAC SHA-256',
  HMAC_SHA384: 'HMAC SHA-384',
  HMAC_SHA512: 'HMAC SHA-512',
};

/** MACs by every algorithm, and the search for the algorithm of a given MAC. */
export function Mac() {
  const { values, set, change, clear } = useInputs(BLANK);
  const typed = readHex(values.data);
  return (
    <Calculator
      title="MAC"
      question="Which algorithm and padding gave this MAC?"
      sheet="Message"
      inputs={
        <>
          <KeyField
            label="MAC key (test)"
            value={values.key}
            onInput={set('key')}
            empty="16 or 24 bytes for TDES, 16 to 32 for AES, any for HMAC."
          />
          <TextArea
            label="Message"
            value={values.data}
            onInput={set('data')}
            rows={4}
            hint={
              typed === undefined
                ? 'Hexadecimal.'
                : 'fault' in typed
                  ? typed.fault
                  : `${count(typed.bytes.length, 'byte')}.`
            }
          />
          <div class="pair">
            <Choice
              label="Algorithm"
              value={values.algorithm}
              onInput={(value) => set('algorithm')(value as MacAlgorithmName)}
              options={MAC_NAMES.map((name) => [name, WORDS[name]] as const)}
            />
            {MAC_ALGORITHMS[values.algorithm].pads && (
              <Choice
                label="Padding"
                value={values.padding}
                onInput={set('padding')}
                options={[
                  ['1', 'Method 1: zeros'],
                  ['2', 'Method 2: 80, then zeros'],
                ]}
              />
            )}
          </div>
          <HexField
            label="MAC to look for"
            value={values.wanted}
            onInput={set('wanted')}
            hint={values.wanted === '' ? 'Optional. Its first bytes are enough.' : undefined}
          />
        </>
      }
      onLoad={() => change(EXAMPLE)}
      onClear={clear}
    >
      <Result title="MAC" compute={() => computed(values)}>
        {({ chosen, ways, wanted }) => (
          <>
            <Answer verdict={<MacVerdict chosen={chosen} ways={ways} wanted={wanted} />}>
              <Step title={chosen.padding === undefined ? 'Message' : `Message padded by method ${chosen.padding}`}>
                <Digits value={chosen.padded} />
              </Step>
              <Step title={`${WORDS[chosen.algorithm]}, all bytes`}>
                <Digits value={chosen.mac} />
              </Step>
            </Answer>
            <Ways ways={ways} wanted={wanted} />
          </>
        )}
      </Result>
      <StoredKeyCalls calls={() => [callOf(values)]} />
    </Calculator>
  );
}

function computed(values: Values) {
  const key = bytesOf('the MAC key', values.key);
  const data = bytesOf('the message', values.data);
  const ways = macWays(key, data);
  const wanted = values.wanted.replace(/\s/g, '').toUpperCase();
  return { wanted, ways, chosen: macOf(values.algorithm, key, data, paddingOf(values.padding)) };
}

const isHit = ({ mac }: MacWay, wanted: string) => wanted !== '' && toHex(mac).startsWith(wanted);
const wayWords = ({ algorithm, padding }: MacWay) =>
  padding === undefined ? WORDS[algorithm] : `${WORDS[algorithm]}, padding ${padding}`;

function MacVerdict({ chosen, ways, wanted }: { chosen: MacWay; ways: readonly MacWay[]; wanted: string }) {
  if (wanted === '') return <Verdict title="MAC" />;
  if (isHit(chosen, wanted)) return <Verdict tone="ok" title="It matches your computation" />;
  const hit = ways.find((way) => isHit(way, wanted));
  return hit ? (
    <Verdict tone="ok" title={`It was computed by ${wayWords(hit)}`}>
      <p>You compute it by {wayWords(chosen)}.</p>
    </Verdict>
  ) : (
    <Verdict tone="bad" title="No algorithm produces it">
      <p>The key or the message differs.</p>
    </Verdict>
  );
}

function Ways({ ways, wanted }: { ways: readonly MacWay[]; wanted: string }) {
  return (
    <Sheet title="By every algorithm">
      <Table head={['Algorithm', 'MAC']}>
        {ways.map((way) => (
          <tr key={wayWords(way)} class={isHit(way, wanted) ? 'hit' : undefined}>
            <td>{wayWords(way)}</td>
            <td class="wide">
              <Digits value={way.mac} /> {isHit(way, wanted) && <Tag tone="ok">Matches</Tag>}
            </td>
          </tr>
        ))}
      </Table>
    </Sheet>
  );
}

function callOf({ algorithm, padding, data, wanted }: Values): ApiCall {
  const mac = wanted.replace(/\s/g, '').toUpperCase();
  const message = paddedMessage(algorithm, bytesOf('the message', data), paddingOf(padding));
  const name = algorithm.replace(/^CMAC_.*/, 'CMAC');
  const common = { KeyIdentifier: 'alias/your-mac-key', MessageData: toHex(message) };
  return mac === ''
    ? {
        operation: 'GenerateMac',
        input: { ...common, GenerationAttributes: { Algorithm: name } },
        keys: { KeyIdentifier: name },
      }
    : {
        operation: 'VerifyMac',
        input: { ...common, Mac: mac, VerificationAttributes: { Algorithm: name } },
        keys: { KeyIdentifier: name },
      };
}

const paddingOf = (padding: string) => (padding === '2' ? 2 : 1);
