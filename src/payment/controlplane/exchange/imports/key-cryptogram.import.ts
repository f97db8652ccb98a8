import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { rsaDecrypt } from '../../../../crypto/rsa.js';
import { ValidationException } from '../../../../errors/exceptions.js';
import { ExchangeTokens } from '../../../exchange/exchange-tokens.js';
import { cryptogramKeyBytes, OAEP } from '../../../exchange/key-cryptogram.js';
import { checkStrength } from '../../../exchange/strength.js';
import { rsaBitsOf } from '../../../keys/key-rules.js';
import { CryptoProvider } from '../../../../provider/crypto-provider.js';
import type { ImportKeyCryptogram } from '../exchange.schema.js';
import type { Admit, AdmittedKey } from './admission.js';
import { wholeBytes } from './whole-bytes.js';

/** Imports a bare key under the RSA key of an import token: RSAES-OAEP, RFC 8017 section 7.1. */
@Injectable()
export class KeyCryptogramImport {
  constructor(
    private readonly tokens: ExchangeTokens,
    private readonly provider: CryptoProvider,
  ) {}

  async open(call: Call, input: ImportKeyCryptogram, admit: Admit): Promise<AdmittedKey> {
    const { KeyAttributes, Exportable, ImportToken, WrappedKeyCryptogram, WrappingSpec = 'RSA_OAEP_SHA_256' } = input;
    const keyBytes = cryptogramKeyBytes(KeyAttributes.KeyAlgorithm);
    const seal = admit(KeyAttributes, Exportable);
    const token = await this.tokens.get(call, 'import KEY_CRYPTOGRAM', ImportToken);
    checkStrength(KeyAttributes.KeyAlgorithm, { rsaBits: rsaBitsOf(token.algorithm) });

    const cryptogram = wholeBytes('WrappedKeyCryptogram', WrappedKeyCryptogram);
    return this.provider.use(token, (privateKey) => {
      const clear = decrypt(() => rsaDecrypt(privateKey, OAEP[WrappingSpec], cryptogram));
      try {
        if (clear.length !== keyBytes) throw undecryptable();
        return seal(clear);
      } finally {
        clear.fill(0);
      }
    });
  }
}

/** Reports every failure alike, so that the caller can't tell why decryption failed. */
function decrypt(attempt: () => Buffer): Buffer {
  try {
    return attempt();
  } catch {
    throw undecryptable();
  }
}

function undecryptable(): ValidationException {
  return new ValidationException(
    'WrappedKeyCryptogram is not a key of this KeyAlgorithm under the wrapping key of this token: encrypt the bare key ' +
      'with RSAES-OAEP, the hash of WrappingSpec in it and in MGF1, and no label.',
  );
}
