import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { Clock } from '../../../../clock.js';
import { CryptoError } from '../../../../crypto/errors.js';
import { parseHeader } from '../../../../crypto/tr31/key-block.js';
import { type KeyTransportToOpen, type OpenedKey, openKeyTransport } from '../../../../crypto/tr34/parse.js';
import { ValidationException } from '../../../../errors/exceptions.js';
import { certificateOf } from '../../../exchange/certificate-text.js';
import { verifyCheckValues } from '../../../exchange/key-blocks.js';
import { checkStrength } from '../../../exchange/strength.js';
import { Tr34Parties } from '../../../exchange/tr34-parties.js';
import { TrustedAuthorities } from '../../../exchange/trusted-authorities.js';
import { attributesOf } from '../../../keys/key-block-attributes.js';
import { CryptoProvider } from '../../../../provider/crypto-provider.js';
import type { ImportTr34KeyBlock } from '../exchange.schema.js';
import type { Admit, AdmittedKey } from './admission.js';
import { wholeBytes } from './whole-bytes.js';

/**
 * Imports a TR-34 key transport: signed by its sender, and encrypted for the key pair of an import token or a stored
 * pair.
 */
@Injectable()
export class Tr34Import {
  constructor(
    private readonly parties: Tr34Parties,
    private readonly authorities: TrustedAuthorities,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  async open(call: Call, input: ImportTr34KeyBlock, admit: Admit): Promise<AdmittedKey> {
    const { ImportToken: token, WrappingKeyIdentifier, WrappingKeyCertificate } = input;
    const named = { token, key: WrappingKeyIdentifier, certificate: WrappingKeyCertificate };
    const { pair, certificate } = await this.parties.get(call, 'krd', named);
    const { certificate: issuer } = await this.authorities.get(call, input.CertificateAuthorityPublicKeyIdentifier);
    const kdh = { certificate: certificateOf(input.SigningKeyCertificate), issuer };
    const block = wholeBytes('WrappedKeyBlock', input.WrappedKeyBlock);
    const nonce = input.RandomNonce === undefined ? undefined : Buffer.from(input.RandomNonce, 'hex');
    const time = this.clock.now();

    return this.provider.use(pair, (privateKey) => {
      const { header, key } = openTransport({ block, kdh, krd: { certificate, privateKey }, time, nonce });
      try {
        const { attributes, exportable, optionalBlocks, letter } = attributesOfHeader(header, key.length);
        checkStrength(attributes.KeyAlgorithm, { rsaBits: certificate.keyBits });
        verifyCheckValues(optionalBlocks, { letter, clear: key });
        return admit(attributes, exportable)(key);
      } finally {
        key.fill(0);
      }
    });
  }
}

/** Reports all failures alike, except those of a certificate and of the CMS syntax. */
function openTransport(transport: KeyTransportToOpen): OpenedKey {
  try {
    return openKeyTransport(transport);
  } catch (error) {
    if (!(error instanceof CryptoError) || error.code === 'CERTIFICATE' || error.code === 'CMS') throw error;
    throw new ValidationException(
      'WrappedKeyBlock could not be verified and decrypted: it must be signed with the key of SigningKeyCertificate, bear ' +
        'RandomNonce (or none where none is given), and hold a TDES or AES_128 key for the wrapping key.',
    );
  }
}

function attributesOfHeader(text: string, keyBytes: number) {
  const { header, optionalBlocks, headerChars } = parseHeader(text);
  if (headerChars !== text.length)
    throw new ValidationException('The key block header must end with the optional blocks that it counts.');
  return { ...attributesOf(header, optionalBlocks, keyBytes), optionalBlocks, letter: header.algorithm };
}
