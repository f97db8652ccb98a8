import { hash, timingSafeEqual } from 'node:crypto';
import { tokenHash } from '../access/session-token.js';
import { hmac } from '../crypto/hmac.js';
import {
  ExpiredTokenException,
  IncompleteSignatureException,
  InvalidSignatureException,
  MissingAuthenticationTokenException,
  UnrecognizedClientException,
} from '../errors/exceptions.js';
import { canonicalRequest, HeaderValues, type SignedRequest } from './canonical-request.js';
import { HmacSha256 } from './hmac-sha256.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SIGNATURE = /^[0-9a-f]{64}$/;
const SIGNATURE_DIGITS = 64;
/** Far more than any client signs; each is looked for among all, by whoever sends the request. */
const MAX_SIGNED_HEADERS = 64;
const MAX_REMEMBERED = 1000;

/** These change what a request means or who made it, so whoever sends them signs them. */
const SIGNED_WHERE_SENT = ['x-amz-target', 'x-amz-security-token'];
const SIGNED = ['host', 'x-amz-date', ...SIGNED_WHERE_SENT];

export interface SigV4Options {
  /** Those of the credential scope that are served. */
  regions: readonly string[];
  service: string;
  clockSkewSeconds: number;
}

/** An access key, for the length of one verification. */
export interface AccessKey {
  secretAccessKey: string;
  /** Where it is temporary: what of its token is known, and when it ends. */
  session?: { tokenHash: Buffer; expiresAt: Date };
}

/** What a request says of who signed it, which nobody has checked yet. */
export interface Claim {
  readonly accessKeyId: string;
  /** Of the credential scope. */
  readonly region: string;
  readonly request: SignedRequest;
  readonly headers: HeaderValues;
  readonly authorization: Authorization;
  readonly signature: string;
  readonly timestamp: string;
}

/** What the Authorization header says, but for the signature. */
export interface Authorization {
  accessKeyId: string;
  /** yyyymmdd */
  date: string;
  region: string;
  service: string;
  scope: string;
  signedHeaders: string[];
}

/**
 * Verifies Signature Version 4 in the Authorization header. What is the same for a client all day is remembered: its
 * signing key, and what its header says before the signature.
 */
export class SigV4Verifier {
  readonly #signingKeys = new Map<string, HmacSha256>();
  readonly #authorizations = new Map<string, Authorization>();
  #lastAuthorization?: { text: string; authorization: Authorization };
  #lastTime = { text: '', ms: NaN };

  constructor(private readonly options: SigV4Options) {}

  /**
   * Reads who is said to have signed a request.
   *
   * @throws MissingAuthenticationTokenException, IncompleteSignatureException
   */
  read(request: SignedRequest): Claim {
    const headers = new HeaderValues(request.rawHeaders);
    const { authorization, signature } = this.#authorization(headers);
    const timestamp = one(headers, 'x-amz-date');
    if (!/^\d{8}T\d{6}Z$/.test(timestamp ?? '') || timestamp === undefined)
      throw new IncompleteSignatureException(
        "Authorization header requires existence of an 'X-Amz-Date' header, spelled 20060102T150405Z.",
      );
    checkSignedHeaders(headers, authorization.signedHeaders);
    const { accessKeyId, region } = authorization;
    return { accessKeyId, region, request, headers, authorization, signature, timestamp };
  }

