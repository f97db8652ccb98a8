import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { type Certificate, readCertificate } from '../../crypto/x509/certificate.js';
import { ValidationException } from '../../errors/exceptions.js';
import { RSA_KEY_ALGORITHMS } from '../keys/key-attributes.js';
import type { Key } from '../keys/key.entity.js';
import { KeyRepository } from '../keys/key.repository.js';
import type { KeyRequirement } from '../keys/key-rules.js';
import { certificateOf } from './certificate-text.js';
import type { ExchangeToken, TokenPurpose } from './exchange-token.entity.js';
import { ExchangeTokens } from './exchange-tokens.js';

/** Roles of the service in a TR-34 key transport, with the input members that select its key pair. */
const ROLES = {
  /** Key distribution host, the sender. */
  kdh: role('export TR34_KEY_BLOCK', ['ExportToken', 'SigningKeyIdentifier', 'SigningKeyCertificate'], {
    usages: ['TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE'],
    modes: ['Sign'],
  }),
  /** Key receiving device, the receiver. */
  krd: role('import TR34_KEY_BLOCK', ['ImportToken', 'WrappingKeyIdentifier', 'WrappingKeyCertificate'], {
    usages: ['TR31_K2_TR34_ASYMMETRIC_KEY'],
    modes: ['Unwrap'],
  }),
};

function role(
  purpose: TokenPurpose,
  members: readonly [token: string, key: string, certificate: string],
  needs: Pick<KeyRequirement, 'usages' | 'modes'>,
): { purpose: TokenPurpose; members: readonly [string, string, string]; needs: KeyRequirement } {
  return { purpose, members, needs: { ...needs, algorithms: RSA_KEY_ALGORITHMS } };
}

/** Resolves the key pair that the service uses as a TR-34 party: the pair of a token, or a stored key pair. */
@Injectable()
export class Tr34Parties {
  constructor(
    private readonly keys: KeyRepository,
    private readonly tokens: ExchangeTokens,
  ) {}

  /**
   * Returns the key pair that an input selects, with its certificate.
   *
   * @throws ValidationException if the input has both a token and a key or neither, or if the key is unsuitable
   */
  async get(
    call: Call,
    as: keyof typeof ROLES,
    { token, key, certificate }: { token?: string; key?: string; certificate?: string },
  ): Promise<{ pair: Key | ExchangeToken; certificate: Certificate }> {
    const { purpose, members, needs } = ROLES[as];
    if (token && key === undefined && certificate === undefined) {
      const pair = await this.tokens.get(call, purpose, token);
      return { pair, certificate: readCertificate(pair.certificate) };
    }
    if (token || key === undefined || certificate === undefined)
      throw new ValidationException(`Give either ${members[0]}, or ${members[1]} and ${members[2]}.`);
    const pair = await this.keys.getFor(call, needs, key);
    return { pair, certificate: certificateOf(certificate) };
  }
}
