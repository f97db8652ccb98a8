import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { Clock } from '../../../../clock.js';
import { toHex } from '../../../../crypto/bytes.js';
import { formatHeader } from '../../../../crypto/tr31/key-block.js';
import { payloadBytes } from '../../../../crypto/tr31/wrap.js';
import { buildKeyTransport } from '../../../../crypto/tr34/build.js';
import { certificateOf } from '../../../exchange/certificate-text.js';
import { verifyCheckValues } from '../../../exchange/key-blocks.js';
import { checkStrength } from '../../../exchange/strength.js';
import { Tr34Parties } from '../../../exchange/tr34-parties.js';
import { TrustedAuthorities } from '../../../exchange/trusted-authorities.js';
import { CryptoProvider } from '../../../../provider/crypto-provider.js';
import type { ExportTr34KeyBlock } from '../exchange.schema.js';
import type { ExportedKey } from './exported-key.js';
import type { Exported } from './exported.js';
import { headerOf } from './key-block-headers.js';

/** Exports a TR-34 key transport of the 2012 form, signed by the service and encrypted for the receiver. */
@Injectable()
export class Tr34Export {
  constructor(
    private readonly parties: Tr34Parties,
    private readonly authorities: TrustedAuthorities,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  async wrap(call: Call, input: ExportTr34KeyBlock, exported: ExportedKey): Promise<Exported> {
    const { ExportToken: token, SigningKeyIdentifier, SigningKeyCertificate } = input;
    const named = { token, key: SigningKeyIdentifier, certificate: SigningKeyCertificate };
    const { pair, certificate } = await this.parties.get(call, 'kdh', named);
    const authority = await this.authorities.get(call, input.CertificateAuthorityPublicKeyIdentifier);
    const krd = { certificate: certificateOf(input.WrappingKeyCertificate), issuer: authority.certificate };
    if (krd.certificate.keyType === 'RSA') checkStrength(exported.algorithm, { rsaBits: krd.certificate.keyBits });
    const { header, optionalBlocks } = headerOf(exported, 'D', input.KeyBlockHeaders);
    const nonce = input.RandomNonce === undefined ? undefined : Buffer.from(input.RandomNonce, 'hex');
    const time = this.clock.now();

    const transport = this.provider.use(pair, (privateKey) =>
      exported.use((key) => {
        // The length field is that of a version D key block.
        const text = formatHeader(header, optionalBlocks, payloadBytes(header, key.length));
        verifyCheckValues(optionalBlocks, { letter: header.algorithm, clear: key });
        return buildKeyTransport({
          form: 'X9_TR34_2012',
          header: text,
          key,
          kdh: { certificate, privateKey },
          krd,
          time,
          nonce,
        });
      }),
    );
    return {
      WrappingKeyArn: authority.key.arn,
      WrappedKeyMaterialFormat: 'TR34_KEY_BLOCK',
      KeyMaterial: toHex(transport),
    };
  }
}
