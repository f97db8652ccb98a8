import { Fragment } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { toHex } from '../../src/crypto/bytes.js';
import {
  type ArqcAttempt,
  type ArqcCase,
  type ArqcEvidence,
  type ArqcSearch,
  type ArqcWay,
  CRYPTOGRAM_VERSIONS,
  cryptogramVersionOf,
  evidenceOf,
  paddedData,
  searchArqc,
  SESSION_KEY_NAMES,
  verificationResultsOf,
  whatVersionSays,
} from '../../src/workbench/arqc-search.js';
import { Sheet } from '../components/sheet.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { count } from '../words.js';
import { Digits, Result, Verdict } from './calculator.js';
import { CryptogramSteps } from './emv-steps.js';
import {
  callAttributes,
  type EmvValues,
  hexByte,
  IAD_WORDS,
  issuerKeyOf,
  SCHEME_WORDS,
  sessionKeyWords,
  transactionOf,
  wayOf,
} from './emv-transaction.js';
import { readHex } from './hex.js';
import { bytesOf } from './inputs.js';
import { StoredKeyCalls } from './stored-key-call.js';

/** Explains a cryptogram mismatch with a test key. */
export function Explanation({ values }: { values: EmvValues }) {
  // The search takes some time, so it runs once for each input.
  const search = useMemo(() => memoized(() => searched(values)), [values]);
  return (
    <Result title="Why no match?" compute={search}>
      {({ given, found, milliseconds }) => (
        <>
          <section class="sheet" aria-live="polite">
            <Answer given={given} found={found} />
            <div class="body">
              <CryptogramSteps given={given} way={found.matches[0]?.way ?? given.expected} arqc={given.arqc} />
            </div>
          </section>
          <Tried found={found} milliseconds={milliseconds} />
          <StoredKeyCalls
            calls={() => [
              {
                operation: 'VerifyAuthRequestCryptogram',
                keys: { KeyIdentifier: 'Emv' },
                input: {
                  KeyIdentifier: 'alias/your-issuer-master-key',
                  AuthRequestCryptogram: toHex(given.arqc),
                  ...attributesOf(given, found.matches[0]?.way ?? given.expected),
                },
              },
            ]}
          />
        </>
      )}
    </Result>
  );
}

const attributesOf = (given: ArqcCase, way: ArqcWay) => callAttributes(given, way, paddedData(given, way));

function searched(values: EmvValues): { given: ArqcCase; found: ArqcSearch; milliseconds: number } {
  const given: ArqcCase = {
    issuerKey: issuerKeyOf(values),
    ...transactionOf(values),
    arqc: bytesOf('the ARQC of the card', values.arqc, 8),
    expected: wayOf(values),
  };
  const started = performance.now();
  const found = searchArqc(given);
  return { given, found, milliseconds: Math.round(performance.now() - started) };
}

/** Computes once, and returns the same value or error afterwards. */
function memoized<Value>(compute: () => Value): () => Value {
  let repeat: (() => Value) | undefined;
  return () => {
    if (repeat === undefined)
      try {
        const value = compute();
        repeat = () => value;
      } catch (error) {
        repeat = () => {
          throw error;
        };
      }
    return repeat();
  };
}

function Answer({ given, found }: { given: ArqcCase; found: ArqcSearch }) {
  const [best] = found.matches;
  if (!best) return <NoMatch given={given} found={found} />;
  if (best.differences.length === 0)
    return (
      <Verdict title="It matches your computation" tone="ok">
        <p>The key and the data are right, and so are session key, padding and sequence number.</p>
      </Verdict>
    );
  return <Match way={best.way} given={given} differences={best.differences} others={found.matches.length - 1} />;
}

/** The change that makes the cryptogram match. @param others number of other variants that match */
export function Match({
  way,
  given,
  differences,
  others,
}: {
  way: ArqcWay;
  given: Omit<ArqcCase, 'issuerKey' | 'arqc'>;
  differences: ArqcAttempt['differences'];
  others: number;
}) {
  const [only] = differences;
  const advice = differences.map((member) => ADVICE[member](way, given));
  return (
    <Verdict
      title={
        differences.length === 1 && only ? TITLES[only] : `The card differs in ${count(differences.length, 'point')}`
      }
      tone="ok"
    >
      {advice.map(({ what }) => (
        <p key={what}>{what}</p>
      ))}
      {differences.includes('scheme') && <VersionAgrees iad={given.iad} way={way} />}
      <p>
        In your call,{' '}
        {advice.map(({ member, value, instead }, at) => (
          <Fragment key={member}>
            {at > 0 && ', and '}
            set <code>{member}</code> to <code class="wrap">{value}</code>
            {instead !== undefined && (
              <>
                {' '}
                instead of <code>{instead}</code>
              </>
            )}
          </Fragment>
        ))}
        .
      </p>
      {others > 0 && <p>{count(others, 'other way')} matches, too: see below.</p>}
    </Verdict>
  );
}

