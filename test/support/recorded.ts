import { hash } from 'node:crypto';
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { toHex } from '../../src/crypto/bytes.js';
import { ecdhKey } from '../../src/crypto/ecdh.js';
import { rsaEncrypt } from '../../src/crypto/rsa.js';
import type { Kbpk } from '../../src/crypto/tr31/kbpk.js';
import { buildKeyTransport } from '../../src/crypto/tr34/build.js';
import { certificateOf, textOf } from '../../src/payment/exchange/certificate-text.js';
import type { KeyMode, KeyUsage, SymmetricKeyAlgorithm } from '../../src/payment/keys/key-attributes.js';
import ecdh from '../vectors/ecdh-exchange.json' with { type: 'json' };
import { exchange } from './exchange.js';
import { keyBlock } from './import.js';
import type { Masks } from './masks.js';
import type { RawRequest, TestService } from './service.js';
import { pkcs8, testPki } from './tr34.js';

/** A request and its answer, as test/recorded/README.md describes them. */
export interface Recorded {
  title: string;
  before?: 'replicate' | 'endDeletions';
  request: RecordedRequest;
  name?: string;
  random?: Record<string, string>;
  hashed?: boolean;
  answer?: RecordedAnswer;
}

type Headers = Record<string, string | string[] | null>;

interface RecordedRequest {
  operation?: string;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: unknown;
  as?: string;
  credentials?: RawRequest['credentials'];
  region?: string;
  service?: string;
  signedSecondsAgo?: number;
  unsigned?: boolean;
  sent?: { path?: string; headers?: Headers; body?: string };
  bytes?: string;
  afterSeconds?: number;
}

export interface RecordedAnswer {
  status: string;
  /** Name and value, in the order and the spelling sent. */
  headers: string[];
  /** Parsed JSON if its text is that of `JSON.stringify`; otherwise the text. */
  body: unknown;
}

