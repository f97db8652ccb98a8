import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto';
import { callKms } from './kms.js';
import type { TestService } from './service.js';

type Sender = Pick<TestService, 'send'>;

/** Response of GetParametersForImport. */
export interface Parameters {
  ImportToken: string;
  PublicKey: string;
  ParametersValidTo: number;
  algorithm: string;
}

export async function parametersFor(
  service: Sender,
  KeyId: string,
  { algorithm = 'RSAES_OAEP_SHA_256', spec = 'RSA_2048', region = 'us-east-1' } = {},
): Promise<Parameters> {
  const input = { KeyId, WrappingAlgorithm: algorithm, WrappingKeySpec: spec };
  const output = await callKms(service, 'GetParametersForImport', input, { region });
  return { ...(output as unknown as Parameters), algorithm };
}

/** Encrypts with RSAES-OAEP under a wrapping key. */
export function oaep({ PublicKey, algorithm }: Pick<Parameters, 'PublicKey' | 'algorithm'>, data: Buffer): Buffer {
  const key = { key: Buffer.from(PublicKey, 'base64'), format: 'der', type: 'spki' } as const;
  const oaepHash = algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256';
  return publicEncrypt({ ...key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, data);
}

/** Wraps under an AES key: RFC 5649. */
export function wrapPadded(kek: Buffer, data: Buffer): Buffer {
  const cipher = createCipheriv(`id-aes${kek.length * 8}-wrap-pad`, kek, Buffer.from('A65959A6', 'hex'));
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/** Wraps material as the algorithm of its parameters demands. */
export function wrapFor(parameters: Parameters, material: Buffer): string {
  if (!parameters.algorithm.startsWith('RSA_AES')) return oaep(parameters, material).toString('base64');
  const kek = randomBytes(32);
  return Buffer.concat([oaep(parameters, kek), wrapPadded(kek, material)]).toString('base64');
}

/** The members of ImportKeyMaterial that carry a material. */
export function importOf(parameters: Parameters, material: Buffer) {
  return {
    ImportToken: parameters.ImportToken,
    EncryptedKeyMaterial: wrapFor(parameters, material),
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
  };
}

/** Imports a material. @returns its id, of a symmetric encryption key */
export async function importMaterial(
  service: Sender,
  KeyId: string,
  material: Buffer,
  members: object = {},
  region = 'us-east-1',
): Promise<string> {
  const parameters = await parametersFor(service, KeyId, { region });
  const input = { KeyId, ...importOf(parameters, material), ...members };
  return (await callKms(service, 'ImportKeyMaterial', input, { region }))['KeyMaterialId'] as string;
}
