import { constants, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto';
import {
  DeleteKeyCommand,
  GetParametersForImportCommand,
  ImportKeyCommand,
  type ImportKeyMaterial,
  type Key,
} from '@aws-sdk/client-payment-cryptography';
import { hsmWraps, type KeyToSend } from './outside.js';
import type { Service } from './service.js';
import { show } from './tell.js';

/** Keys imported for an example, scheduled for deletion when it ends, even if it fails. */
export class ImportedKeys implements AsyncDisposable {
  readonly #arns: string[] = [];
  #kek = { arn: '', clear: Buffer.alloc(0) };

  private constructor(private readonly service: Service) {}

  /**
   * Imports a new key-encryption key, AES_128, under the RSA key of an import token. Two parties do this once, before
   * they exchange working keys.
   */
  static async underNewKek(service: Service): Promise<ImportedKeys> {
    const keys = new ImportedKeys(service);
    const parameters = await service.controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_3072' }),
    );
    const certificate = certificateOf(parameters.WrappingKeyCertificate);
    const root = certificateOf(parameters.WrappingKeyCertificateChain);
    if (!certificate.verify(root.publicKey))
      throw new Error("The wrapping certificate was not issued by the account's root");
    const clear = randomBytes(16);
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
    const cryptogram = publicEncrypt({ key: certificate.publicKey, ...padding }, clear);
    const arn = await keys.#import('KEK (K0)', {
      KeyCryptogram: {
        KeyAttributes: {
          KeyUsage: 'TR31_K0_KEY_ENCRYPTION_KEY',
          KeyClass: 'SYMMETRIC_KEY',
          KeyAlgorithm: 'AES_128',
          KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
        },
        Exportable: false,
        ImportToken: parameters.ImportToken,
        WrappedKeyCryptogram: cryptogram.toString('hex').toUpperCase(),
      },
    });
    keys.#kek = { arn, clear };
    return keys;
  }

  /** Imports a working key that another HSM sends in a TR-31 key block under the KEK. @returns its ARN */
  async import(name: string, key: KeyToSend): Promise<string> {
    const WrappedKeyBlock = hsmWraps(this.#kek.clear, key);
    return this.#import(`${name} (${key.usage})`, {
      Tr31KeyBlock: { WrappingKeyIdentifier: this.#kek.arn, WrappedKeyBlock },
    });
  }

  async #import(name: string, material: ImportKeyMaterial): Promise<string> {
    const { Key: key } = await this.service.controlPlane.send(new ImportKeyCommand({ KeyMaterial: material }));
    const { KeyArn, KeyCheckValue } = key as Key & { KeyArn: string };
    this.#arns.push(KeyArn);
    show(name, `${KeyArn}, check value ${KeyCheckValue}`);
    return KeyArn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const KeyIdentifier of this.#arns)
      await this.service.controlPlane.send(new DeleteKeyCommand({ KeyIdentifier, DeleteKeyInDays: 3 }));
    console.log(`\nThe ${this.#arns.length} keys can no longer be used; their material is destroyed in 3 days.`);
  }
}

/** Reads a certificate. @param text base64 of PEM */
function certificateOf(text: string | undefined): X509Certificate {
  return new X509Certificate(Buffer.from(text ?? '', 'base64'));
}
