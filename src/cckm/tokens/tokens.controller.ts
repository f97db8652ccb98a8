import { PrincipalRepository } from '../../access/principal.repository.js';
import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body, Param, Query } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { notFound } from '../errors.js';
import { groupsOf } from '../groups.js';
import { type Envelope, pageOf, Paging } from '../lists.js';
import { CckmOperation } from '../operation.js';
import { ownership } from '../resources.js';
import { timestamp } from '../uris.js';
import { Jwts, JWT_SECONDS, userUuid } from './jwts.js';
import type { RefreshTokenRow } from './refresh-token.entity.js';
import { Sessions } from './sessions.js';
import {
  CreateTokenInput,
  CreateTokenOutput,
  grantOf,
  IdPath,
  RefreshToken,
  RefreshTokens,
  RevokeTokenInput,
  SelfUser,
} from './tokens.schema.js';

@OperationsController('tokens')
export class TokensController {
  constructor(
    private readonly sessions: Sessions,
    private readonly jwts: Jwts,
    private readonly principals: PrincipalRepository,
  ) {}

  @CckmOperation({
    name: 'CreateToken',
    route: ['POST', 'auth/tokens'],
    resource: 'self',
    status: 201,
    summary: 'Signs in',
    description:
      'Accepts the password of a user, or a refresh token, and returns a JWT for the header `Authorization` of all other calls. It is ' +
      'valid for 300 seconds. The refresh token is valid for 30 days, unless it isn’t used for 7 days, and stays the same unless ' +
      '`renew_refresh_token` is true. Five wrong passwords in a row lock the user for 15 minutes. An `Authorization` header is ignored.',
    example: '-d \'{"username":"line-3","password":"correct horse battery staple"}\'',
    output: CreateTokenOutput,
  })
  async create(call: Call, @Body(CreateTokenInput) input: CreateTokenInput): Promise<CreateTokenOutput> {
    const { renew_refresh_token: renews = false, refresh_token_lifetime, refresh_token_revoke_unused_in } = input;
    const grant = grantOf(input);
    const { session, refreshToken } =
      'refreshToken' in grant
        ? await this.sessions.refresh(call, grant.refreshToken, renews)
        : await this.sessions.start(call, {
            lifetimeMinutes: refresh_token_lifetime,
            unusedMinutes: refresh_token_revoke_unused_in,
          });
    return {
      jwt: await this.jwts.issue(session, groupsOf(call), call.origin.time),
      duration: JWT_SECONDS,
      token_type: 'Bearer',
      client_id: this.jwts.clientId,
      refresh_token_id: session.id,
      refresh_token: refreshToken,
    };
  }

  @CckmOperation({
    name: 'ListTokens',
    route: ['GET', 'auth/tokens'],
    resource: 'self',
    summary: 'Lists the caller’s refresh tokens',
    description: 'The newest come first. The tokens themselves aren’t returned: Keyblock keeps only their hashes.',
    output: RefreshTokens,
  })
  async list(call: Call, @Query(Paging) paging: Paging): Promise<Envelope<RefreshToken>> {
    const { resources, ...page } = pageOf(await this.sessions.list(call), paging, {
      createdAt: ({ createdAt }) => createdAt.getTime(),
      expiresAt: ({ expiresAt }) => expiresAt.getTime(),
    });
    return { ...page, resources: resources.map((row) => this.#present(call, row)) };
  }

  @CckmOperation({
    name: 'GetToken',
    route: ['GET', 'auth/tokens/:id'],
    resource: 'self',
    summary: 'Gets a refresh token of the caller',
    description: 'Returns its times, not the token itself.',
    output: RefreshToken,
  })
  async get(call: Call, @Param(IdPath) { id }: IdPath): Promise<RefreshToken> {
    const row = (await this.sessions.list(call)).find((each) => each.id === id);
    if (!row) throw notFound('Token');
    return this.#present(call, row);
  }

  @CckmOperation({
    name: 'DeleteToken',
    route: ['DELETE', 'auth/tokens/:id'],
    resource: 'self',
    status: 204,
    summary: 'Revokes a refresh token of the caller',
    description: 'The JWTs of the same sign-in end with it.',
    output: Nothing,
  })
  async delete(call: Call, @Param(IdPath) { id }: IdPath): Promise<Nothing> {
    if (!(await this.sessions.end(call, { id }))) throw notFound('Token');
    return {};
  }

  @CckmOperation({
    name: 'RevokeToken',
    route: ['POST', 'auth/revoke'],
    resource: 'self',
    summary: 'Revokes a refresh token of the caller',
    description:
      'Accepts the token or its id; without either, the sign-in of the JWT ends. The JWTs of the same sign-in end with the token.',
    example: '-d \'{"refresh_token_id":"0b90f8de-8617-498d-ad63-ca18eb717ae7"}\'',
    output: Nothing,
  })
  async revoke(
    call: Call,
    @Body(RevokeTokenInput) { refresh_token: refreshToken = '', refresh_token_id: id = '' }: RevokeTokenInput,
  ): Promise<Nothing> {
    if (refreshToken === '' && id === '') return this.logout(call);
    const which = id === '' ? { refreshToken } : { id };
    if (!(await this.sessions.end(call, which))) throw notFound('Token');
    return {};
  }

  @CckmOperation({
    name: 'Logout',
    route: ['POST', 'auth/logout'],
    resource: 'self',
    summary: 'Signs out',
    description: 'The sign-in of the JWT ends: neither the JWT nor its refresh token is valid any more.',
    output: Nothing,
  })
  async logout(call: Call): Promise<Nothing> {
    await this.sessions.end(call, { id: call.principal.accessKeyId });
    return {};
  }

  @CckmOperation({
    name: 'GetSelfUser',
    route: ['GET', 'auth/self/user'],
    resource: 'self',
    summary: 'Gets the caller',
    description:
      'Users who may call `cckm:UpdateAcls` are in the group `admin`, which ACLs don’t restrict. Groups grant nothing: policies decide.',
    output: SelfUser,
  })
  async self(call: Call): Promise<SelfUser> {
    const { principal } = await this.principals.get(call.principal.principalArn);
    return {
      user_id: `local|${userUuid(call.principal)}`,
      username: principal.name,
      name: principal.name,
      nickname: principal.name,
      groups: [...groupsOf(call)],
      created_at: timestamp(principal.createdAt, 6),
    };
  }

  #present({ principal }: Call, { id, createdAt, expiresAt, validUntil }: RefreshTokenRow): RefreshToken {
    return {
      ...ownership('refresh-token', id),
      createdAt: timestamp(createdAt, 6),
      expiresAt: timestamp(expiresAt, 6),
      revokeUnusedAt: timestamp(validUntil, 6),
      client_id: this.jwts.clientId,
      user_id: `local|${userUuid(principal)}`,
    };
  }
}
