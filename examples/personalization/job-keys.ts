import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import {
  CreateKeyCommand,
  type KeyAlgorithm,
  type KeyModesOfUse,
  type KeyUsage,
} from '@aws-sdk/client-payment-cryptography';
import type { Service } from '../support/service.js';

/** ARNs of a job's keys. */
export interface JobKeys {
  /** PIN encryption key, AES_256; the PIN mailer printer has it too. */
  pek: string;
  /** PIN verification key, for the PVV. */
  pvk: string;
  /** Card verification key, for CVV, CVV2 and iCVV. */
  cvk: string;
}

/** Reads the job's keys from a file, or creates them if there is no file yet, so that a resumed job keeps its keys. */
export async function jobKeys(service: Service, path: string): Promise<JobKeys> {
  if (existsSync(path)) return JSON.parse(await readFile(path, 'utf8')) as JobKeys;
  const both = { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true };
  const keys: JobKeys = {
    pek: await createKey(service, 'TR31_P0_PIN_ENCRYPTION_KEY', 'AES_256', both),
    pvk: await createKey(service, 'TR31_V2_VISA_PIN_VERIFICATION_KEY', 'TDES_2KEY', { Generate: true, Verify: true }),
    cvk: await createKey(service, 'TR31_C0_CARD_VERIFICATION_KEY', 'TDES_2KEY', { Generate: true, Verify: true }),
  };
  await writeFile(`${path}.new`, `${JSON.stringify(keys, null, 2)}\n`);
  await rename(`${path}.new`, path);
  return keys;
}

/** Creates a key that can be exported to the card and PIN mailer bureaus. @returns its ARN */
async function createKey(
  { controlPlane }: Service,
  KeyUsage: KeyUsage,
  KeyAlgorithm: KeyAlgorithm,
  KeyModesOfUse: KeyModesOfUse,
): Promise<string> {
  const { Key } = await controlPlane.send(
    new CreateKeyCommand({
      KeyAttributes: { KeyUsage, KeyClass: 'SYMMETRIC_KEY', KeyAlgorithm, KeyModesOfUse },
      Exportable: true,
    }),
  );
  return Key?.KeyArn ?? '';
}
