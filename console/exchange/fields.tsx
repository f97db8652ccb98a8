import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type {
  GetParametersForExportOutput,
  GetParametersForImportOutput,
} from '../../src/payment/controlplane/exchange/exchange.schema.js';
import { SYMMETRIC_KEY_ALGORITHMS } from '../../src/payment/keys/key-attributes.js';
import { control } from '../api.js';
import { useChange } from '../change.js';
import { Choice, TextArea, TextField } from '../components/field.js';
import { saveFile } from '../components/save.js';
import { Failure } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { type Loaded, useLoad } from '../load.js';
import { keyId, type ListedKey, type LoadedKeys, loadKeys, useOffered } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { algorithmWords, modeWords, timeWords, untilWords } from '../words.js';
import type { Form } from './form.js';
import { type Choices, modeSets, type Purpose, suggestedFor } from './purposes.js';

/** The keys of the page's Region that can be used. */
export function useKeys(): Loaded<LoadedKeys> {
  return useLoad(async () => {
    const { keys, more } = await loadKeys();
    return { keys: keys.filter(({ Enabled, KeyState }) => Enabled && KeyState === 'CREATE_COMPLETE'), more };
  }, [region.value]);
}

export function nameOf({ aliases, KeyArn }: Pick<ListedKey, 'aliases' | 'KeyArn'>): string {
  return aliases[0] ?? keyId(KeyArn);
}

/** A choice of one of the keys. @param none message if there is no key */
export function KeyChoice({
  label,
  keys,
  value,
  onInput,
  hint,
  none,
}: {
  label: string;
  keys: readonly ListedKey[];
  value: string;
  onInput: (arn: string) => void;
  hint?: ComponentChildren;
  none: string;
}) {
  useOffered(keys, value, onInput);
  return (
    <>
      <Choice
        label={label}
        value={value}
        onInput={onInput}
        options={[
          ['', keys.length === 0 ? 'None' : 'Choose a key'],
          ...keys.map(
            (key) =>
              [
                key.KeyArn,
                `${nameOf(key)}, ${algorithmWords(key.KeyAttributes.KeyAlgorithm)}, ${key.KeyCheckValue}`,
              ] as const,
          ),
        ]}
      />
      {keys.length === 0 ? <p class="hint field">{none}</p> : hint && <p class="hint field">{hint}</p>}
    </>
  );
}

export const isUsage =
  (...codes: readonly string[]) =>
  ({ KeyAttributes }: ListedKey) =>
    codes.includes(KeyAttributes.KeyUsage.slice(5, 7));

/** Keys that protect key blocks. @param mode the mode of use that they must have */
export function wrappingKeys(keys: readonly ListedKey[], mode: 'Wrap' | 'Unwrap'): ListedKey[] {
  return keys
    .filter(isUsage('K0', 'K1'))
    .filter(({ KeyAttributes: { KeyModesOfUse: modes } }) => modes[mode] || modes.NoRestrictions);
}

/** Public keys of authorities. */
export function AuthorityChoice({
  keys,
  ...rest
}: {
  keys: readonly ListedKey[];
  value: string;
  onInput: (arn: string) => void;
  label?: string;
}) {
  const authorities = keys.filter(isUsage('S0')).filter(({ KeyAttributes }) => KeyAttributes.KeyClass === 'PUBLIC_KEY');
  return (
    <KeyChoice
      label="Issued by the authority"
      none="Import the certificate of the partner’s authority first."
      {...rest}
      keys={authorities}
    />
  );
}

