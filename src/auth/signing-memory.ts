import { hmac } from '../crypto/hmac.js';
import { HmacSha256 } from './hmac-sha256.js';

const MAX_ENTRIES = 1000;

/** The Authorization header without its signature. */
export interface Authorization {
  readonly accessKeyId: string;
  /** Date of the credential scope, yyyymmdd. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** Credential scope: date, Region, service and `aws4_request`. */
  readonly scope: string;
  /** In lower case, sorted. */
  readonly signedHeaders: readonly string[];
}

/**
 * Caches results that are the same for many requests of a client, so that they are computed once a day instead of once
 * per request. They may be cached before the signature is verified.
 */
export class SigningMemory {
  readonly #signingKeys = new Map<string, HmacSha256>();
  readonly #authorizations = new Map<string, Authorization>();
  #lastText = '';
  #lastAuthorization?: Authorization;
  #lastTimestamp = '';
  #lastTimeMs = NaN;

  /**
   * Derives the signing key of a credential scope (Signature Version 4, "Derive a signing key").
   *
   * @param secretAccessKey secret of the access key that the authorization names
   */
  signingKey({ accessKeyId, date, region, service }: Authorization, secretAccessKey: string): HmacSha256 {
    const name = `${accessKeyId}/${date}/${region}/${service}`;
    const known = this.#signingKeys.get(name);
    if (known) return known;
    let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`);
    for (const part of [date, region, service, 'aws4_request']) key = hmac('SHA256', key, Buffer.from(part));
    const signingKey = new HmacSha256(key);
    remember(this.#signingKeys, name, signingKey);
    return signingKey;
  }

  /**
   * Finds an authorization by the text that it was parsed from. Successive requests often come from the same client, so
   * the last text is compared before the map hashes this one.
   *
   * @param text the Authorization header up to the digits of its signature
   */
  authorization(text: string): Authorization | undefined {
    if (text === this.#lastText) return this.#lastAuthorization;
    const known = this.#authorizations.get(text);
    if (known) {
      this.#lastText = text;
      this.#lastAuthorization = known;
    }
    return known;
  }

  /** @param text the Authorization header up to the digits of its signature, which must be at the end */
  rememberAuthorization(text: string, authorization: Authorization): void {
    remember(this.#authorizations, text, authorization);
  }

  /**
   * Parses a time.
   *
   * @param timestamp ISO 8601 basic format
   * @returns milliseconds since 1970, NaN for a time that doesn't exist
   */
  timeMs(timestamp: string): number {
    if (timestamp !== this.#lastTimestamp) {
      this.#lastTimeMs = Date.parse(extended(timestamp));
      this.#lastTimestamp = timestamp;
    }
    return this.#lastTimeMs;
  }
}

/** Clears the map when it is full, so that a client that keeps sending new names can't make it grow. */
function remember<V>(map: Map<string, V>, name: string, value: V): void {
  if (map.size >= MAX_ENTRIES) map.clear();
  map.set(name, value);
}

/** Converts a time from ISO 8601 basic format to the extended format. */
function extended(time: string): string {
  const date = `${time.slice(0, 4)}-${time.slice(4, 6)}-${time.slice(6, 8)}`;
  return `${date}T${time.slice(9, 11)}:${time.slice(11, 13)}:${time.slice(13)}`;
}