function VersionAgrees({ iad, way }: { iad: Buffer; way: ArqcWay }) {
  const said = whatVersionSays(iad);
  if (!said) return null;
  const version = `CVN ${hexByte(cryptogramVersionOf(iad) ?? 0)}`;
  return (
    <p>{said.scheme === way.scheme ? `Its IAD says so too: ${version}.` : `Its IAD says otherwise: ${version}.`}</p>
  );
}

const TITLES: Readonly<Record<keyof ArqcWay, string>> = {
  scheme: 'The card used a different session key',
  padding: 'The card pads its data by the other method',
  iad: 'The card signs another part of its IAD',
  psn: 'The card’s key has another sequence number',
  majorKeyDerivation: 'The card’s key is derived by the other option',
  change: 'The card signed other data',
};

interface Advice {
  what: string;
  member: string;
  value: string;
  instead?: string;
}
type AdviceFor = (way: ArqcWay, given: Omit<ArqcCase, 'issuerKey' | 'arqc'>) => Advice;

const SESSION_INPUTS: Readonly<Record<ArqcWay['scheme'], string>> = {
  EMV_COMMON_SESSION_KEY: 'derived from the ATC alone',
  MASTERCARD_SESSION_KEY: 'which mixes in the unpredictable number',
  EMV2000: 'a leaf of a tree of keys',
  UNION_PAY: 'derived from the ATC and its inverse',
  VISA: 'the ICC master key itself',
  AMEX: 'the ICC master key itself',
};

const theSessionKey = ({ scheme }: Pick<ArqcWay, 'scheme'>) =>
  (scheme === 'VISA' || scheme === 'AMEX' ? '' : 'the ') + sessionKeyWords(scheme);

const transactionData = (way: ArqcWay, given: Parameters<AdviceFor>[1]) => toHex(paddedData(given, way));

const ADVICE: Readonly<Record<keyof ArqcWay, AdviceFor>> = {
  scheme: (way, { expected }) => ({
    what: `You use ${theSessionKey(expected)}, ${SESSION_INPUTS[expected.scheme]}. The card’s value matches with ${theSessionKey(way)}, ${SESSION_INPUTS[way.scheme]}.`,
    member: 'SessionKeyDerivationAttributes',
    value: SESSION_KEY_NAMES[way.scheme],
    instead: SESSION_KEY_NAMES[expected.scheme],
  }),
  padding: (way, given) => ({
    what: `The card’s value matches with padding method ${way.padding}: ${way.padding === 2 ? '80 and then zeros' : 'zeros only'} after the data.`,
    member: 'TransactionData',
    value: transactionData(way, given),
  }),
  iad: (way, given) => ({
    what:
      way.iad === 'CVR'
        ? `The card signs only the card verification results of its issuer application data, ${toHex(verificationResultsOf(given.iad))}.`
        : way.iad === 'WHOLE'
          ? 'The card signs all of its issuer application data.'
          : 'The card signs none of its issuer application data.',
    member: 'TransactionData',
    value: transactionData(way, given),
  }),
  psn: (way, { expected }) => ({
    what: `The card’s value matches with sequence number ${way.psn}, not ${expected.psn}.`,
    member: 'PanSequenceNumber',
    value: way.psn,
    instead: expected.psn,
  }),
  majorKeyDerivation: (way) => ({
    what: `The card’s value matches with a key derived by option ${way.majorKeyDerivation === 'EMV_OPTION_A' ? 'A' : 'B'} of EMV Book 2.`,
    member: 'MajorKeyDerivationMode',
    value: way.majorKeyDerivation,
  }),
  change: (way, given) => ({
    what: CHANGES[way.change ?? 'NO_COUNTER'],
    member: 'TransactionData',
    value: transactionData(way, given),
  }),
};

const CHANGES: Readonly<Record<NonNullable<ArqcWay['change']>, string>> = {
  NO_UNPREDICTABLE_NUMBER: 'The card’s value matches without the unpredictable number in the data.',
  NO_COUNTER: 'The card’s value matches without the ATC in the data.',
  AMOUNT_OTHER_ZERO: 'The card’s value matches with Amount, Other (9F03) set to zero.',
  COUNTER_SWAPPED: 'The card’s value matches with the bytes of the ATC swapped.',
};

