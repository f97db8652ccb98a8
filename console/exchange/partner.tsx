import type { ComponentChildren } from 'preact';
import type { ListCertificatesOutput } from '../../src/admin/certificates.schema.js';
import type {
  GetCertificateSigningRequestOutput,
  GetPublicKeyCertificateOutput,
} from '../../src/payment/controlplane/exchange/exchange.schema.js';
import type { KeyOutput } from '../../src/payment/controlplane/keys/keys.schema.js';
import { admin, control } from '../api.js';
import { useChange } from '../change.js';
import { TextArea, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty, Failure } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { DEPLOYMENT } from '../deployment.js';
import { useLoad } from '../load.js';
import { keyId } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { identity, region } from '../session.js';
import { principalWords, timeWords } from '../words.js';
import { currentTask, InThisTab, TaskLinks } from '../workbench/calculator.js';
import { Check, hexDigits, isSame, isUsage, KeyChoice, savePem, useKeys } from './fields.js';
import { useForm } from './form.js';
import { Inspection } from './inspection.js';
import { abilities, inspected, note, partner, protocol, reported, testKey } from './protocol.js';

const TASKS = {
  certificates: '1 Certificates',
  mechanism: '2 Mechanism',
  test: '3 Test key',
  protocol: '4 Protocol',
  inspect: 'Inspect',
} as const;

/** The assistant for the exchange of keys with a new partner. */
export function Partner() {
  const task = currentTask(TASKS);
  return (
    <>
      <Head title="Exchange" actions={<TaskLinks tasks={TASKS} />}>
        <p>From a new partner’s certificates to the first shared key.</p>
      </Head>
      {SCREENS[task]()}
    </>
  );
}

const SCREENS: Readonly<Record<keyof typeof TASKS, () => ComponentChildren>> = {
  certificates: () => <Certificates />,
  mechanism: () => <Mechanism />,
  test: () => <TestKey />,
  protocol: () => <Protocol />,
  inspect: () => <Inspect />,
};

type Certificate = ListCertificatesOutput['Certificates'][number];

function Certificates() {
  const loaded = useLoad(
    () => admin<ListCertificatesOutput>('ListCertificates', ['GET', 'certificates']),
    [region.value],
  );
  return (
    <div class="cols">
      <div>
        <Sheet title="Ours">
          <Await loaded={loaded}>
            {({ Certificates: all }) => (
              <CertificateTable
                of={all.filter(({ Kind }) => Kind !== 'imported')}
                empty="The service issues a certificate when you first request a key pair’s certificate or exchange parameters."
              />
            )}
          </Await>
        </Sheet>
        <Sheet title="Theirs" aside={<a href={hrefOf(['keys', 'import'], { kind: 'certificate' })}>Import</a>}>
          <Await loaded={loaded}>
            {({ Certificates: all }) => (
              <CertificateTable
                of={all.filter(({ Kind }) => Kind === 'imported')}
                empty="Import the root of the partner’s authority first, then what it has issued."
              />
            )}
          </Await>
        </Sheet>
      </div>
      <KeyPairs />
    </div>
  );
}

const KINDS: Readonly<Record<Certificate['Kind'], string>> = {
  authority: 'Root of the service',
  key: 'Key pair',
  'exchange token': 'Import or export token',
  imported: 'Imported',
};

