import type { SessionKeyScheme } from '../../src/crypto/emv/session-key.js';
import {
  type ArqcTransaction,
  type ArqcWay,
  cryptogramVersionOf,
  type IadPart,
  readSignedData,
  SESSION_KEY_NAMES,
  type SignedElement,
  verificationResultsOf,
  whatVersionSays,
} from '../../src/workbench/arqc-search.js';
import { toHex } from '../../src/crypto/bytes.js';
import { ByteRuler, type RuledField } from '../components/byte-ruler.js';
import { Choice, TextArea, TextField } from '../components/field.js';
import { HexField } from './hex-field.js';
import { grouped, readHex } from './hex.js';
import { bytesOf, digitsOf, type Inputs, optionalBytesOf } from './inputs.js';
import { KeyField } from './key-field.js';

/** Inputs about a card and its transaction. */
export const BLANK = {
  issuerKey: '',
  pan: '',
  psn: '',
  atc: '',
  un: '',
  iad: '',
  data: '',
  scheme: 'EMV_COMMON_SESSION_KEY' as SessionKeyScheme,
  padding: '2',
  iadPart: 'CVR' as IadPart,
  majorKeyDerivation: 'EMV_OPTION_A' as ArqcWay['majorKeyDerivation'],
  arqc: '',
  arpcMethod: '1',
  arc: '',
  csu: '',
  proprietary: '',
  message: '',
};
export type EmvValues = typeof BLANK;
export type EmvInputs = Inputs<EmvValues>;

/** An M/Chip 4 card with cryptogram version 14, whose issuer uses Mastercard's session key. */
export const EXAMPLE: Partial<EmvValues> = {
  issuerKey: '263D 9EEA 2025 9B7C C261 2AAD D5EF 19CD',
  pan: '5413330089020011',
  psn: '01',
  atc: '00A7',
  un: '5A3C 91E7',
  iad: '0114 A500 0302 0000 0000 0000 0000 0000 00FF',
  data: '9F02060000000125009F03060000000000009F1A020752950500000080005F2A0207529A032611279C01009F37045A3C91E7820239009F360200A7',
  scheme: 'MASTERCARD_SESSION_KEY',
  padding: '2',
  iadPart: 'CVR',
  majorKeyDerivation: 'EMV_OPTION_A',
  arqc: '3BDB EBF8 E13C 9EBB',
};

export const SCHEME_WORDS: Readonly<Record<SessionKeyScheme, string>> = {
  EMV_COMMON_SESSION_KEY: 'EMV common',
  MASTERCARD_SESSION_KEY: 'Mastercard',
  EMV2000: 'EMV 2000',
  VISA: 'None: ICC master key (Visa)',
  AMEX: 'None: ICC master key (Amex)',
  UNION_PAY: 'UnionPay',
};
export const IAD_WORDS: Readonly<Record<IadPart, string>> = { CVR: 'CVR', WHOLE: 'Whole IAD', NONE: 'Nothing' };

/** Data elements by tag: name on the ruler, and colour. */
const TAGS: Readonly<Record<string, readonly [name: string, hue: RuledField['hue']]>> = {
  '9F02': ['Amount', 1],
  '9F03': ['Other', 1],
  '9F1A': ['Country', 2],
  '95': ['TVR', 3],
  '5F2A': ['Currency', 2],
  '9A': ['Date', 4],
  '9C': ['Type', 4],
  '9F37': ['UN', 5],
  '82': ['AIP', 6],
  '9F36': ['ATC', 5],
  '9F10': ['IAD', 3],
  '9F33': ['Terminal', 6],
  '9F34': ['CVM results', 6],
  '9F35': ['Terminal type', 6],
  '9F26': ['Cryptogram', 5],
  '9F27': ['CID', 6],
  '5A': ['PAN', 6],
  '5F34': ['PSN', 6],
};

/** The elements that cards sign, in signing order. */
const SIGNED_ORDER = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37', '82', '9F36'];
/** Fields that elements of a message fill in. */
const FIELDS_OF_TAGS = {
  '9F36': 'atc',
  '9F37': 'un',
  '9F10': 'iad',
  '9F26': 'arqc',
  '5F34': 'psn',
  '5A': 'pan',
} as const;

