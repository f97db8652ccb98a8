import {
  type CreateKeyCommandInput,
  DecryptCommand,
  EncryptCommand,
  type KeyMetadata,
  KMSClient,
} from '@aws-sdk/client-kms';
import { CREDENTIALS, type RawRequest, type RawResponse, REGION, type TestService } from './service.js';

/** Returns the real SDK's client of KMS. It doesn't retry. */
export function kmsClient(
  { url }: Pick<TestService, 'url'>,
  { region = REGION, credentials = CREDENTIALS }: Partial<Pick<RawRequest, 'region' | 'credentials'>> = {},
): KMSClient {
  return new KMSClient({ endpoint: url, region, credentials, maxAttempts: 1 });
}

/** Sends a signed KMS request that no SDK would send. @param input JSON as text, or a value to send as JSON */
export function sendKms(
  service: Pick<TestService, 'send'>,
  operation: string,
  input: unknown,
  request: Partial<RawRequest> = {},
): Promise<RawResponse> {
  return service.send({
    service: 'kms',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` },
    body: typeof input === 'string' ? input : JSON.stringify(input),
    ...request,
  });
}

/** The error that the SDK throws for a refusal. */
export const refused = (name: string, message: unknown = expect.any(String)) =>
  expect.objectContaining({ name, message }) as Error;

/** Functions that encrypt the text `card data`, and decrypt a text. @param kms called at each use */
export const cardData = (kms: () => KMSClient) => ({
  encrypt: async (KeyId: string, EncryptionContext?: Record<string, string>) =>
    (await kms().send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('card data'), EncryptionContext })))
      .CiphertextBlob!,
  decrypt: async (CiphertextBlob: Uint8Array, EncryptionContext?: Record<string, string>) =>
    Buffer.from((await kms().send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))).Plaintext!).toString(),
});

/** The body of a refusal. Some come without a message. */
export interface KmsRefusal {
  name: string;
  message?: string;
}

/** Expects a call to be refused with exactly this body. */
export async function expectRefused(
  service: Pick<TestService, 'send'>,
  operation: string,
  input: unknown,
  { name, message }: KmsRefusal,
  request: Partial<RawRequest> = {},
): Promise<void> {
  const { status, json } = await sendKms(service, operation, input, request);
  const text = name === 'AccessDeniedException' ? { Message: message } : { message };
  expect({ operation, status, ...json }).toEqual({
    ...{ operation, status: 400, __type: name },
    ...(message !== undefined && text),
  });
}

/** Calls an operation and expects it to succeed. @returns its output */
export async function callKms(
  service: Pick<TestService, 'send'>,
  operation: string,
  input: object = {},
  request: Partial<RawRequest> = {},
): Promise<Record<string, unknown>> {
  const { status, json } = await sendKms(service, operation, input, request);
  expect({ operation, status, json }).toEqual({ operation, status: 200, json });
  return json;
}

/** Metadata of a key, with the members that every key has. */
export interface Metadata extends KeyMetadata {
  KeyId: string;
  Arn: string;
}

/** Creates a key. */
export async function createKmsKey(
  service: Pick<TestService, 'send'>,
  input: Partial<CreateKeyCommandInput> = {},
  request: Partial<RawRequest> = {},
): Promise<Metadata> {
  return (await callKms(service, 'CreateKey', input, request))['KeyMetadata'] as Metadata;
}

export async function describeKmsKey(
  service: Pick<TestService, 'send'>,
  KeyId: string,
  request: Partial<RawRequest> = {},
): Promise<Metadata> {
  return (await callKms(service, 'DescribeKey', { KeyId }, request))['KeyMetadata'] as Metadata;
}
