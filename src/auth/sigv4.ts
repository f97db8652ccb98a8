import { hash, timingSafeEqual } from 'node:crypto';
import { tokenHash } from '../access/session-token.js';
import {
  ExpiredTokenException,
  IncompleteSignatureException,
  InvalidSignatureException,
  MissingAuthenticationTokenException,
  UnrecognizedClientException,
} from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import type { HeaderValues } from '../http/header-values.js';
import { canonicalRequest, type SignedRequest } from './canonical-request.js';
import { type Authorization, SigningMemory } from './signing-memory.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SIGNATURE = /^[0-9a-f]{64}$/;
const SIGNATURE_DIGITS = 64;
const TIMESTAMP = /^\d{8}T\d{6}Z$/;
/**
 * Far more than any client signs. The limit bounds the work for an unauthenticated request: each name is looked up
 * among all headers.
 */
const MAX_SIGNED_HEADERS = 64;

/** Headers that change what a request means or who sent it: they must be signed whenever they are sent. */
const SIGNED_WHERE_SENT = ['x-amz-target', 'x-amz-security-token'];
const SIGNED = ['host', 'x-amz-date', ...SIGNED_WHERE_SENT];

export interface SigV4Options {
  /** Regions that a credential scope may name. */
  regions: readonly string[];
  clockSkewSeconds: number;
}

/** The parts of an API that a verification needs. */
export type SigningApi = Pick<Api, 'signingName' | 'signatures'>;

/** The parts of an access key that a verification needs. */
export interface AccessKey {
  secretAccessKey: string;
  /** Present for a temporary access key: SHA-256 of its session token, and its expiry. */
  session?: { tokenHash: Buffer; expiresAt: Date };
}

/** The signer that a request names, not verified yet. */
export interface Claim {
  readonly accessKeyId: string;
  /** Region of the credential scope. */
  readonly region: string;
  readonly request: SignedRequest;
  readonly authorization: Authorization;
  readonly signature: string;
  readonly timestamp: string;
}

/** Verifies Signature Version 4 in the Authorization header. */
export class SigV4Verifier {
  readonly #memory = new SigningMemory();

  constructor(private readonly options: SigV4Options) {}

  /**
   * Reads the signer that a request names.
   *
   * @throws MissingAuthenticationTokenException, IncompleteSignatureException
   */
  read(request: SignedRequest): Claim {
    const { headers } = request;
    const header = authorizationHeader(headers);
    let signature = header.slice(-SIGNATURE_DIGITS);
    let authorization = this.#memory.authorization(header.slice(0, -SIGNATURE_DIGITS));
    if (!authorization || !SIGNATURE.test(signature)) ({ signature, authorization } = this.#parse(header));
    const timestamp = one(headers, 'x-amz-date');
    if (timestamp === undefined || !TIMESTAMP.test(timestamp))
      throw new IncompleteSignatureException(
        "Authorization header requires existence of an 'X-Amz-Date' header, spelled 20060102T150405Z.",
      );
    checkSignedHeaders(headers, authorization.signedHeaders);
    const { accessKeyId, region } = authorization;
    return { accessKeyId, region, request, authorization, signature, timestamp };
  }

  /**
   * Verifies a claim: scope, time, signature and session.
   *
   * @param accessKey access key that the claim names, undefined if it doesn't exist
   * @param api       the API that is called
   * @returns the access key
   * @throws UnrecognizedClientException, InvalidSignatureException, ExpiredTokenException
   */
  verify<T extends AccessKey>(claim: Claim, accessKey: T | undefined, api: SigningApi, now: Date): T {
    const { request, authorization, signature, timestamp } = claim;
    if (!accessKey || !hasToken(accessKey, request.headers)) throw new UnrecognizedClientException();

    this.#checkScope(authorization, api, timestamp);
    this.#checkTime(timestamp, api, now);
    const canonical = canonicalRequest(request, authorization.signedHeaders);
    const stringToSign = `${ALGORITHM}\n${timestamp}\n${authorization.scope}\n${hash('sha256', canonical, 'hex')}`;
    const expected = this.#memory.signingKey(authorization, accessKey.secretAccessKey).mac(stringToSign);
    if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature)))
      throw new InvalidSignatureException(
        'The request signature we calculated does not match the signature you provided. ' +
          'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
      );
    if (accessKey.session && accessKey.session.expiresAt <= now) throw new ExpiredTokenException();
    return accessKey;
  }

  #parse(header: string): { signature: string; authorization: Authorization } {
    const parsed = parseAuthorization(header);
    const text = header.slice(0, -SIGNATURE_DIGITS);
    const endsWithSignature = header.indexOf('Signature=') === text.length - 'Signature='.length;
    if (endsWithSignature) this.#memory.rememberAuthorization(text, parsed.authorization);
    return parsed;
  }

  #checkScope(
    { date, region, service }: Authorization,
    { signingName, signatures }: SigningApi,
    timestamp: string,
  ): void {
    if (service !== signingName)
      throw new InvalidSignatureException(`Credential should be scoped to correct service: '${signingName}'.`);
    if (!signatures?.ofAnyRegion && !this.options.regions.includes(region))
      throw new InvalidSignatureException(
        `Credential should be scoped to a valid region. This service is in ${this.options.regions.join(', ')}.`,
      );
    if (!timestamp.startsWith(date))
      throw new InvalidSignatureException(
        `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${timestamp.slice(0, 8)}'.`,
      );
  }

  #checkTime(timestamp: string, { signatures }: SigningApi, now: Date): void {
    const skewSeconds = Math.min(this.options.clockSkewSeconds, signatures?.maxSkewSeconds ?? Infinity);
    const skewMs = skewSeconds * 1000;
    const signedAt = this.#memory.timeMs(timestamp);
    const earliest = now.getTime() - skewMs;
    const latest = now.getTime() + skewMs;
    if (signedAt >= earliest && signedAt <= latest) return;

    const skew = `${skewSeconds / 60} min.`;
    // Negated so that an impossible time (month 13), which is NaN, counts as too early.
    if (!(signedAt >= earliest))
      throw new InvalidSignatureException(
        `Signature expired: ${timestamp} is now earlier than ${basic(earliest)} (${basic(now.getTime())} - ${skew})`,
      );
    throw new InvalidSignatureException(
      `Signature not yet current: ${timestamp} is still later than ${basic(latest)} (${basic(now.getTime())} + ${skew})`,
    );
  }
}

