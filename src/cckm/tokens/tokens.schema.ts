import { z } from 'zod';
import { MAX_CHARACTERS } from '../../http/bounds.js';
import { sensitive, wellFormed } from '../../http/fields.js';
import { CckmException } from '../errors.js';
import { envelope } from '../lists.js';
import { Owned } from '../resources.js';

const text = z.string().max(MAX_CHARACTERS);
const minutes = z.int().min(0).max(5_256_000).optional();

/** Empty members count as absent. Connections and domains are ignored: Keyblock has one of each. */
export const CreateTokenInput = z
  .object({
    grant_type: text.optional().meta({ description: '`password`, the default, or `refresh_token`.' }),
    username: wellFormed(text).optional().meta({ description: 'Name of a user.' }),
    password: sensitive(text).optional(),
    refresh_token: sensitive(text).optional(),
    refresh_token_lifetime: minutes.meta({ description: 'Minutes; at most 30 days, the default.' }),
    refresh_token_revoke_unused_in: minutes.meta({ description: 'Minutes; at most 7 days, the default.' }),
    renew_refresh_token: z.boolean().optional().meta({ description: 'Replaces the refresh token.' }),
  })
  .meta({
    id: 'CreateTokenInput',
    examples: [{ grant_type: 'password', username: 'line-3', password: 'correct horse battery staple' }],
  });
export type CreateTokenInput = z.infer<typeof CreateTokenInput>;

/** The credential of a sign-in. */
type Grant = { username: string; password: string } | { refreshToken: string };

/** @throws CckmException NCERRBadRequest for a grant that isn't served, or that lacks a member */
export function grantOf({ grant_type, username = '', password = '', refresh_token = '' }: CreateTokenInput): Grant {
  const type = grant_type || 'password';
  if (type === 'refresh_token') {
    if (refresh_token === '') throw new CckmException('NCERRBadRequest', 'refresh_token is required');
    return { refreshToken: refresh_token };
  }
  if (type !== 'password') throw new CckmException('NCERRBadRequest', 'grant_type must be password or refresh_token');
  if (username === '' || password === '')
    throw new CckmException('NCERRBadRequest', 'username and password are required');
  return { username, password };
}

export const CreateTokenOutput = z
  .object({
    jwt: sensitive(z.string()),
    duration: z.int().meta({ description: 'Seconds until the JWT expires.' }),
    token_type: z.string(),
    client_id: z.string(),
    refresh_token_id: z.string(),
    refresh_token: sensitive(z.string()),
  })
  .meta({ id: 'CreateTokenOutput' });
export type CreateTokenOutput = z.infer<typeof CreateTokenOutput>;

export const RefreshToken = Owned.extend({
  createdAt: z.string(),
  expiresAt: z.string(),
  revokeUnusedAt: z.string().meta({ description: 'Expiry of the token unless it is used before.' }),
  client_id: z.string(),
  user_id: z.string(),
}).meta({ id: 'RefreshToken' });
export type RefreshToken = z.infer<typeof RefreshToken>;
export const RefreshTokens = envelope('RefreshTokens', RefreshToken);

export const RevokeTokenInput = z
  .object({
    refresh_token: sensitive(text).optional(),
    refresh_token_id: text.optional(),
  })
  .meta({ id: 'RevokeTokenInput', description: 'Without a member, the sign-in of the JWT ends.' });
export type RevokeTokenInput = z.infer<typeof RevokeTokenInput>;

export const SelfUser = z
  .object({
    user_id: z.string(),
    username: z.string(),
    name: z.string(),
    nickname: z.string(),
    groups: z.array(z.string()),
    created_at: z.string(),
  })
  .meta({ id: 'SelfUser' });
export type SelfUser = z.infer<typeof SelfUser>;

export const IdPath = z.object({ id: text });
export type IdPath = z.infer<typeof IdPath>;