function CertificateTable({ of: certificates, empty }: { of: readonly Certificate[]; empty: string }) {
  if (certificates.length === 0)
    return (
      <Empty title="No certificate">
        <p>{empty}</p>
      </Empty>
    );
  return (
    <table class="table cards">
      <thead>
        <tr>
          <th scope="col">Subject</th>
          <th scope="col">Issued by</th>
          <th scope="col">Until</th>
        </tr>
      </thead>
      <tbody>
        {certificates.map(({ Kind, Subject, Issuer, KeyArn, NotAfter }) => (
          <tr key={`${Kind} ${Subject} ${KeyArn} ${NotAfter}`}>
            <td class="wrap">
              {KeyArn === undefined ? Subject : <a href={hrefOf(['keys', region.value, keyId(KeyArn)])}>{Subject}</a>}
              <small>{KINDS[Kind]}</small>
            </td>
            <td class="wide wrap">{Issuer === Subject ? 'Itself' : Issuer}</td>
            <td data-k="Until">
              {timeWords(NotAfter)} {NotAfter < Date.now() / 1000 && <Tag tone="bad">Expired</Tag>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The part of a key pair that the partner receives: its certificate, or a certification request for another authority. */
function KeyPairs() {
  const keys = useKeys();
  const { values, set } = useForm({ pair: '', name: '', organization: '', country: '' });
  const { failure, run } = useChange();
  const input = { KeyIdentifier: values.pair };
  const id = keyId(values.pair);
  const saveCertificate = async () => {
    const answer = await run(() => control<GetPublicKeyCertificateOutput>('GetPublicKeyCertificate', input));
    if (!answer) return;
    savePem(id, answer.KeyCertificate);
    savePem(`${id}-chain`, answer.KeyCertificateChain);
  };
  const saveRequest = async (event: Event) => {
    event.preventDefault();
    const answer = await run(() =>
      control<GetCertificateSigningRequestOutput>('GetCertificateSigningRequest', {
        ...input,
        SigningAlgorithm: 'SHA256',
        CertificateSubject: {
          CommonName: values.name.trim(),
          ...(values.organization.trim() !== '' && { Organization: values.organization.trim() }),
          ...(values.country.trim() !== '' && { Country: values.country.trim() }),
        },
      }),
    );
    if (answer) savePem(`${id}-request`, answer.CertificateSigningRequest);
  };
  return (
    <Sheet title="For the partner">
      <form class="body" onSubmit={(event) => void saveRequest(event)}>
        <Await loaded={keys}>
          {(own) => (
            <KeyChoice
              label="Your key pair"
              keys={own
                .filter(isUsage('K2', 'K3', 'S0', 'D1'))
                .filter(({ KeyAttributes }) => KeyAttributes.KeyClass === 'ASYMMETRIC_KEY_PAIR')}
              value={values.pair}
              onInput={set('pair')}
              none="No key pair. TR-34 and RSA need none: their parameters contain a certificate."
            />
          )}
        </Await>
        <button type="button" class="btn" disabled={values.pair === ''} onClick={() => void saveCertificate()}>
          Download its certificate and chain
        </button>
        <h3 class="next">Or a certificate signing request, for another authority</h3>
        <TextField label="Common name" value={values.name} onInput={set('name')} />
        <TextField label="Organization" value={values.organization} onInput={set('organization')} hint="Optional." />
        <TextField label="Country" value={values.country} onInput={set('country')} hint="Optional, 2 letters." />
        <button type="submit" class="btn" disabled={values.pair === '' || values.name.trim() === ''}>
          Download the request
        </button>
      </form>
      {failure && <Failure error={failure} />}
    </Sheet>
  );
}

/** Exchange methods that an HSM may support, the best first, and the steps that follow from each. */
const MECHANISMS = [
  {
    ability: 'TR-34 with certificates',
    title: 'Send a key-encryption key by TR-34, then key blocks under it',
    words:
      'Both sides are authenticated by certificates, and nobody holds a component. It can transport TDES and AES-128 keys; for AES-256, agree on a key by ECDH.',
    kind: 'tr34',
  },
  {
    ability: 'ECDH with certificates',
    title: 'Agree on a key by ECDH, and wrap key blocks under it',
    words:
      'Nothing secret travels. P-521 is strong enough for AES-256. Both sides must use the same derivation and shared information.',
    kind: 'ecdh',
  },
  {
    ability: 'TR-31 under an AES key that both sides hold',
    title: 'Exchange key blocks of version D',
    words:
      'The header restricts the key’s use, and the MAC protects the header. The first key still has to be exchanged by another method.',
    kind: 'block',
  },
  {
    ability: 'TR-31 under a TDES key that both sides hold',
    title: 'Exchange key blocks of version B',
    words:
      'For TDES keys only: an AES key must not be wrapped under a TDES key. Plan to migrate to an AES key-encryption key.',
    kind: 'block',
  },
  {
    ability: 'RSA-OAEP',
    title: 'Send the key-encryption key under RSA',
    words:
      'A key without a header: you agree on usage and modes on paper, and only the check value shows that it is the right key.',
    kind: 'rsa',
  },
] as const;

function Mechanism() {
  const [best, ...others] = MECHANISMS.filter(({ ability }) => abilities.value.includes(ability));
  return (
    <div class="cols form">
      <Sheet title="What does the partner’s HSM support?">
        <fieldset class="body plain">
          <legend class="vh">Abilities</legend>
          {MECHANISMS.map(({ ability }) => (
            <p class="field" key={ability}>
              <Check
                label={ability}
                checked={abilities.value.includes(ability)}
                onInput={(checked) =>
                  (abilities.value = checked
                    ? [...abilities.value, ability]
                    : abilities.value.filter((each) => each !== ability))
                }
              />
            </p>
          ))}
          <p class="hint">Ask for the firmware version and the list of commands, not for the data sheet.</p>
        </fieldset>
      </Sheet>
      {best ? (
        <section class="sheet">
          <div class="verdict" role="status">
            <h2>{best.title}</h2>
            <p>{best.words}</p>
            <p>
              <a href={hrefOf(['keys', 'import'], { kind: best.kind })}>Import a key this way</a>. To send one, open it
              and choose Export.
            </p>
          </div>
          {others.length > 0 && (
            <ul class="items plain">
              {others.map(({ ability, title, words }) => (
                <li key={ability}>
                  <div>
                    <h3>{title}</h3>
                    <p>{words}</p>
                  </div>
                </li>
              ))}
            </ul>
          )}
        </section>
      ) : (
        <Sheet title="Mechanism">
          <Empty title="Nothing chosen yet">
            <p>
              Select what it supports. Components on paper are the last resort: combine them in an HSM, and import the
              key from there.
            </p>
          </Empty>
        </Sheet>
      )}
    </div>
  );
}

function TestKey() {
  const { failure, run } = useChange();
  const key = testKey.value;
  const create = async () => {
    const answer = await run(
      () =>
        control<KeyOutput>('CreateKey', {
          KeyAttributes: {
            KeyUsage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
            KeyClass: 'SYMMETRIC_KEY',
            KeyAlgorithm: 'AES_128',
            KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
          },
          Exportable: true,
          Tags: [{ Key: 'purpose', Value: 'exchange-test' }],
        }),
      'Created the test key',
    );
    if (!answer) return;
    const { KeyArn, KeyCheckValue, KeyCheckValueAlgorithm } = answer.Key;
    note({ what: 'Created a test key', keyArn: KeyArn, checkValue: KeyCheckValue, method: KeyCheckValueAlgorithm });
    testKey.value = { arn: KeyArn, checkValue: KeyCheckValue };
  };
  const remove = async (arns: readonly string[]) => {
    const done = await run(async () => {
      for (const arn of arns) await control<object>('DeleteKey', { KeyIdentifier: arn, DeleteKeyInDays: 3 });
      return true;
    }, 'Scheduled the deletion of the test keys');
    if (done) testKey.value = undefined;
  };
  const returned = protocol.value.findLast(
    ({ what, checkValue }) => what === 'Imported' && key !== undefined && isSame(checkValue, key.checkValue),
  );
  const isReported = key !== undefined && isSame(key.checkValue, hexDigits(reported.value));
  return (
    <Sheet title="Exchange a test key in both directions">
      <div class="body">
        <ol class="steps">
          <Step title="Create a test key here" done={key !== undefined}>
            {key ? (
              <p>
                <a href={hrefOf(['keys', region.value, keyId(key.arn)])}>{keyId(key.arn)}</a>, AES-128, check value{' '}
                <code>{key.checkValue}</code>
              </p>
            ) : (
              <button type="button" class="btn" onClick={() => void create()}>
                Create a test key
              </button>
            )}
          </Step>
          <Step title="Export it for the partner, by the mechanism that you chose">
            {key && (
              <a class="btn" href={hrefOf(['keys', region.value, keyId(key.arn), 'export'])}>
                Export
              </a>
            )}
          </Step>
          <Step title="The partner imports it, and reads out its check value" done={isReported}>
            <TextField
              label="Check value of the partner"
              mono
              value={reported.value}
              onInput={(value) => (reported.value = value)}
              hint={
                key === undefined || hexDigits(reported.value).length < 4
                  ? '4 digits or more.'
                  : isReported
                    ? 'The same key.'
                    : `Another key: this side has ${key.checkValue}. Compare the methods: zeros in ECB, or CMAC.`
              }
            />
          </Step>
          <Step title="The partner exports it for you, and you import it" done={returned !== undefined}>
            {returned ? (
              <p>
                Came back with check value <code>{returned.checkValue}</code>.
              </p>
            ) : (
              <a class="btn" href={hrefOf(['keys', 'import'])}>
                Import
              </a>
            )}
          </Step>
          <Step title="Delete both copies">
            {key && (
              <button
                type="button"
                class="btn stop"
                onClick={() => void remove([key.arn, ...(returned ? [returned.keyArn] : [])])}
              >
                Schedule deletion
              </button>
            )}
          </Step>
        </ol>
      </div>
      {failure && <Failure error={failure} />}
    </Sheet>
  );
}

function Step({ title, done = false, children }: { title: string; done?: boolean; children: ComponentChildren }) {
  return (
    <li>
      <div>
        <h3>
          {title} {done && <Tag tone="ok">Done</Tag>}
        </h3>
        {children}
      </div>
    </li>
  );
}

/** The record of the exchange as a page to sign. */
function Protocol() {
  const entries = protocol.value;
  return (
    <Sheet
      title="Record of the exchange"
      aside={
        <button type="button" class="btn slim" onClick={() => print()}>
          Print
        </button>
      }
    >
      <div class="body">
        <TextField
          label="Partner"
          value={partner.value}
          onInput={(name) => (partner.value = name)}
          hint="For the printed page."
        />
        <dl class="defs">
          <dt>By</dt>
          <dd>{identity.value && principalWords(identity.value.arn)}</dd>
          <dt>Account</dt>
          <dd>
            {DEPLOYMENT.accountId}, {region.value}
          </dd>
        </dl>
      </div>
      {entries.length === 0 ? (
        <Empty title="Nothing done in this tab yet">
          <p>
            Keys that you create, import and export here are listed with their check values and times. The audit log has
            them all.
          </p>
          <a href={hrefOf(['audit'])}>Show the audit log</a>
        </Empty>
      ) : (
        <table class="table cards">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">What</th>
              <th scope="col">Key</th>
              <th scope="col">Check value</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ time, what, keyArn, checkValue, method }) => (
              <tr key={time}>
                <td>{timeWords(time / 1000)}</td>
                <td class="wide">{what}</td>
                <td data-k="Key">
                  <code class="wrap">{keyId(keyArn)}</code>
                </td>
                <td data-k="Check value">
                  <code>{checkValue}</code> <small>{method}</small>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="body signatures">
        <span>Date and signature, this side</span>
        <span>Date and signature, partner</span>
      </p>
    </Sheet>
  );
}

function Inspect() {
  return (
    <>
      <InThisTab />
      <div class="cols form">
        <Sheet title="Paste it">
          <div class="body">
            <TextArea
              label="Key block, TR-34 token or certificate"
              value={inspected.value}
              onInput={(text) => (inspected.value = text)}
              rows={8}
              hint="A key block as text; a token or certificate as PEM, hexadecimal or base64."
            />
          </div>
        </Sheet>
        <div>
          <Inspection text={inspected.value} empty="Paste what the partner has sent. No key is needed to read it." />
        </div>
      </div>
    </>
  );
}