/** Purpose, algorithm and modes: only combinations that the service accepts. @param step renders one of the three */
export function AttributeFields({
  purposes,
  values,
  change,
  step = (_title, children) => children,
}: {
  purposes: readonly Purpose[];
  values: Choices;
  change: (choices: Partial<Choices>) => void;
  step?: (title: string, children: ComponentChildren) => ComponentChildren;
}) {
  const purpose = purposes.find(({ usage }) => usage === values.usage) ?? purposes[0];
  if (!purpose) return null;
  return (
    <>
      {step(
        'Purpose',
        <Choice
          label="The key is to"
          value={purpose.usage}
          onInput={(usage) => {
            const next = purposes.find((each) => each.usage === usage);
            if (next) change(suggestedFor(next));
          }}
          options={purposes.map(({ usage, words }) => [usage, words] as const)}
        />,
      )}
      {step(
        'Algorithm',
        <Choice
          label="Algorithm"
          value={values.algorithm}
          onInput={(algorithm) => change({ algorithm: algorithm as Choices['algorithm'] })}
          options={purpose.algorithms.map((name) => [name, algorithmWords(name)] as const)}
        />,
      )}
      {step(
        'Modes of use',
        <Choice
          label="It may"
          value={values.modes}
          onInput={(modes) => change({ modes })}
          options={modeSets(purpose).map((modes, at) => [String(at), modeWords(modes)] as const)}
        />,
      )}
    </>
  );
}

/** A checkbox. */
export function Check({
  label,
  checked,
  onInput,
}: {
  label: string;
  checked: boolean;
  onInput: (checked: boolean) => void;
}) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onInput={({ currentTarget }) => onInput(currentTarget.checked)} />
      {label}
    </label>
  );
}

/** Inputs that both sides of a key agreement share. */
export const BLANK_AGREEMENT = {
  pair: '',
  authority: '',
  certificate: '',
  derived: 'AES_256',
  kdf: 'NIST_SP800',
  hash: 'SHA_512',
  shared: '',
};

export function AgreementFields({
  keys,
  values,
  set,
}: Pick<Form<typeof BLANK_AGREEMENT>, 'values' | 'set'> & { keys: readonly ListedKey[] }) {
  return (
    <>
      <KeyChoice
        label="Your key pair"
        keys={keys.filter(isUsage('K3'))}
        value={values.pair}
        onInput={set('pair')}
        none="Create a key to agree on keys by ECDH first."
      />
      <CertificateField label="Partner’s certificate" value={values.certificate} onInput={set('certificate')} />
      <AuthorityChoice keys={keys} value={values.authority} onInput={set('authority')} />
      <div class="pair">
        <Choice
          label="Derived key"
          value={values.derived}
          onInput={set('derived')}
          options={SYMMETRIC_KEY_ALGORITHMS.filter((name) => !name.startsWith('HMAC')).map((name) => [
            name,
            algorithmWords(name),
          ])}
        />
        <Choice
          label="Derivation"
          value={values.kdf}
          onInput={set('kdf')}
          options={[
            ['NIST_SP800', 'NIST SP 800-56C'],
            ['ANSI_X963', 'ANSI X9.63'],
          ]}
        />
      </div>
      <div class="pair">
        <Choice
          label="Hash"
          value={values.hash}
          onInput={set('hash')}
          options={['SHA_256', 'SHA_384', 'SHA_512'].map((name) => [name, name.replace('_', '-')])}
        />
        <TextField label="Shared information" mono value={values.shared} onInput={set('shared')} hint="Hexadecimal." />
      </div>
    </>
  );
}

/** The members of the request that the fields fill in. */
export function agreementOf(values: typeof BLANK_AGREEMENT) {
  return {
    PrivateKeyIdentifier: values.pair,
    CertificateAuthorityPublicKeyIdentifier: values.authority,
    PublicKeyCertificate: values.certificate.trim(),
    DeriveKeyAlgorithm: values.derived,
    KeyDerivationFunction: values.kdf,
    KeyDerivationHashAlgorithm: values.hash,
    DerivationData: { SharedInformation: hexDigits(values.shared) },
  };
}

export function CertificateField({
  label,
  value,
  onInput,
}: {
  label: string;
  value: string;
  onInput: (text: string) => void;
}) {
  return <TextArea label={label} value={value} onInput={onInput} rows={4} hint="PEM, or base64 of PEM." />;
}

export function hexDigits(text: string): string {
  return text.replace(/\s/g, '').toUpperCase();
}

/** Padding by which RSA encrypts a bare key. */
export function SpecChoice({ value, onInput }: { value: string; onInput: (spec: string) => void }) {
  return (
    <Choice
      label="Padding"
      value={value}
      onInput={onInput}
      options={[
        ['RSA_OAEP_SHA_256', 'OAEP with SHA-256'],
        ['RSA_OAEP_SHA_512', 'OAEP with SHA-512'],
      ]}
    />
  );
}