/** The variant that the user entered. */
export function wayOf({ scheme, padding, iad, iadPart, psn, majorKeyDerivation }: EmvValues): ArqcWay {
  return {
    scheme,
    padding: padding === '1' ? 1 : 2,
    iad: iad.trim() === '' ? 'NONE' : iadPart,
    psn: psn.trim() === '' ? '00' : psn.trim(),
    majorKeyDerivation,
  };
}

/** The transaction that the user entered. @throws Incomplete */
export function transactionOf(values: EmvValues): Omit<ArqcTransaction, 'issuerKey'> {
  return {
    pan: digitsOf('the PAN', values.pan),
    atc: bytesOf('the ATC', values.atc, 2),
    un: values.un.trim() === '' ? Buffer.alloc(4) : bytesOf('the unpredictable number', values.un, 4),
    iad: optionalBytesOf('the issuer application data', values.iad),
    elements: readSignedData(bytesOf('the data that the card signs', values.data)).elements,
  };
}

/** The issuer master key that the user entered. @throws Incomplete */
export function issuerKeyOf({ issuerKey }: EmvValues): Buffer {
  return bytesOf('the issuer master key', issuerKey, 16);
}

export function IssuerKeyField({ values, set }: EmvInputs) {
  return (
    <KeyField
      label="Issuer master key (test)"
      value={values.issuerKey}
      onInput={set('issuerKey')}
      empty="TDES 2-key, 16 bytes."
      algorithm="TDES"
    />
  );
}

export function CardFields({ values, set }: EmvInputs) {
  return (
    <div class="pair">
      <TextField label="PAN" mono value={values.pan} onInput={set('pan')} hint="12 to 19 digits." />
      <TextField
        label="PAN sequence number"
        mono
        value={values.psn}
        onInput={set('psn')}
        hint="2 digits, 00 if empty."
      />
    </div>
  );
}

export function CounterFields({ values, set }: EmvInputs) {
  return (
    <div class="pair">
      <HexField label="ATC" aside="9F36" bytes={2} value={values.atc} onInput={set('atc')} />
      <HexField label="Unpredictable number" aside="9F37" bytes={4} value={values.un} onInput={set('un')} />
    </div>
  );
}

/** The issuer application data, and the elements before them. */
export function DataFields({ values, set, change }: EmvInputs) {
  const typed = readHex(values.data);
  const read = typed && 'bytes' in typed ? readSignedData(typed.bytes) : undefined;
  return (
    <>
      <HexField
        label="Issuer application data"
        aside="9F10"
        value={values.iad}
        onInput={set('iad')}
        hint={versionWords(values.iad)}
      />
      <TextArea
        label="Data signed by the card"
        aside="TLV"
        value={values.data}
        onInput={set('data')}
        rows={4}
        hint={dataWords(typed, read?.notTlv)}
      />
      {read?.elements.some(({ tag }) => tag in FIELDS_OF_TAGS && !SIGNED_ORDER.includes(tag)) && (
        <p class="field">
          <button type="button" class="btn slim" onClick={() => change(filledIn(read.elements))}>
            Fill in the fields from this message
          </button>
        </p>
      )}
      {read && (
        <div class="field">
          <ByteRuler label="Transaction data by field" fields={ruled(read.elements, values)} />
        </div>
      )}
    </>
  );
}

function dataWords(typed: ReturnType<typeof readHex>, notTlv: string | undefined): string {
  if (typed === undefined) return 'In the order of the card, without 9F10. Or paste all of field 55.';
  if ('fault' in typed) return typed.fault;
  return notTlv === undefined
    ? `${typed.bytes.length} bytes of TLV.`
    : `Used unchanged, because it isn’t TLV: ${notTlv}.`;
}

/** Explains the cryptogram version in the issuer application data. */
function versionWords(text: string): string {
  const typed = readHex(text);
  if (typed === undefined) return 'Optional.';
  if ('fault' in typed) return typed.fault;
  const version = cryptogramVersionOf(typed.bytes);
  const said = whatVersionSays(typed.bytes);
  if (version === undefined) return 'Too short for a cryptogram version.';
  const words = `CVN ${hexByte(version)}`;
  if (!said) return `${words}, which says nothing about the session key.`;
  const part = said.iad === 'WHOLE' ? 'whole IAD' : 'CVR';
  return `${words}: ${sessionKeyWords(said.scheme)}, ${part} in the data, padding method ${said.padding}.`;
}