function authorizationHeader(headers: HeaderValues): string {
  const header = headers.get('authorization');
  if (header === undefined) throw new MissingAuthenticationTokenException();
  if (headers.isRepeated('authorization') || !header.startsWith(`${ALGORITHM} `))
    throw new IncompleteSignatureException(
      `The request needs one Authorization header with the algorithm ${ALGORITHM}.`,
    );
  return header;
}

/** Checks the session token: a temporary access key needs its token, and a long-term one must come without. */
function hasToken({ session }: AccessKey, headers: HeaderValues): boolean {
  const token = one(headers, 'x-amz-security-token');
  if (!session || token === undefined) return !session && token === undefined;
  return timingSafeEqual(tokenHash(token), session.tokenHash);
}

/** @throws IncompleteSignatureException */
function parseAuthorization(value: string): { signature: string; authorization: Authorization } {
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
    throw new IncompleteSignatureException(`SignedHeaders must have at most ${MAX_SIGNED_HEADERS} names.`);
  if (names.some((name, i) => i > 0 && (names[i - 1] as string) >= name))
    throw new IncompleteSignatureException('SignedHeaders must be sorted, each name once.');
  return { signature, authorization: { accessKeyId, date, region, service, scope, signedHeaders: names } };
}

/** @throws IncompleteSignatureException */
function checkSignedHeaders(headers: HeaderValues, signed: readonly string[]): void {
  for (const name of SIGNED) {
    const isNeeded = headers.has(name) || !SIGNED_WHERE_SENT.includes(name);
    if (isNeeded && !signed.includes(name))
      throw new IncompleteSignatureException(`'${name}' must be one of SignedHeaders.`);
    // If a header occurred twice, signer and service could read different values.
    one(headers, name);
  }
  for (const name of signed)
    if (!headers.has(name)) throw new IncompleteSignatureException(`The request lacks the signed header '${name}'.`);
}

/** Reads a header that may be sent at most once. */
function one(headers: HeaderValues, name: string): string | undefined {
  if (headers.isRepeated(name))
    throw new IncompleteSignatureException(`The request has more than one header '${name}'.`);
  return headers.get(name);
}

/** Writes a time in ISO 8601 basic format, as in X-Amz-Date. */
function basic(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}
