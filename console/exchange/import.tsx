import { useState } from 'preact/hooks';
import type { WorkingKeyVariant } from '../../src/crypto/as2805.js';
import { CryptoError } from '../../src/crypto/errors.js';
import type { KeyBlock } from '../../src/crypto/tr31/key-block.js';
import { VERSIONS } from '../../src/crypto/tr31/header-values.js';
import type { Key, KeyOutput } from '../../src/payment/controlplane/keys/keys.schema.js';
import { AS2805_USAGES } from '../../src/payment/exchange/as2805.js';
import { control } from '../api.js';
import { isAs2805Kek, VARIANTS } from '../as2805.js';
import { useChange, useKeyWithAlias } from '../change.js';
import { AwaitKeys } from '../components/await-keys.js';
import { Choice, TextArea, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { Sheet } from '../components/sheet.js';
import { Failure } from '../components/states.js';
import { keyId, type ListedKey } from '../payment-keys.js';
import { hrefOf, place, setQuery } from '../router.js';
import { region } from '../session.js';
import { modeWords } from '../words.js';
import {
  AgreementFields,
  agreementOf,
  AttributeFields,
  AuthorityChoice,
  BLANK_AGREEMENT,
  CertificateField,
  Check,
  Crumb,
  hexDigits,
  isSame,
  KeyChoice,
  ParametersField,
  SpecChoice,
  useKeys,
  wrappingKeys,
} from './fields.js';
import { type Form, useForm } from './form.js';
import { holdingOf, pemOf } from './holding.js';
import { blockOf, Inspection } from './inspection.js';
import { note } from './protocol.js';
import { attributesOf, modeSets, type Purpose, purposesOf, suggestedFor } from './purposes.js';

/** Forms of key material that a partner may have sent, by their names in the address. */
const KINDS = {
  block: 'A TR-31 key block',
  tr34: 'A TR-34 token',
  rsa: 'A key encrypted under RSA',
  as2805: 'A key under a variant of a TDES key, by AS 2805',
  ecdh: 'A key block under a key agreed on by ECDH',
  certificate: 'A certificate with a public key',
} as const;
type Kind = keyof typeof KINDS;

const PASTED: Readonly<Record<Kind, string>> = {
  block: 'Key block',
  tr34: 'Token',
  rsa: 'Cryptogram',
  as2805: 'Cryptogram',
  ecdh: 'Key block',
  certificate: 'Certificate',
};

const PASTED_HINTS: Partial<Record<Kind, string>> = {
  block: 'Line ends are ignored.',
  ecdh: 'Line ends are ignored.',
  as2805: '32 hexadecimal digits for a key of two parts, 48 for one of three.',
};

const SYMMETRIC = purposesOf('SYMMETRIC_KEY');
const PUBLIC = purposesOf('PUBLIC_KEY');
const [FIRST] = SYMMETRIC as [Purpose];
const ofVariant = (variant: WorkingKeyVariant) =>
  SYMMETRIC.find(({ usage }) => usage === AS2805_USAGES[variant]) ?? FIRST;
const [[FIRST_VARIANT]] = VARIANTS as [(typeof VARIANTS)[number]];
const BLANK = {
  ...BLANK_AGREEMENT,
  ...suggestedFor(FIRST),
  pasted: '',
  wrapping: '',
  token: '',
  signer: '',
  nonce: '',
  spec: 'RSA_OAEP_SHA_256',
  variant: FIRST_VARIANT,
  variantModes: suggestedFor(ofVariant(FIRST_VARIANT)).modes,
  exportable: false,
  publicUsage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
  alias: '',
  expected: '',
};
type Values = typeof BLANK;

/** Imports a key or a certificate, after showing its fields. */
export function Import() {
  const form = useForm(BLANK);
  const { values, set } = form;
  const named = place.value.query.get('kind') ?? '';
  const kind = Object.hasOwn(KINDS, named) ? (named as Kind) : 'block';
  const keys = useKeys();
  const { failure, run } = useChange();
  const [imported, setImported] = useState<Key>();
  const { needsAlias, create } = useKeyWithAlias<Key>(JSON.stringify([kind, { ...values, alias: '', expected: '' }]));
  const importKey = async () => {
    setImported(undefined);
    const material = await MATERIAL[kind](values);
    const answer = await run(() => control<KeyOutput>('ImportKey', { KeyMaterial: material }), 'Imported');
    if (!answer) return undefined;
    const { Key } = answer;
    note({ what: 'Imported', keyArn: Key.KeyArn, checkValue: Key.KeyCheckValue, method: Key.KeyCheckValueAlgorithm });
    setImported(Key);
    return Key;
  };
  const alias = values.alias.trim().replace(/^alias\//, '');
  const createAlias = ({ KeyArn }: Key) =>
    run(() => control<object>('CreateAlias', { AliasName: `alias/${alias}`, KeyArn }), `Created ${alias}`);
  const submit = (event: Event) => {
    event.preventDefault();
    void create(importKey, alias === '' ? undefined : createAlias);
  };
  return (
    <>
      <Crumb />
      <Head title="Import a key">
        <p>The contents are parsed in this tab first. Nothing is sent before you press Import.</p>
      </Head>
      <div class="cols form">
        <div class="typed">
          <Sheet title="What you hold">
            <form class="body" onSubmit={submit}>
              <Choice
                label="You hold"
                value={kind}
                onInput={(next) => setQuery({ kind: next })}
                options={Object.entries(KINDS)}
              />
              <TextArea
                label={PASTED[kind]}
                value={values.pasted}
                onInput={set('pasted')}
                rows={5}
                hint={PASTED_HINTS[kind] ?? 'PEM, hexadecimal or base64.'}
              />
              <AwaitKeys loaded={keys}>{(own) => <KindFields kind={kind} keys={own} {...form} />}</AwaitKeys>
              <TextField
                label="Alias"
                mono
                value={values.alias}
                onInput={set('alias')}
                hint="Optional: a name to use in calls."
              />
              {kind !== 'certificate' && (
                <TextField
                  label="Expected check value"
                  mono
                  value={values.expected}
                  onInput={set('expected')}
                  hint="Compared after the import, 4 digits or more."
                />
              )}
              <button type="submit" class="btn go" disabled={values.pasted.trim() === ''}>
                {needsAlias ? 'Create the alias' : 'Import'}
              </button>
            </form>
          </Sheet>
        </div>
        <div>
          {failure && (
            <section class="sheet">
              <Failure error={failure} />
            </section>
          )}
          {imported && <Result imported={imported} expected={hexDigits(values.expected)} />}
          {kind === 'rsa' || kind === 'as2805' ? (
            <Sheet title="Contents">
              <p class="body quiet">
                {hexDigits(values.pasted).length / 2} bytes. A cryptogram has no header: you choose the key’s usage, and
                only the check value shows if it is the right key.
              </p>
            </Sheet>
          ) : (
            <Inspection text={values.pasted} empty="Paste it to see its contents before it is sent." />
          )}
        </div>
      </div>
    </>
  );
}

type FieldProps = Form<Values> & { keys: readonly ListedKey[] };

function KindFields({ kind, ...props }: FieldProps & { kind: Kind }) {
  const { keys, values, set, change } = props;
  if (kind === 'block') return <WrappingKey {...props} />;
  if (kind === 'as2805') return <VariantFields {...props} />;
  if (kind === 'ecdh') return <AgreementFields keys={keys} values={values} set={set} />;
  if (kind === 'tr34')
    return (
      <>
        <ParametersField direction="Import" type="TR34_KEY_BLOCK" onToken={set('token')} />
        <TextField label="Import token" mono value={values.token} onInput={set('token')} />
        <CertificateField label="Sender’s signing certificate" value={values.signer} onInput={set('signer')} />
        <AuthorityChoice keys={keys} value={values.authority} onInput={set('authority')} />
        <TextField
          label="Nonce"
          mono
          value={values.nonce}
          onInput={set('nonce')}
          hint="The value that you gave the sender, for a two-pass token."
        />
      </>
    );
  if (kind === 'rsa')
    return (
      <>
        <ParametersField direction="Import" type="KEY_CRYPTOGRAM" onToken={set('token')} />
        <TextField label="Import token" mono value={values.token} onInput={set('token')} />
        <AttributeFields purposes={SYMMETRIC} values={values} change={change} />
        <SpecChoice value={values.spec} onInput={set('spec')} />
        <p class="field">
          <Check label="Exportable" checked={values.exportable} onInput={set('exportable')} />
        </p>
      </>
    );
  return (
    <>
      <Choice
        label="The public key is to"
        value={values.publicUsage}
        onInput={set('publicUsage')}
        options={PUBLIC.map(({ usage }) => [usage, PUBLIC_USES[usage.slice(5, 7)] ?? usage])}
      />
      <AuthorityChoice
        label="Issued by the authority (none for a root)"
        keys={keys}
        value={values.authority}
        onInput={set('authority')}
      />
    </>
  );
}

/** Variant, key-encryption key and modes of a key by AS 2805. The variant decides its usage, its length the algorithm. */
function VariantFields({ keys, values, set, change }: FieldProps) {
  return (
    <>
      <Choice
        label="Variant"
        value={values.variant}
        onInput={(text) => {
          const variant = text as WorkingKeyVariant;
          change({ variant, variantModes: suggestedFor(ofVariant(variant)).modes });
        }}
        options={VARIANTS}
      />
      <KeyChoice
        label="Wrapped under"
        keys={keys.filter(({ KeyAttributes }) => isAs2805Kek(KeyAttributes, 'Unwrap'))}
        value={values.wrapping}
        onInput={set('wrapping')}
        none="Create or import a TDES key-encryption key first."
      />
      <Choice
        label="It may"
        value={values.variantModes}
        onInput={set('variantModes')}
        options={modeSets(ofVariant(values.variant)).map((modes, at) => [String(at), modeWords(modes)] as const)}
      />
      <p class="field">
        <Check label="Exportable" checked={values.exportable} onInput={set('exportable')} />
      </p>
    </>
  );
}

const PUBLIC_USES: Readonly<Record<string, string>> = {
  S0: 'Verify certificates and signatures of the partner',
  K2: 'Encrypt keys for the partner',
  D1: 'Encrypt data for the partner',
};

/**
 * Keys that may unwrap the block: those with the algorithm of its version and, if the block states one, the check
 * value.
 */
function WrappingKey({ keys, values, set }: FieldProps) {
  const holding = holdingOf(values.pasted);
  const block = holding && 'block' in holding ? blockOf(holding.block) : undefined;
  const all = wrappingKeys(keys, 'Unwrap');
  const { fitting, why } =
    block && !(block instanceof CryptoError) ? fittingKeys(all, block) : { fitting: all, why: undefined };
  return (
    <KeyChoice
      label="Wrapped under"
      keys={fitting}
      value={values.wrapping}
      onInput={set('wrapping')}
      hint={why}
      none={`${why ?? 'No key may unwrap key blocks.'} Create or import a key-encryption key first.`}
    />
  );
}

export function fittingKeys(keys: readonly ListedKey[], { header, optionalBlocks }: KeyBlock) {
  const algorithm = VERSIONS[header.versionId].kbpkAlgorithm;
  const ofAlgorithm = keys.filter(({ KeyAttributes }) => KeyAttributes.KeyAlgorithm.startsWith(algorithm));
  const named = optionalBlocks.find(({ id }) => id === 'KP')?.data.slice(2);
  if (named === undefined)
    return {
      fitting: ofAlgorithm,
      why: `${algorithm} keys fit version ${header.versionId}. The block doesn’t name the key.`,
    };
  const fitting = ofAlgorithm.filter(({ KeyCheckValue }) => isSame(KeyCheckValue, named));
  return {
    fitting,
    why: `The block names the ${algorithm} key with check value ${named}${fitting.length === 0 ? ', which isn’t here' : ''}.`,
  };
}

/** The member of KeyMaterial for each kind. */
const MATERIAL: Readonly<Record<Kind, (values: Values) => object | Promise<object>>> = {
  block: ({ pasted, wrapping }) => ({
    Tr31KeyBlock: { WrappingKeyIdentifier: wrapping, WrappedKeyBlock: pasted.replace(/\s/g, '') },
  }),
  tr34: ({ pasted, token, signer, authority, nonce }) => ({
    Tr34KeyBlock: {
      CertificateAuthorityPublicKeyIdentifier: authority,
      SigningKeyCertificate: signer.trim(),
      ImportToken: token.trim(),
      WrappedKeyBlock: derDigits(pasted),
      KeyBlockFormat: 'X9_TR34_2012',
      ...(nonce.trim() !== '' && { RandomNonce: hexDigits(nonce) }),
    },
  }),
  rsa: (values) => ({
    KeyCryptogram: {
      KeyAttributes: attributesOf(SYMMETRIC.find(({ usage }) => usage === values.usage) ?? FIRST, values),
      Exportable: values.exportable,
      WrappedKeyCryptogram: derDigits(values.pasted),
      ImportToken: values.token.trim(),
      WrappingSpec: values.spec,
    },
  }),
  as2805: ({ pasted, variant, variantModes, wrapping, exportable }) => {
    const cryptogram = hexDigits(pasted);
    const algorithm = cryptogram.length === 48 ? 'TDES_3KEY' : 'TDES_2KEY';
    const { KeyModesOfUse } = attributesOf(ofVariant(variant), {
      ...suggestedFor(ofVariant(variant)),
      modes: variantModes,
    });
    return {
      As2805KeyCryptogram: {
        As2805KeyVariant: variant,
        KeyModesOfUse,
        KeyAlgorithm: algorithm,
        Exportable: exportable,
        WrappingKeyIdentifier: wrapping,
        WrappedKeyCryptogram: cryptogram,
      },
    };
  },
  ecdh: (values) => ({
    DiffieHellmanTr31KeyBlock: { ...agreementOf(values), WrappedKeyBlock: values.pasted.replace(/\s/g, '') },
  }),
  certificate: async ({ pasted, publicUsage, authority }) => {
    const holding = holdingOf(pasted);
    const der = holding && 'der' in holding ? holding.der : Buffer.alloc(0);
    const { readCertificate } = await import('./certificate.js');
    const purpose = PUBLIC.find(({ usage }) => usage === publicUsage) ?? PUBLIC[0];
    let algorithm: string | undefined;
    try {
      ({ algorithm } = readCertificate(der));
    } catch {
      // The service's error message explains the problem.
    }
    const key = {
      KeyAttributes: {
        ...(purpose && attributesOf(purpose, { ...suggestedFor(purpose), modes: '0' })),
        ...(algorithm !== undefined && { KeyAlgorithm: algorithm }),
      },
      PublicKeyCertificate: der.length > 0 ? btoa(pemOf(der)) : pasted.trim(),
    };
    return authority === ''
      ? { RootCertificatePublicKey: key }
      : { TrustedCertificatePublicKey: { ...key, CertificateAuthorityPublicKeyIdentifier: authority } };
  },
};

/** Returns pasted DER, or any other bytes, in the API's encoding: upper-case hexadecimal. */
function derDigits(pasted: string): string {
  const holding = holdingOf(pasted);
  return holding && 'der' in holding ? holding.der.toString('hex').toUpperCase() : hexDigits(pasted);
}

function Result({ imported: { KeyArn, KeyCheckValue }, expected }: { imported: Key; expected: string }) {
  const isExpected = expected === '' || isSame(KeyCheckValue, expected);
  return (
    <section class="sheet">
      <div class={isExpected ? 'verdict' : 'verdict bad'} role={isExpected ? 'status' : 'alert'}>
        <h2>
          {expected === ''
            ? `Imported, check value ${KeyCheckValue}`
            : isExpected
              ? `The check value is ${KeyCheckValue}, as expected`
              : `Not the expected key: its check value is ${KeyCheckValue}`}
        </h2>
        <p>
          {isExpected
            ? expected === '' && 'Compare it with the partner’s before you use the key. '
            : 'Compare the method of both check values; if they are the same, delete this key. '}
          <a href={hrefOf(['keys', region.value, keyId(KeyArn)])}>Show the key</a>
        </p>
      </div>
    </section>
  );
}