/** Regions of the recorded service. */
export const ENV = { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1,eu-central-1', KEYBLOCK_BODY_LIMIT_BYTES: '20000' };
/** The recorded service's time at the first request. */
export const START = new Date('2026-03-01T12:00:00.250Z');

/** The wrapping key under which all known keys are imported: AES_256, usage K0. */
const KEK = '8D1E5C7A02F94B6633A0D7E4195B82CF604E17F3AB28D59C710BE6429FC83D05';
const KEK_KBPK: Kbpk = { algorithm: 'AES', key: Buffer.from(KEK, 'hex') };
const KEK_USAGE = 'TR31_K0_KEY_ENCRYPTION_KEY';
const CIPHER_MODES = 'Encrypt,Decrypt,Wrap,Unwrap';
const SHARED_INFO = '00112233445566778899AABBCCDDEEFF';
const NONCE = '0102030405060708';

const knownKey = (usage = '', algorithm = '', clear = '', modes = '') => ({
  usage: usage as KeyUsage,
  algorithm: algorithm as SymmetricKeyAlgorithm,
  clear,
  modes: modes.split(',') as KeyMode[],
});

/** Values that a client computes before it sends a request: see test/recorded/README.md. */
const COMPUTED: Readonly<Record<string, (valueOf: (name: string) => string, args: string[], now: Date) => string>> = {
  repeat: (_valueOf, [times, text = '']) => text.repeat(Number(times)),
  certificate: (_valueOf, [party = '']) => {
    const ecdhParty = (ecdh.pki as Record<string, { certificatePem?: string }>)[party];
    return ecdhParty?.certificatePem === undefined
      ? textOf('CERTIFICATE', testPki()[party]!.certificate.der)
      : Buffer.from(ecdhParty.certificatePem).toString('base64');
  },
  block: (_valueOf, [usage, algorithm, clear, modes, exportable]) =>
    keyBlock(KEK_KBPK, { ...knownKey(usage, algorithm, clear, modes), exportable: exportable !== 'N' }),
  'agreed block': (valueOf, [usage = KEK_USAGE, algorithm = 'AES_256', clear = KEK, modes = CIPHER_MODES]) => {
    const peerPublicKey = certificateOf(valueOf('certificate agreement')).publicKey;
    const derived = ecdhKey(
      { privateKey: pkcs8(ecdh.pki.ca_NIST_P521.privateKeyPem), peerPublicKey },
      { kdf: 'NIST_SP800', hash: 'SHA_256', sharedInfo: Buffer.from(SHARED_INFO, 'hex'), length: 32 },
    );
    return keyBlock({ algorithm: 'AES', key: derived }, knownKey(usage, algorithm, clear, modes));
  },
  cryptogram: (valueOf, [clear = '']) => {
    const { publicKey } = certificateOf(valueOf('certificate cryptogram'));
    return toHex(rsaEncrypt(publicKey, 'OAEP_SHA256', Buffer.from(clear, 'hex')));
  },
  'key transport': (valueOf, [header = '', clear = ''], now) =>
    toHex(
      buildKeyTransport({
        form: 'X9_TR34_2012',
        header,
        key: Buffer.from(clear, 'hex'),
        kdh: testPki()['kdh']!,
        krd: {
          certificate: certificateOf(valueOf('certificate transport')),
          issuer: certificateOf(valueOf('chain rsa')),
        },
        time: now,
        nonce: Buffer.from(NONCE, 'hex'),
      }),
    ),
};

/** Sends the recorded requests, one after another over one connection. */
export class RecordedClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly service: TestService,
    private readonly masks: Masks,
  ) {}

  close(): void {
    this.#agent.destroy();
  }

  /** Sends the request of an entry, and returns the masked answer. */
  async answer({ title, request, name, random = {}, hashed = false }: Recorded): Promise<RecordedAnswer> {
    this.service.clock.advance(1000 * (request.afterSeconds ?? 0));
    const fill = (text: string) => this.#fill(text, title);
    const body = fill(typeof request.body === 'string' ? request.body : JSON.stringify(request.body ?? ''));
    const sent = request.bytes ?? body;
    const received =
      request.bytes === undefined
        ? await this.#signAndSend(request, request.body === undefined ? undefined : body, fill)
        : parseAll(await exchange(this.service.url, fill(request.bytes), 'end'));

    const lengthOfBody = `: ${received.body.length}`;
    const headers = received.headers.map((line) =>
      received.body.length > 0 && line.toLowerCase() === `content-length${lengthOfBody}`
        ? line.replace(lengthOfBody, ': <length of the body>')
        : line,
    );
    const masked = hashed
      ? `SHA-256 ${hash('sha256', received.body)}`
      : parseBody(this.masks.maskBody(received.body.toString(), { name, random, sent }));
    return {
      status: received.status,
      headers: this.masks.maskHeaders(headers.join('\n')).split('\n'),
      body: masked,
    };
  }

  async #signAndSend(
    request: RecordedRequest,
    body: string | undefined,
    fill: (text: string) => string,
  ): Promise<Received> {
    const { operation, method = 'POST', path = '/', region, service, signedSecondsAgo = 0, as } = request;
    const headers = {
      ...(operation !== undefined && { 'x-amz-target': `PaymentCryptographyControlPlane.${operation}` }),
      ...request.headers,
    };
    const valueOf = (name: string) => this.masks.valueOf(name);
    const credentials =
      as === undefined
        ? request.credentials && (JSON.parse(fill(JSON.stringify(request.credentials))) as RawRequest['credentials'])
        : {
            accessKeyId: fill(`<access key ${as}>`),
            secretAccessKey: fill(`<secret ${as}>`),
            sessionToken: valueOf(`session token ${as}`),
          };
    const signingDate = new Date(this.service.clock.now().getTime() - 1000 * signedSecondsAgo);
    const toSign = { method, path: fill(path), headers, body, region, service, signingDate, credentials };
    const signed = request.unsigned
      ? { path: toSign.path, headers, body: body ?? '' }
      : await this.service.sign(toSign);
    const changed: Headers = { ...signed.headers, ...request.sent?.headers };
    return this.#send(request.sent?.path ?? signed.path, {
      method,
      headers: Object.fromEntries(
        Object.entries(changed).filter((entry): entry is [string, string | string[]] => entry[1] !== null),
      ),
      body: request.sent?.body ?? signed.body,
    });
  }

  #send(
    path: string,
    { method, headers, body }: { method: string; headers: Record<string, string | string[]>; body: string },
  ): Promise<Received> {
    // Node sends the body of a GET without a length unless it is given one.
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const { hostname, port } = new URL(this.service.url);
    return new Promise((resolve, reject) => {
      const sending = httpRequest(
        { hostname, port, path, method, headers: { ...length, ...headers }, agent: this.#agent },
        (response) => {
          receive(response).then(resolve, reject);
        },
      );
      sending.on('error', reject);
      sending.end(body);
    });
  }

  /** Replaces the names in angle brackets with their values. */
  #fill(text: string, title: string): string {
    const valueOf = (name: string): string => {
      const value = this.masks.valueOf(name);
      if (value === undefined) throw new Error(`${title}: no answer before this one has a <${name}>`);
      return value;
    };
    return text.replace(/<([a-z][^<>]*)>/gi, (_, expression: string) => {
      if (this.masks.valueOf(expression) !== undefined) return valueOf(expression);
      const computed = Object.keys(COMPUTED)
        .filter((each) => expression === each || expression.startsWith(`${each} `))
        .toSorted((a, b) => b.length - a.length)[0];
      if (computed === undefined) return valueOf(expression);
      const args = expression.split(' ').slice(computed.split(' ').length);
      return COMPUTED[computed]!(valueOf, args, this.service.clock.now());
    });
  }
}

interface Received {
  status: string;
  headers: string[];
  body: Buffer;
}

async function receive(response: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { httpVersion, statusCode, statusMessage, rawHeaders } = response;
  const headers = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []));
  return {
    status: `HTTP/${httpVersion} ${statusCode} ${statusMessage}`,
    headers,
    body: Buffer.concat(chunks),
  };
}

/** Parses everything received on a connection; interim responses such as 100 Continue precede the headers. */
function parseAll(text: string): Received {
  const end = text.lastIndexOf('\r\n\r\n');
  const [status = '', ...headers] = text.slice(0, Math.max(end, 0)).split('\r\n');
  return { status, headers, body: Buffer.from(text.slice(end + 4), 'latin1') };
}

/** Parses a body if that preserves its text. */
function parseBody(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && JSON.stringify(value) === text ? value : text;
  } catch {
    return text;
  }
}
