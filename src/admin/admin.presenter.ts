import type { NewAccessKey, PrincipalSummary } from '../access/principal.repository.js';
import { epochSeconds } from '../http/fields.js';
import type { ExplainAccessOutput, NewAccessKeyOutput, Principal } from './admin.schema.js';
import type { Explanation } from './policy-simulator.js';

/** Presents a user or a role. */
export function presentPrincipal({ principal, policies, accessKeys, password }: PrincipalSummary): Principal {
  return {
    Arn: principal.arn,
    Name: principal.name,
    UniqueId: principal.uniqueId,
    CreateTimestamp: epochSeconds(principal.createdAt),
    PolicyNames: policies.map(({ name }) => name),
    AccessKeys: accessKeys.map(({ id, active, createdAt, lastUsedAt, expiresAt, sessionName }) => ({
      AccessKeyId: id,
      Status: active ? 'Active' : 'Inactive',
      CreateTimestamp: epochSeconds(createdAt),
      LastUsedTimestamp: lastUsedAt ? epochSeconds(lastUsedAt) : undefined,
      ExpirationTimestamp: expiresAt ? epochSeconds(expiresAt) : undefined,
      SessionName: sessionName ?? undefined,
    })),
    PasswordTimestamp: password && epochSeconds(password.changedAt),
  };
}

/** Presents a new access key with its secret. */
export function presentNewAccessKey({ accessKeyId, secretAccessKey, session }: NewAccessKey): NewAccessKeyOutput {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: session?.token,
    ExpirationTimestamp: session && epochSeconds(session.expiresAt),
  };
}

/** Presents how policies decide a request. */
export function presentExplanation({
  allowed,
  reason,
  statement,
  grantId,
  considered,
}: Explanation): ExplainAccessOutput {
  return {
    Decision: allowed ? 'allowed' : 'denied',
    Reason: reason,
    Statement: statement && { Policy: statement.policy, Number: statement.number, Sid: statement.sid },
    Considered: considered.map(({ statement: { policy, index, sid, effect }, failedOn }) => ({
      Policy: policy,
      Number: index + 1,
      Sid: sid,
      Effect: effect,
      FailedOn: failedOn,
    })),
    GrantId: grantId,
  };
}
