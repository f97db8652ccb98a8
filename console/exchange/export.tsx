import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { WorkingKeyVariant } from '../../src/crypto/as2805.js';
import type { ExportKeyOutput } from '../../src/payment/controlplane/exchange/exchange.schema.js';
import type { Key, KeyOutput } from '../../src/payment/controlplane/keys/keys.schema.js';
import { checkStrength } from '../../src/payment/exchange/strength.js';
import { control } from '../api.js';
import { isAs2805Kek, variantOf } from '../as2805.js';
import { useChange } from '../change.js';
import { AwaitKeys } from '../components/await-keys.js';
import { Copy } from '../components/copy.js';
import { Choice, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { Save } from '../components/save.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty, Failure } from '../components/states.js';
import { useLoad } from '../load.js';
import { keyArn, keyId, type ListedKey } from '../payment-keys.js';
import { hrefOf, place } from '../router.js';
import { region } from '../session.js';
import { algorithmWords, usageWords } from '../words.js';
import {
  AgreementFields,
  agreementOf,
  AuthorityChoice,
  BLANK_AGREEMENT,
  CertificateField,
  Check,
  hexDigits,
  KeyChoice,
  ParametersField,
  SpecChoice,
  useKeys,
  wrappingKeys,
} from './fields.js';
import { type Form, useForm } from './form.js';
import { Inspection } from './inspection.js';
import { note } from './protocol.js';

/** Recipients of an exported key. */
const RECEIVERS = {
  block: 'A partner who has a key-encryption key of mine: TR-31',
  tr34: 'A partner with a certificate: TR-34',
  rsa: 'A partner with an RSA certificate, without a header',
  as2805: 'A partner who has a TDES key of mine: AS 2805',
  ecdh: 'A partner who agrees on a key by ECDH',
} as const;
type Receiver = keyof typeof RECEIVERS;

const BLANK = {
  ...BLANK_AGREEMENT,
  receiver: 'block' as Receiver,
  wrapping: '',
  token: '',
  nonce: '',
  spec: 'RSA_OAEP_SHA_256',
  isInitial: false,
  ksn: '',
};
type Values = typeof BLANK;
type Wrapped = NonNullable<ExportKeyOutput['WrappedKey']>;

/** Exports the payment key that the address names. */
export function Export() {
  const id = place.value.path[2] ?? '';
  const key = useLoad(
    async () => (await control<KeyOutput>('GetKey', { KeyIdentifier: keyArn(id) })).Key,
    [id, region.value],
  );
  return (
    <>
      <p class="crumb">
        <a href={hrefOf(['keys', region.value, id])}>{id}</a>
      </p>
      <Head title="Export a key">
        <p>
          {key.state === 'ready'
            ? `${usageWords(key.value.KeyAttributes.KeyUsage)}, ${algorithmWords(key.value.KeyAttributes.KeyAlgorithm)}, check value ${key.value.KeyCheckValue}`
            : id}
        </p>
      </Head>
      {key.state === 'ready' && key.value.Exportable && key.value.KeyAttributes.KeyClass === 'SYMMETRIC_KEY' ? (
        <ExportForm of={key.value} />
      ) : (
        <section class="sheet">
          <Await loaded={key}>{(stored) => <NotExportable of={stored} />}</Await>
        </section>
      )}
    </>
  );
}

function NotExportable({ of: { KeyAttributes } }: { of: Key }) {
  return KeyAttributes.KeyClass === 'SYMMETRIC_KEY' ? (
    <Empty title="This key is not exportable">
      <p>
        This was set when the key was created or imported, and can’t be changed: others may rely on the key never
        leaving the service. Create an exportable key for this partner instead.
      </p>
      <a class="btn" href={hrefOf(['keys', 'create'])}>
        Create a key
      </a>
    </Empty>
  ) : (
    <Empty title="Asymmetric keys aren’t exported">
      <p>A private key never leaves the service. The partner gets the certificate of the key pair.</p>
      <a class="btn" href={hrefOf(['exchange'])}>
        Show certificates
      </a>
    </Empty>
  );
}

function ExportForm({ of: stored }: { of: Key }) {
  const form = useForm(BLANK);
  const { values, set } = form;
  const keys = useKeys();
  const { failure, run } = useChange();
  const [wrapped, setWrapped] = useState<Wrapped>();
  const isBdk = stored.KeyAttributes.KeyUsage === 'TR31_B0_BASE_DERIVATION_KEY';
  const variant = variantOf(stored.KeyAttributes);
  const isTdes = stored.KeyAttributes.KeyAlgorithm.startsWith('TDES');
  const send = async (event: Event) => {
    event.preventDefault();
    setWrapped(undefined);
    const answer = await run(
      () =>
        control<ExportKeyOutput>('ExportKey', {
          ExportKeyIdentifier: stored.KeyArn,
          KeyMaterial: MATERIAL[values.receiver](values, variant),
          ...(values.isInitial && {
            ExportAttributes: { ExportDukptInitialKey: { KeySerialNumber: hexDigits(values.ksn) } },
          }),
        }),
      'Exported',
    );
    if (!answer?.WrappedKey) return;
    setWrapped(answer.WrappedKey);
    const { KeyCheckValue = '', KeyCheckValueAlgorithm } = answer.WrappedKey;
    note({
      what: values.isInitial ? `Exported the initial key of ${hexDigits(values.ksn)}` : 'Exported',
      keyArn: stored.KeyArn,
      checkValue: KeyCheckValue,
      method: KeyCheckValueAlgorithm,
    });
  };
  return (
    <div class="cols form">
      <div class="typed">
        <Sheet title="Recipient">
          <form class="body" onSubmit={(event) => void send(event)}>
            <Choice
              label="The key is for"
              value={values.receiver}
              onInput={(receiver) => set('receiver')(receiver as Receiver)}
              options={Object.entries(RECEIVERS).filter(([receiver]) => receiver !== 'as2805' || variant !== undefined)}
            />
            {isBdk && (
              <>
                <p class="field">
                  <Check
                    label="The initial key of a terminal, not the base derivation key"
                    checked={values.isInitial}
                    onInput={set('isInitial')}
                  />
                </p>
                {values.isInitial && (
                  <TextField
                    label="Key serial number"
                    mono
                    value={values.ksn}
                    onInput={set('ksn')}
                    hint={`${isTdes ? 20 : 24} digits.`}
                  />
                )}
              </>
            )}
            <AwaitKeys loaded={keys}>{(own) => <ReceiverFields stored={stored} keys={own} {...form} />}</AwaitKeys>
            <button type="submit" class="btn go">
              Export
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
        {wrapped ? (
          <Exported wrapped={wrapped} id={keyId(stored.KeyArn)} />
        ) : (
          <Sheet title="What the partner gets">
            <Empty title="Nothing exported yet">
              <p>It appears here, with its fields and its check value. The audit log records each export.</p>
            </Empty>
          </Sheet>
        )}
      </div>
    </div>
  );
}

function ReceiverFields({
  stored,
  keys,
  values,
  set,
}: Form<Values> & { stored: Key; keys: readonly ListedKey[] }): ComponentChildren {
  const { receiver } = values;
  if (receiver === 'block' || receiver === 'as2805') {
    const wrapping =
      receiver === 'block'
        ? wrappingKeys(keys, 'Wrap')
        : keys.filter(({ KeyAttributes }) => isAs2805Kek(KeyAttributes, 'Wrap'));
    const strong = wrapping.filter(
      ({ KeyArn, KeyAttributes }) => KeyArn !== stored.KeyArn && isStrongEnough(stored, KeyAttributes.KeyAlgorithm),
    );
    return (
      <KeyChoice
        label="Wrapped under"
        keys={strong}
        value={values.wrapping}
        onInput={set('wrapping')}
        hint="Keys that are weaker than this one are left out."
        none="No key-encryption key is strong enough for this one. Create or import one first."
      />
    );
  }
  if (receiver === 'ecdh') return <AgreementFields keys={keys} values={values} set={set} />;
  return (
    <>
      <CertificateField label="Receiver’s certificate" value={values.certificate} onInput={set('certificate')} />
      <AuthorityChoice keys={keys} value={values.authority} onInput={set('authority')} />
      {receiver === 'rsa' ? (
        <SpecChoice value={values.spec} onInput={set('spec')} />
      ) : (
        <>
          <ParametersField direction="Export" type="TR34_KEY_BLOCK" onToken={set('token')} />
          <TextField label="Export token" mono value={values.token} onInput={set('token')} />
          <TextField
            label="Nonce"
            mono
            value={values.nonce}
            onInput={set('nonce')}
            hint="The receiver’s value, for a two-pass token."
          />
        </>
      )}
    </>
  );
}

function isStrongEnough({ KeyAttributes }: Key, kek: Key['KeyAttributes']['KeyAlgorithm']): boolean {
  try {
    checkStrength(KeyAttributes.KeyAlgorithm, { kek });
    return true;
  } catch {
    return false;
  }
}

/** The member of KeyMaterial for each receiver. */
const MATERIAL: Readonly<Record<Receiver, (values: Values, variant: WorkingKeyVariant | undefined) => object>> = {
  block: ({ wrapping }) => ({ Tr31KeyBlock: { WrappingKeyIdentifier: wrapping } }),
  tr34: ({ authority, certificate, token, nonce }) => ({
    Tr34KeyBlock: {
      CertificateAuthorityPublicKeyIdentifier: authority,
      WrappingKeyCertificate: certificate.trim(),
      ExportToken: token.trim(),
      KeyBlockFormat: 'X9_TR34_2012',
      ...(nonce.trim() !== '' && { RandomNonce: hexDigits(nonce) }),
    },
  }),
  rsa: ({ authority, certificate, spec }) => ({
    KeyCryptogram: {
      CertificateAuthorityPublicKeyIdentifier: authority,
      WrappingKeyCertificate: certificate.trim(),
      WrappingSpec: spec,
    },
  }),
  as2805: ({ wrapping }, variant) => ({
    As2805KeyCryptogram: { WrappingKeyIdentifier: wrapping, As2805KeyVariant: variant },
  }),
  ecdh: (values) => ({ DiffieHellmanTr31KeyBlock: agreementOf(values) }),
};

function Exported({ wrapped, id }: { wrapped: Wrapped; id: string }) {
  const { KeyMaterial, KeyCheckValue, KeyCheckValueAlgorithm, WrappedKeyMaterialFormat } = wrapped;
  return (
    <>
      <section class="sheet">
        <div class="verdict" role="status">
          <h2>Check value {KeyCheckValue}</h2>
          <p>{KeyCheckValueAlgorithm}. Before you use the key, compare check values with the partner by telephone.</p>
        </div>
        <div class="body">
          <code class="wrap">{KeyMaterial}</code>
          <p class="row next">
            <Copy text={KeyMaterial} what="the key" />
            <Save
              text="Download"
              file={`${id}-${WrappedKeyMaterialFormat.toLowerCase().replaceAll('_', '-')}.txt`}
              type="text/plain"
              content={() => `${KeyMaterial}\n`}
            />
          </p>
        </div>
      </section>
      {WrappedKeyMaterialFormat !== 'KEY_CRYPTOGRAM' && <Inspection text={KeyMaterial} empty="" />}
    </>
  );
}
