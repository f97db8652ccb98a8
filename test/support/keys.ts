import { CreateKeyCommand, type CreateKeyInput, type Key } from '@aws-sdk/client-payment-cryptography';
import { KeyDeletionWorker } from '../../src/controlplane/keys/key-deletion.worker.js';
import { KeyRepository } from '../../src/keys/key.repository.js';
import { LOGGER } from '../../src/logger.js';
import { REGION, TestClock, type TestService } from './service.js';

/** A key nobody has, one of another Region, and one of another account. */
export const MISSING_KEY = `arn:aws:payment-cryptography:${REGION}:000000000000:key/aaaaaaaaaaaaaaaa`;
export const FAR_KEY = 'arn:aws:payment-cryptography:eu-west-1:000000000000:key/aaaaaaaaaaaaaaaa';
export const FOREIGN_KEY = `arn:aws:payment-cryptography:${REGION}:111111111111:key/aaaaaaaaaaaaaaaa`;

const DAY_MS = 86_400_000;

/** A new AES key for CMAC. */
export async function createKey(
  { controlPlane }: Pick<TestService, 'controlPlane'>,
  input: Partial<CreateKeyInput> = {},
): Promise<Key & { KeyArn: string }> {
  const { Key: key } = await controlPlane.send(
    new CreateKeyCommand({
      KeyAttributes: {
        KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: 'AES_128',
        KeyModesOfUse: { Generate: true, Verify: true },
      },
      Exportable: true,
      ...input,
    }),
  );
  return key as Key & { KeyArn: string };
}

/** Ends the waiting period of every key that is pending deletion; the service's own clock stays where it is. */
export async function endDeletions({ app, clock }: TestService): Promise<void> {
  const later = new TestClock(clock.now());
  later.advance(181 * DAY_MS);
  await new KeyDeletionWorker(app.get(KeyRepository), later, app.get(LOGGER)).run();
}
