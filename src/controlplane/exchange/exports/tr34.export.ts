import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { Clock } from '../../../clock.js';
import { toHex } from '../../../crypto/bytes.js';
import { formatHeader } from '../../../crypto/tr31/key-block.js';
import { payloadBytes } from '../../../crypto/tr31/wrap.js';
import { buildKeyTransport } from '../../../crypto/tr34/build.js';
import { type Certificate, readCertificate } from '../../../crypto/tr34/certificate.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { certificateOf } from '../../../exchange/certificate-text.js';
import type { ExchangeToken } from '../../../exchange/exchange-token.entity.js';
import { ExchangeTokens } from '../../../exchange/exchange-tokens.js';
import { checkStrength } from '../../../exchange/strength.js';
import { TrustedAuthorities } from '../../../exchange/trusted-authorities.js';
import { RSA_KEY_ALGORITHMS } from '../../../keys/key-attributes.js';
import type { Key } from '../../../keys/key.entity.js';
import { KeyRepository } from '../../../keys/key.repository.js';
import { CryptoProvider } from '../../../provider/crypto-provider.js';
import type { ExportTr34KeyBlock } from '../exchange.schema.js';
import type { ExportedKey } from './exported-key.js';
import type { Exported } from './exported.js';
import { headerOf } from './key-block-headers.js';

/** TR-34: a key that we sign and encrypt for its receiver, in the form of 2012. */
@Injectable()
export class Tr34Export {
  constructor(
    private readonly keys: KeyRepository,
    private readonly tokens: ExchangeTokens,
    private readonly authorities: TrustedAuthorities,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  async wrap(call: Call, input: ExportTr34KeyBlock, exported: ExportedKey): Promise<Exported> {
    const { pair, certificate } = await this.#sender(call, input);
    const authority = await this.authorities.get(call, input.CertificateAuthorityPublicKeyIdentifier);
    const krd = { certificate: certificateOf(input.WrappingKeyCertificate), issuer: authority.certificate };
    if (krd.certificate.keyType === 'RSA') checkStrength(exported.algorithm, { rsaBits: krd.certificate.keyBits });
    const { header, optionalBlocks } = headerOf(exported, 'D', input.KeyBlockHeaders);
    const nonce = input.RandomNonce === undefined ? undefined : Buffer.from(input.RandomNonce, 'hex');
    const time = this.clock.now();

    const token = this.provider.use(pair, (privateKey) =>
      exported.use((key) =>
        buildKeyTransport({
          form: 'X9_TR34_2012',
          // Its length is that of a key block of version D.
          header: formatHeader(header, optionalBlocks, payloadBytes(header, key.length)),
          key,
          kdh: { certificate, privateKey },
          krd,
          time,
          nonce,
        }),
      ),
    );
    return {
      WrappingKeyArn: authority.key.arn,
      WrappedKeyMaterialFormat: 'TR34_KEY_BLOCK',
      KeyMaterial: toHex(token),
    };
  }

  /** Ourselves: the token's key pair and certificate, or the caller's. */
  async #sender(
    call: Call,
    { ExportToken, SigningKeyIdentifier, SigningKeyCertificate }: ExportTr34KeyBlock,
  ): Promise<{ pair: Key | ExchangeToken; certificate: Certificate }> {
    if (ExportToken && SigningKeyIdentifier === undefined && SigningKeyCertificate === undefined) {
      const pair = await this.tokens.get(call, 'export TR34_KEY_BLOCK', ExportToken);
      return { pair, certificate: readCertificate(pair.certificate) };
    }
    if (ExportToken || SigningKeyIdentifier === undefined || SigningKeyCertificate === undefined)
      throw new ValidationException('Give either ExportToken, or SigningKeyIdentifier and SigningKeyCertificate.');
    const pair = await this.keys.getFor(
      call,
      {
        usages: ['TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE'],
        algorithms: RSA_KEY_ALGORITHMS,
        modes: ['Sign'],
        unrestricted: false,
      },
      SigningKeyIdentifier,
    );
    return { pair, certificate: certificateOf(SigningKeyCertificate) };
  }
}
