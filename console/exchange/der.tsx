import type { ComponentChildren } from 'preact';
import { decodeSequence, TAG } from '../../src/crypto/asn1.js';
import { toHex } from '../../src/crypto/bytes.js';
import { CryptoError } from '../../src/crypto/errors.js';
import { inspectKeyTransport, type KeyTransport } from '../../src/crypto/tr34/inspect.js';
import { describeName } from '../../src/crypto/x509/distinguished-name.js';
import { ByteRuler, type RuledField } from '../components/byte-ruler.js';
import { Sheet } from '../components/sheet.js';
import { Tag } from '../components/tag.js';
import { useLoad } from '../load.js';
import { algorithmWords, count, timeWords } from '../words.js';
import { grouped } from '../workbench/hex.js';
import type { KeyAlgorithm } from '../../src/payment/keys/key-attributes.js';
import { readCertificate } from './certificate.js';

/** Shows a TR-34 token or a certificate field by field, or marks the byte at which it is malformed. */
export function DerInspection({ der }: { der: Buffer }) {
  try {
    // A ContentInfo begins with its OBJECT IDENTIFIER, a certificate with a SEQUENCE.
    const isToken = decodeSequence(der, 'The encoding', 'CMS').optional(TAG.OID) !== undefined;
    return isToken ? <Token der={der} token={inspectKeyTransport(der)} /> : <Certificate der={der} />;
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return <MalformedDer der={der} error={error} />;
  }
}

function MalformedDer({ der, error }: { der: Buffer; error: CryptoError }) {
  const at = Math.min(error.offset ?? 0, der.length);
  const from = Math.max(0, at - 16);
  return (
    <section class="sheet">
      <div class="verdict bad" role="alert">
        <h2>{error.code === 'CMS' ? 'Not a TR-34 token' : 'Not a certificate'}</h2>
        <p>{error.message}.</p>
      </div>
      {error.offset !== undefined && (
        <div class="body">
          <p class="hint">At byte {at}:</p>
          <code class="wrap">
            {toHex(der.subarray(from, at))} <mark>{toHex(der.subarray(at, at + 1)) || '?'}</mark>{' '}
            {toHex(der.subarray(at + 1, at + 17))}
          </code>
        </div>
      )}
    </section>
  );
}

/** Number of bytes that the ruler shows at the beginning and end of a longer field. */
const SHOWN = 8;

function Token({ der, token }: { der: Buffer; token: KeyTransport }) {
  const field = (name: string, bytes: Buffer, hue: RuledField['hue']): RuledField => ({
    value:
      bytes.length > 4 * SHOWN
        ? `${grouped(toHex(bytes.subarray(0, SHOWN)))} … ${grouped(toHex(bytes.subarray(-SHOWN)))}`
        : grouped(toHex(bytes)),
    name,
    note: `${bytes.byteOffset - der.byteOffset}, ${count(bytes.length, 'byte')}`,
    hue,
  });
  return (
    <>
      <Sheet
        title="TR-34 token"
        aside={<span class="quiet">{token.form === 'X9_TR34_2012' ? 'Form of 2012' : 'Form of 2019'}</span>}
      >
        <div class="body">
          <ByteRuler
            label="Fields of the token"
            fields={[
              { value: token.header, name: 'Key block header', note: 'signed', hue: 1 },
              field('Encrypted key', token.encryptedKey, 2),
              field('IV', token.iv, 6),
              field('Key block', token.encryptedContent, 3),
              field('Digest', token.messageDigest, 4),
              ...(token.nonce ? [field('Nonce', token.nonce, 2)] : []),
              field('Signature', token.signature, 5),
            ]}
          />
          <Facts
            of={[
              ['Passes', token.nonce ? 'Two: it contains the receiver’s nonce' : 'One: without a nonce'],
              ['Signed', token.signingTime && timeWords(token.signingTime.getTime() / 1000)],
              ['Sender', <Party id={token.kdh} />],
              ['Receiver', <Party id={token.krd} />],
              ['Cipher', token.contentCipher],
              ['Revocation lists', token.crls.length > 0 && String(token.crls.length)],
            ]}
          />
          <p class="hint">
            The console doesn’t verify anything. The service verifies the signature and the certificates on import.
          </p>
        </div>
      </Sheet>
      {token.certificates.map((certificate) => (
        <Certificate key={toHex(certificate)} der={certificate} title="Certificate in the token" />
      ))}
    </>
  );
}

/** @param id IssuerAndSerialNumber, DER */
function Party({ id }: { id: Buffer }) {
  const fields = decodeSequence(id, 'IssuerAndSerialNumber', 'CMS');
  const issuer = fields.take(TAG.SEQUENCE, 'issuer').der;
  return (
    <span class="wrap">
      Serial number <code>{toHex(fields.take(TAG.INTEGER, 'serialNumber').content)}</code> of {describeName(issuer)}
    </span>
  );
}

function Certificate({ der, title = 'Certificate' }: { der: Buffer; title?: string }) {
  const { subject, issuer, serialNumber, notBefore, notAfter, algorithm, isCa } = readCertificate(der);
  const print = useLoad(
    async () => toHex(Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(der)))),
    [toHex(der)],
  );
  const now = new Date();
  return (
    <Sheet
      title={title}
      aside={notAfter < now ? <Tag tone="bad">Expired</Tag> : notBefore > now && <Tag tone="warn">Not valid yet</Tag>}
    >
      <div class="body">
        <Facts
          of={[
            ['Subject', subject],
            ['Issuer', subject === issuer ? 'Itself: a root' : issuer],
            ['Serial number', <code class="wrap">{serialNumber}</code>],
            ['Valid', `${timeWords(notBefore.getTime() / 1000)} to ${timeWords(notAfter.getTime() / 1000)}`],
            [
              'Key',
              algorithm === undefined ? 'Not RSA, P-256, P-384 or P-521' : algorithmWords(algorithm as KeyAlgorithm),
            ],
            ['May issue', isCa ? 'Certificates' : 'Nothing: not an authority’s'],
            ['SHA-256', print.state === 'ready' && <code class="wrap">{grouped(print.value)}</code>],
          ]}
        />
      </div>
    </Sheet>
  );
}

function Facts({ of: facts }: { of: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="defs next">
      {facts.map(([name, value]) =>
        value ? (
          <>
            <dt>{name}</dt>
            <dd class="wrap">{value}</dd>
          </>
        ) : null,
      )}
    </dl>
  );
}