function NoMatch({ given, found }: { given: ArqcCase; found: ArqcSearch }) {
  const evidence = evidenceOf(given);
  return (
    <Verdict title={`None of ${found.attempts.length} ways gives the card’s value`} tone="bad">
      <p>
        {evidence.length === 0
          ? 'Nothing about the input is unusual, so the issuer master key, the PAN or a value of the data differs from the card’s.'
          : 'These facts about the input are unusual, the likeliest cause first:'}
      </p>
      {evidence.length > 0 && (
        <ul>
          {evidence.map((each) => (
            <li key={each}>{EVIDENCE[each]}</li>
          ))}
        </ul>
      )}
      <p>Compare the check value of the issuer master key with that of the card’s personalization.</p>
    </Verdict>
  );
}

const EVIDENCE: Readonly<Record<ArqcEvidence, string>> = {
  ISSUER_KEY_PARITY: 'The issuer master key doesn’t have odd parity: a digit may be wrong, or it is a component.',
  ISSUER_KEY_HALVES: 'The issuer master key is weak: a half is a weak key, or both are equal.',
  VERSION_DIFFERS: 'The cryptogram version in the IAD implies another session key than the one you use.',
  COUNTER_NOT_SIGNED: 'The ATC isn’t part of the data.',
  UNPREDICTABLE_NUMBER_NOT_SIGNED: 'The unpredictable number isn’t part of the data.',
  DATA_ALREADY_PADDED: 'The data is a whole number of blocks: it may have been padded already.',
};

const SHOWN = 8;

/** The variants that were tried, with the fewest differences first. */
function Tried({ found, milliseconds }: { found: ArqcSearch; milliseconds: number }) {
  const [isAll, setIsAll] = useState(false);
  const sorted = [...found.attempts].sort(
    (a, b) => Number(b.matches) - Number(a.matches) || a.differences.length - b.differences.length,
  );
  return (
    <Sheet
      title="What was tried"
      aside={
        <span class="quiet">
          {count(found.attempts.length, 'way')} in {milliseconds} ms
        </span>
      }
    >
      <Ways rows={(isAll ? sorted : sorted.slice(0, SHOWN)).map((each) => ({ ...each, value: each.cryptogram }))} />
      <div class="foot">
        <span>
          {isAll ? sorted.length : Math.min(SHOWN, sorted.length)} of {sorted.length}
        </span>
        <button type="button" class="link" onClick={() => setIsAll(!isAll)}>
          {isAll ? 'Only the closest' : 'Show all'}
        </button>
      </div>
    </Sheet>
  );
}

/** A table of variants. @param rows without `value` if the cryptogram isn't known, as with a stored key */
export function Ways({
  rows,
}: {
  rows: readonly { way: ArqcWay; matches: boolean; differences: readonly unknown[]; value?: Buffer }[];
}) {
  return (
    <Table head={['Session key', 'IAD', 'Padding', 'PSN', 'Cryptogram']}>
      {rows.map(({ way, matches, differences, value }) => (
        <tr key={JSON.stringify(way)} class={matches ? 'hit' : undefined}>
          <td>{SCHEME_WORDS[way.scheme].replace(/ \(.*/, '')}</td>
          <td data-k="IAD">{IAD_WORDS[way.iad]}</td>
          <td data-k="Padding">{way.padding}</td>
          <td data-k="PSN">{way.psn}</td>
          <td class="wide">
            {value && <Digits value={value} />} {matches && <Tag tone="ok">Card</Tag>}{' '}
            {differences.length === 0 && <Tag>Yours</Tag>}
            {!value && !matches && <span class="quiet">No match</span>}
            {(way.change !== undefined || way.majorKeyDerivation === 'EMV_OPTION_B') && (
              <small>{way.change?.toLowerCase().replaceAll('_', ' ') ?? 'option B'}</small>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Explains the cryptogram version number of the card. */
export function Versions({ iad }: { iad: string }) {
  const typed = readHex(iad);
  const said = typed && 'bytes' in typed ? whatVersionSays(typed.bytes) : undefined;
  return (
    <Sheet title="What the CVN says" aside={<span class="quiet">In hexadecimal</span>}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Scheme, CVN</th>
            <th scope="col">Session key</th>
            <th scope="col">IAD</th>
            <th scope="col">Padding</th>
          </tr>
        </thead>
        <tbody>
          {CRYPTOGRAM_VERSIONS.map((row) => (
            <tr key={row.network + row.versions.join()} class={row === said ? 'hit' : undefined}>
              <td>
                {row.network} {row.versions.map(hexByte).join(', ')}
              </td>
              <td>{SCHEME_WORDS[row.scheme].replace(/ \(.*/, '')}</td>
              <td>{row.iad === 'WHOLE' ? 'Whole' : 'CVR'}</td>
              <td>{row.padding}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}
