import { CreateKeyCommand, type KMSClient, type KeySpec, type KeyUsageType } from '@aws-sdk/client-kms';
import type { RawResponse } from './service.js';

/** Creates KMS keys, the same one for each pair of spec and usage. */
export class KmsKeys {
  readonly #arns = new Map<string, Promise<string>>();

  /** @param kms called at the first use of a key */
  constructor(private readonly kms: () => KMSClient) {}

  /** @returns the key's ARN */
  arn(KeySpec: KeySpec, KeyUsage: KeyUsageType): Promise<string> {
    const name = `${KeySpec} ${KeyUsage}`;
    const arn = this.#arns.get(name) ?? this.#create(KeySpec, KeyUsage);
    this.#arns.set(name, arn);
    return arn;
  }

  async #create(KeySpec: KeySpec, KeyUsage: KeyUsageType): Promise<string> {
    const { KeyMetadata } = await this.kms().send(new CreateKeyCommand({ KeySpec, KeyUsage }));
    return KeyMetadata?.Arn ?? '';
  }
}

/** Expects a response to be an exception of KMS, with exactly this message; without one, it has none. */
export function expectKmsError({ status, json }: RawResponse, name: string, message?: string): void {
  expect({ status, ...json }).toEqual({ status: 400, __type: name, ...(message !== undefined && { message }) });
}

/** Base64 of bytes or text, as requests have it. */
export const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
