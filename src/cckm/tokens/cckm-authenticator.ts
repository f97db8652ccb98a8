import { Inject, Injectable } from '@nestjs/common';
import { Callers } from '../../access/callers.js';
import { Passwords } from '../../access/passwords.js';
import { arnOfPrincipal } from '../../access/principal.entity.js';
import type { Principal } from '../../call.js';
import { CONFIG, type Config } from '../../config/config.js';
import { ThrottlingException } from '../../errors/exceptions.js';
import type { Authenticator, UnsignedRequest } from '../../http/authenticator.js';
import type { HeaderValues } from '../../http/header-values.js';
import { readBody } from '../../http/input.js';
import { CckmException } from '../errors.js';
import { Jwts, userUuid } from './jwts.js';
import { Sessions } from './sessions.js';
import { CreateTokenInput, grantOf } from './tokens.schema.js';

/**
 * Authenticates the user of a request to the CCKM API: by the JWT in its Authorization header or, for a request that
 * creates a token, by the password or refresh token in its body.
 */
@Injectable()
export class CckmAuthenticator implements Authenticator {
  constructor(
    private readonly passwords: Passwords,
    private readonly callers: Callers,
    private readonly sessions: Sessions,
    private readonly jwts: Jwts,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws CckmException NCERRUnauthorizedAccess; ThrottlingException while too many passwords wait to be checked */
  async authenticate({
    operation,
    headers,
    body,
    now,
    claims,
  }: UnsignedRequest): Promise<{ principal: Principal; region: string }> {
    const principal =
      operation === 'CreateToken'
        ? await this.#signIn(readBody(CreateTokenInput, body), { now, claims })
        : await this.#bearer(headers, now);
    return { principal, region: this.config.region };
  }

  async #signIn(input: CreateTokenInput, { now, claims }: Pick<UnsignedRequest, 'now' | 'claims'>): Promise<Principal> {
    const grant = grantOf(input);
    if ('refreshToken' in grant) return (await this.sessions.ofToken(grant.refreshToken, now)).principal;
    if (this.passwords.isBusy) throw new ThrottlingException('Too many sign-ins wait to be checked. Try again.');
    const arn = await this.passwords.check(grant.username, grant.password);
    if (arn !== undefined) return this.callers.get(arn);
    // The event contains only names of existing users: any other text may be a password in the wrong field.
    const claimed = arnOfPrincipal(this.config.accountId, 'user', grant.username);
    if ((await this.callers.unknown([claimed])).length === 0) claims(grant.username);
    throw new CckmException('NCERRUnauthorizedAccess', 'Wrong username or password.');
  }

  async #bearer(headers: HeaderValues, now: Date): Promise<Principal> {
    const [, jwt] = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
    if (jwt === undefined || headers.isRepeated('authorization'))
      throw new CckmException('NCERRUnauthorizedAccess', 'The request needs one Authorization header: Bearer <JWT>');
    const { sessionId, subject } = await this.jwts.verify(jwt, now);
    const { principal } = await this.sessions.ofId(sessionId, now);
    if (subject !== `local|${userUuid(principal)}`) throw new CckmException('NCERRUnauthorizedAccess', 'Invalid token');
    return principal;
  }
}