export function sessionKeyWords(scheme: SessionKeyScheme): string {
  return scheme === 'VISA' || scheme === 'AMEX' ? 'no session key' : `${SCHEME_WORDS[scheme]} session key`;
}

export function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

function ruled(elements: readonly SignedElement[], { iad, iadPart }: EmvValues): RuledField[] {
  const typed = readHex(iad);
  const fields = elements.map(({ tag, value }): RuledField => {
    const [name, hue] = TAGS[tag] ?? [tag === '' ? 'Data' : tag, 6];
    return { value: grouped(toHex(value)), name, ...(tag !== '' && { note: tag }), hue };
  });
  if (typed === undefined || 'fault' in typed || iadPart === 'NONE') return fields;
  return [
    ...fields,
    iadPart === 'WHOLE'
      ? { value: grouped(toHex(typed.bytes)), name: 'IAD', note: '9F10', hue: 3 }
      : { value: grouped(toHex(verificationResultsOf(typed.bytes))), name: 'CVR', note: 'in 9F10', hue: 3 },
  ];
}

/** The fields of a whole message: the data that the card signs, in order, and the data with a separate field. */
function filledIn(elements: readonly SignedElement[]): Partial<EmvValues> {
  const of = (tag: string) => elements.find((element) => element.tag === tag);
  const signed = SIGNED_ORDER.flatMap((tag) => of(tag) ?? []);
  const own = Object.entries(FIELDS_OF_TAGS).flatMap(([tag, field]) => {
    const value = of(tag)?.value;
    if (value === undefined) return [];
    const digits = toHex(value);
    return [[field, field === 'pan' ? digits.replace(/F+$/, '') : grouped(digits)]];
  });
  return {
    data: signed.map(({ tag, value }) => tag + hexByte(value.length) + toHex(value)).join(''),
    ...(Object.fromEntries(own) as Partial<EmvValues>),
  };
}

/** The issuer's variant of the cryptogram. */
export function WayFields({ values, set, isScript = false }: EmvInputs & { isScript?: boolean }) {
  return (
    <>
      <div class="pair">
        <Choice
          label="Session key you use"
          value={values.scheme}
          onInput={(value) => set('scheme')(value as SessionKeyScheme)}
          options={Object.entries(SCHEME_WORDS)}
        />
        <Choice
          label="Key derivation"
          value={values.majorKeyDerivation}
          onInput={(value) => set('majorKeyDerivation')(value as ArqcWay['majorKeyDerivation'])}
          options={[
            ['EMV_OPTION_A', 'Option A'],
            ['EMV_OPTION_B', 'Option B'],
          ]}
        />
      </div>
      {!isScript && (
        <div class="pair">
          <Choice
            label="From the IAD"
            value={values.iadPart}
            onInput={(value) => set('iadPart')(value as IadPart)}
            options={[
              ['CVR', 'CVR only'],
              ['WHOLE', 'All of it'],
            ]}
          />
          <PaddingField values={values} set={set} />
        </div>
      )}
    </>
  );
}

export function PaddingField({ values, set }: Pick<EmvInputs, 'values' | 'set'>) {
  return (
    <Choice
      label="Padding"
      value={values.padding}
      onInput={set('padding')}
      options={[
        ['2', 'Method 2: 80, then zeros'],
        ['1', 'Method 1: zeros'],
      ]}
    />
  );
}

export function ArqcField({ values, set }: Pick<EmvInputs, 'values' | 'set'>) {
  return <HexField label="ARQC of the card" aside="9F26" bytes={8} value={values.arqc} onInput={set('arqc')} />;
}

/** The members of an API call that determine the computation of a cryptogram. */
export function callAttributes(given: Omit<ArqcTransaction, 'issuerKey'>, way: ArqcWay, padded: Buffer) {
  const card = { PrimaryAccountNumber: given.pan, PanSequenceNumber: way.psn };
  const counter = { ...card, ApplicationTransactionCounter: toHex(given.atc) };
  const withoutCounter = way.scheme === 'VISA' || way.scheme === 'AMEX';
  const session =
    way.scheme === 'MASTERCARD_SESSION_KEY'
      ? { ...counter, UnpredictableNumber: toHex(given.un) }
      : withoutCounter
        ? card
        : counter;
  return {
    TransactionData: toHex(padded),
    MajorKeyDerivationMode: way.majorKeyDerivation,
    SessionKeyDerivationAttributes: { [SESSION_KEY_NAMES[way.scheme]]: session },
  };
}