/** Parameters of an exchange: a token, and the certificate that the partner needs. */
interface Parameters {
  token: string;
  /** Base64 of PEM. */
  certificate: string;
  chain: string;
  /** Seconds since 1970. */
  until: number;
}

/** Asks for the parameters of an import or an export, and shows how long they can be used. */
export function ParametersField({
  direction,
  type,
  onToken,
}: {
  direction: 'Import' | 'Export';
  type: 'TR34_KEY_BLOCK' | 'KEY_CRYPTOGRAM';
  onToken: (token: string) => void;
}) {
  const [algorithm, setAlgorithm] = useState('RSA_2048');
  const [parameters, setParameters] = useState<Parameters>();
  const { failure, run } = useChange();
  const [, redraw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => redraw((last) => last + 1), 60_000);
    return () => clearInterval(timer);
  }, []);
  const ask = async () => {
    const answer = await run(() => parametersFor(direction, type, algorithm));
    if (!answer) return;
    setParameters(answer);
    onToken(answer.token);
  };
  const isOver = parameters !== undefined && parameters.until < Date.now() / 1000;
  return (
    <div class="field">
      {direction === 'Import' && (
        <Choice
          label="Key that the partner encrypts for"
          value={algorithm}
          onInput={setAlgorithm}
          options={['RSA_2048', 'RSA_3072', 'RSA_4096'].map((name) => [name, name.replace('_', '-')])}
        />
      )}
      <div class="row">
        <button type="button" class="btn" onClick={() => void ask()}>
          Get parameters
        </button>
        {parameters && (
          <>
            <button
              type="button"
              class="btn slim"
              onClick={() => savePem(`${direction.toLowerCase()}-certificate`, parameters.certificate)}
            >
              Certificate for the partner
            </button>
            <button type="button" class="btn slim" onClick={() => savePem('root-certificate', parameters.chain)}>
              Its root
            </button>
          </>
        )}
      </div>
      {parameters && (
        <p class="hint">
          <code>{parameters.token}</code>{' '}
          {isOver ? (
            <Tag tone="bad">Expired: get new ones</Tag>
          ) : (
            <>
              ends {untilWords(parameters.until)}, on {timeWords(parameters.until)}
            </>
          )}
        </p>
      )}
      {failure && <Failure error={failure} />}
    </div>
  );
}

async function parametersFor(direction: 'Import' | 'Export', type: string, algorithm: string): Promise<Parameters> {
  const input = { KeyMaterialType: type, ReuseLastGeneratedToken: true };
  if (direction === 'Import') {
    const output = await control<GetParametersForImportOutput>('GetParametersForImport', {
      ...input,
      WrappingKeyAlgorithm: algorithm,
    });
    return {
      token: output.ImportToken,
      certificate: output.WrappingKeyCertificate,
      chain: output.WrappingKeyCertificateChain,
      until: output.ParametersValidUntilTimestamp,
    };
  }
  const output = await control<GetParametersForExportOutput>('GetParametersForExport', {
    ...input,
    SigningKeyAlgorithm: 'RSA_2048',
  });
  return {
    token: output.ExportToken,
    certificate: output.SigningKeyCertificate,
    chain: output.SigningKeyCertificateChain,
    until: output.ParametersValidUntilTimestamp,
  };
}

/** Saves a certificate or a signing request, which the service returns as base64 of PEM. */
export function savePem(name: string, text: string): void {
  saveFile({ file: `${name}.pem`, type: 'application/x-pem-file', content: `${atob(text)}\n` });
}

/** True if two check values agree up to the length of the shorter one. */
export function isSame(one: string, other: string): boolean {
  const digits = Math.min(one.length, other.length);
  return digits >= 4 && one.slice(0, digits) === other.slice(0, digits);
}

/** Link back to the list of keys. */
export function Crumb() {
  return (
    <p class="crumb">
      <a href={hrefOf(['keys'])}>Payment keys</a>
    </p>
  );
}
