import type { ListCertificatesOutput } from '../../src/admin/certificates.schema.js';
import type {
  GetCertificateSigningRequestOutput,
  GetPublicKeyCertificateOutput,
} from '../../src/payment/controlplane/exchange/exchange.schema.js';
import { admin, control } from '../api.js';
import { useChange } from '../change.js';
import { AwaitKeys } from '../components/await-keys.js';
import { TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty, Failure } from '../components/states.js';
import { Tag } from '../components/tag.js';
import { useLoad } from '../load.js';
import { keyId } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { timeWords } from '../words.js';
import { isUsage, KeyChoice, savePem, useKeys } from './fields.js';
import { useForm } from './form.js';

type Certificate = ListCertificatesOutput['Certificates'][number];

export function Certificates() {
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
        <AwaitKeys loaded={keys}>
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
        </AwaitKeys>
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
