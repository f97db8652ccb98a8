import {
  CreateKeyCommand,
  type CreateKeyInput,
  type Key,
  type KeyAttributes,
} from '@aws-sdk/client-payment-cryptography';
import { KeyDeletionWorker } from '../../src/payment/controlplane/keys/key-deletion.worker.js';
import { REGION, type TestService } from './service.js';

/** ARNs of a missing key, of a key in another Region, and of a key in another account. */
export const MISSING_KEY = `arn:aws:payment-cryptography:${REGION}:000000000000:key/aaaaaaaaaaaaaaaa`;
export const FAR_KEY = 'arn:aws:payment-cryptography:eu-west-1:000000000000:key/aaaaaaaaaaaaaaaa';
export const FOREIGN_KEY = `arn:aws:payment-cryptography:${REGION}:111111111111:key/aaaaaaaaaaaaaaaa`;

const DAY_MS = 86_400_000;

/** The id in the ARN of a key of either API. */
export const keyIdOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

export const CMAC_ATTRIBUTES = {
  KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
  KeyClass: 'SYMMETRIC_KEY',
  KeyAlgorithm: 'AES_128',
  KeyModesOfUse: { Generate: true, Verify: true },
} satisfies KeyAttributes;

/** Input of CreateKey for an AES key for CMAC. */
export const CMAC_KEY = { KeyAttributes: CMAC_ATTRIBUTES, Exportable: true } satisfies CreateKeyInput;

/** Creates an AES key for CMAC. */
export async function createKey(
  { controlPlane }: Pick<TestService, 'controlPlane'>,
  input: Partial<CreateKeyInput> = {},
): Promise<Key & { KeyArn: string }> {
  const { Key: key } = await controlPlane.send(new CreateKeyCommand({ ...CMAC_KEY, ...input }));
  return key as Key & { KeyArn: string };
}

/** Creates a key with these attributes. @returns its ARN and check value */
export async function createKeyOf(
  service: Pick<TestService, 'controlPlane'>,
  { usage, algorithm, modes }: { usage: string; algorithm: string; modes: readonly string[] },
): Promise<{ arn: string; kcv: string }> {
  const key = await createKey(service, {
    KeyAttributes: {
      KeyUsage: usage as KeyAttributes['KeyUsage'],
      KeyClass: /^(RSA|ECC)/.test(algorithm) ? 'ASYMMETRIC_KEY_PAIR' : 'SYMMETRIC_KEY',
      KeyAlgorithm: algorithm as KeyAttributes['KeyAlgorithm'],
      KeyModesOfUse: Object.fromEntries(modes.map((mode) => [mode, true])),
    },
  });
  return { arn: key.KeyArn, kcv: key.KeyCheckValue ?? '' };
}

/** Ends the waiting period of every key that is pending deletion, without changing the service's clock. */
export async function endDeletions({ app, clock }: TestService): Promise<void> {
  await app.get(KeyDeletionWorker).doDue(new Date(clock.now().getTime() + 181 * DAY_MS));
}
