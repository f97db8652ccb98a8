import type { Principal } from '../call.js';
import { Statements } from '../policy/policy.js';

const ARN_OF_PREFIX = /^arn:aws:keyblock::\d{12}:xks\//;

/** AWS KMS as the client of one prefix. It has no policies: it may use the keys that were released to the prefix. */
export interface PrefixPrincipal extends Principal {
  readonly prefix: string;
}

/** ARN that stands for a prefix in the log, audit events and notifications of changes. */
export function prefixArn(accountId: string, prefix: string): string {
  return `arn:aws:keyblock::${accountId}:xks/${prefix}`;
}

export function isPrefixArn(arn: string): boolean {
  return ARN_OF_PREFIX.test(arn);
}

export function prefixPrincipal(credential: {
  accessKeyId: string;
  accountId: string;
  prefix: string;
}): PrefixPrincipal {
  const { accessKeyId, accountId, prefix } = credential;
  const arn = prefixArn(accountId, prefix);
  const identity = { type: 'AWSService' as const, name: prefix, userId: accessKeyId, statements: NO_STATEMENTS };
  return { arn, principalArn: arn, accountId, accessKeyId, identity, prefix };
}

const NO_STATEMENTS = new Statements([]);
