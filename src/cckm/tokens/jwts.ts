import { randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Principal } from '../../call.js';
import { CckmException } from '../errors.js';
import { isUuid, ROOT_DOMAIN, uuidOf } from '../uris.js';
import type { Session } from './session-cache.js';

/** Lifetime of a JWT. */
export const JWT_SECONDS = 300;

const ISSUER = 'kylo';
const ALGORITHM = 'HS256';

/** Returns the UUID of a user in ACLs and in `sub`. */
export function userUuid({ identity, arn }: Principal): string {
  return uuidOf('user', identity?.userId ?? arn);
}

/**
 * Issues and verifies the JWTs of sign-ins: HS256 (RFC 7518, 3.2) under a secret of the deployment. A JWT names the sign-in and grants
 * nothing by itself: its groups are only information for the client.
 */
export class Jwts {
  readonly #audience: string;

  /** @param secret 32 bytes, the same on every node of a deployment */
  constructor(
    private readonly secret: Uint8Array,
    accountId: string,
  ) {
    this.#audience = uuidOf('deployment', accountId);
  }

  /** The deployment as a client of tokens; `aud`. */
  get clientId(): string {
    return this.#audience;
  }

  issue({ id, principal }: Session, groups: readonly string[], now: Date): Promise<string> {
    const issuedAt = Math.floor(now.getTime() / 1000);
    const claims = {
      aud: this.#audience,
      sub: `local|${userUuid(principal)}`,
      iss: ISSUER,
      acc: ISSUER,
      preferred_username: principal.identity?.name,
      cust: { domain_id: ROOT_DOMAIN, groups, sid: id, zone_id: ROOT_DOMAIN },
      jwtid: randomUUID(),
      iat: issuedAt,
      exp: issuedAt + JWT_SECONDS,
    };
    return new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' }).sign(this.secret);
  }

  /**
   * Verifies signature, algorithm, times, issuer and audience.
   *
   * @returns the id of the sign-in, and the subject
   * @throws CckmException NCERRUnauthorizedAccess for any fault of the token
   */
  async verify(jwt: string, now: Date): Promise<{ sessionId: string; subject: string }> {
    const options = {
      algorithms: [ALGORITHM],
      typ: 'JWT',
      issuer: ISSUER,
      audience: this.#audience,
      currentDate: now,
      maxTokenAge: JWT_SECONDS,
      requiredClaims: ['sub', 'exp', 'iat'],
    };
    const verified = await jwtVerify(jwt, this.secret, options).catch(() => undefined);
    const { sid } = (verified?.payload['cust'] ?? {}) as { sid?: unknown };
    const subject = verified?.payload.sub;
    if (typeof sid !== 'string' || !isUuid(sid) || subject === undefined)
      throw new CckmException('NCERRUnauthorizedAccess', 'Invalid token');
    return { sessionId: sid, subject };
  }
}