  /**
   * Checks what a request says of who signed it.
   *
   * @param accessKey of the id that it names, undefined where nobody has it
   * @returns the access key
   * @throws UnrecognizedClientException, InvalidSignatureException, ExpiredTokenException
   */
  verify<T extends AccessKey>(claim: Claim, accessKey: T | undefined, now: Date): T {
    const { request, headers, authorization, signature, timestamp } = claim;
    if (!accessKey || !hasToken(accessKey, headers)) throw new UnrecognizedClientException();

    this.#checkScope(authorization, timestamp);
    this.#checkTime(timestamp, now);
    const canonical = canonicalRequest(request, headers, authorization.signedHeaders);
    const toSign = `${ALGORITHM}\n${timestamp}\n${authorization.scope}\n${hash('sha256', canonical, 'hex')}`;
    const expected = this.#signingKey(authorization, accessKey).mac(toSign);
    if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature)))
      throw new InvalidSignatureException(
        'The request signature we calculated does not match the signature you provided. ' +
          'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
      );
    if (accessKey.session && accessKey.session.expiresAt <= now) throw new ExpiredTokenException();
    return accessKey;
  }

  #checkScope({ date, region, service }: Authorization, timestamp: string): void {
    if (service !== this.options.service)
      throw new InvalidSignatureException(`Credential should be scoped to correct service: '${this.options.service}'.`);
    if (!this.options.regions.includes(region))
      throw new InvalidSignatureException(
        `Credential should be scoped to a valid region. This service is in ${this.options.regions.join(', ')}.`,
      );
    if (!timestamp.startsWith(date))
      throw new InvalidSignatureException(
        `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${timestamp.slice(0, 8)}'.`,
      );
  }

  #checkTime(timestamp: string, now: Date): void {
    const skewMs = this.options.clockSkewSeconds * 1000;
    const signedAt = this.#parsedTime(timestamp);
    const earliest = now.getTime() - skewMs;
    const latest = now.getTime() + skewMs;
    if (signedAt >= earliest && signedAt <= latest) return;

    const skew = `${this.options.clockSkewSeconds / 60} min.`;
    // Written so that a time that is none (month 13) counts as too early.
    if (!(signedAt >= earliest))
      throw new InvalidSignatureException(
        `Signature expired: ${timestamp} is now earlier than ${basic(earliest)} (${basic(now.getTime())} - ${skew})`,
      );
    throw new InvalidSignatureException(
      `Signature not yet current: ${timestamp} is still later than ${basic(latest)} (${basic(now.getTime())} + ${skew})`,
    );
  }

  /** Requests of one second have one timestamp. */
  #parsedTime(timestamp: string): number {
    if (timestamp !== this.#lastTime.text) this.#lastTime = { text: timestamp, ms: Date.parse(extended(timestamp)) };
    return this.#lastTime.ms;
  }

  #signingKey({ accessKeyId, date, region, service }: Authorization, { secretAccessKey }: AccessKey): HmacSha256 {
    const name = `${accessKeyId}/${date}/${region}`;
    const known = this.#signingKeys.get(name);
    if (known) return known;
    let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`);
    for (const part of [date, region, service, 'aws4_request']) key = hmac('SHA256', key, Buffer.from(part));
    const signingKey = new HmacSha256(key);
    remember(this.#signingKeys, name, signingKey);
    return signingKey;
  }

  #authorization(headers: HeaderValues): { authorization: Authorization; signature: string } {
    const value = headers.get('authorization');
    if (value === undefined) throw new MissingAuthenticationTokenException();
    if (headers.isRepeated('authorization') || !value.startsWith(`${ALGORITHM} `))
      throw new IncompleteSignatureException(
        `The request needs one Authorization header of the algorithm ${ALGORITHM}.`,
      );
    const beforeSignature = value.slice(0, -SIGNATURE_DIGITS);
    const last = value.slice(-SIGNATURE_DIGITS);
    const known = this.#knownAuthorization(beforeSignature);
    if (known && SIGNATURE.test(last)) return { authorization: known, signature: last };

    const { signature, ...authorization } = parseAuthorization(value);
    const isOnlyAtItsEnd = value.indexOf('Signature=') === beforeSignature.length - 'Signature='.length;
    if (isOnlyAtItsEnd) remember(this.#authorizations, beforeSignature, authorization);
    return { authorization, signature };
  }

  /** A client's requests come one after the other: the last is looked at before the map, which would hash the text. */
  #knownAuthorization(text: string): Authorization | undefined {
    if (text !== this.#lastAuthorization?.text) {
      const authorization = this.#authorizations.get(text);
      if (!authorization) return undefined;
      this.#lastAuthorization = { text, authorization };
    }
    return this.#lastAuthorization.authorization;
  }
}

/** A temporary access key goes with its token, and a lasting one with none. */
function hasToken({ session }: AccessKey, headers: HeaderValues): boolean {
  const token = one(headers, 'x-amz-security-token');
  if (!session || token === undefined) return !session && token === undefined;
  return timingSafeEqual(tokenHash(token), session.tokenHash);
}

/** Keeps at most so many; who sends ever new ones makes it begin anew. */
function remember<V>(map: Map<string, V>, name: string, value: V): void {
  if (map.size >= MAX_REMEMBERED) map.clear();
  map.set(name, value);
}

function parseAuthorization(value: string): Authorization & { signature: string } {
  const credential = /[ ,]Credential=([^, ]+)/.exec(value)?.[1];
  const signedHeaders = /[ ,]SignedHeaders=([^, ]+)/.exec(value)?.[1];
  const signature = /[ ,]Signature=([^, ]+)/.exec(value)?.[1];
  if (credential === undefined || signedHeaders === undefined || signature === undefined)
    throw new IncompleteSignatureException(
      Object.entries({ Credential: credential, Signature: signature, SignedHeaders: signedHeaders })
        .filter(([, found]) => found === undefined)
        .map(([name]) => `Authorization header requires '${name}' parameter.`)
        .join(' '),
    );

  const [, accessKeyId, date, region, service] =
    /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(credential) ?? [];
  if (accessKeyId === undefined || date === undefined || region === undefined || service === undefined)
    throw new IncompleteSignatureException(
      'Credential must have 5 parts: access key id, YYYYMMDD, Region, service and aws4_request.',
    );
  if (!SIGNATURE.test(signature))
    throw new IncompleteSignatureException('Signature must be 64 lower-case hexadecimal digits.');
  const scope = credential.slice(accessKeyId.length + 1);
  const names = signedHeaders.split(';');
  if (names.length > MAX_SIGNED_HEADERS)
    throw new IncompleteSignatureException(`SignedHeaders must have ${MAX_SIGNED_HEADERS} names at most.`);
  if (names.some((name, i) => i > 0 && (names[i - 1] as string) >= name))
    throw new IncompleteSignatureException('SignedHeaders must be sorted, each name once.');
  return { accessKeyId, date, region, service, scope, signedHeaders: names, signature };
}

function checkSignedHeaders(headers: HeaderValues, signed: readonly string[]): void {
  for (const name of SIGNED) {
    const isNeeded = headers.has(name) || !SIGNED_WHERE_SENT.includes(name);
    if (isNeeded && !signed.includes(name))
      throw new IncompleteSignatureException(`'${name}' must be one of SignedHeaders.`);
    // Two of them, and who signs and who serves could read different ones.
    one(headers, name);
  }
  for (const name of signed)
    if (!headers.has(name)) throw new IncompleteSignatureException(`The request lacks the signed header '${name}'.`);
}

/** The value of a header that may be there once at most. */
function one(headers: HeaderValues, name: string): string | undefined {
  if (headers.isRepeated(name))
    throw new IncompleteSignatureException(`The request has more than one header '${name}'.`);
  return headers.get(name);
}

/** ISO 8601 extended format of a time in the basic one. */
function extended(time: string): string {
  const date = `${time.slice(0, 4)}-${time.slice(4, 6)}-${time.slice(6, 8)}`;
  return `${date}T${time.slice(9, 11)}:${time.slice(11, 13)}:${time.slice(13)}`;
}

/** ISO 8601 basic format, as X-Amz-Date is written. */
function basic(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}
