import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import {
  CreateKeyCommand,
  type KeyAlgorithm,
  type KeyModesOfUse,
  type KeyUsage,
} from '@aws-sdk/client-payment-cryptography';
import type { Service } from '../support/service.js';

/** ARNs of the keys of a job. */
export interface JobKeys {
  /** The key that PIN blocks are encrypted under, AES_256; the machine for PIN letters has it too. */
  pek: string;
  /** The key of the PVV. */
  pvk: string;
  /** The key of CVV, CVV2 and iCVV. */
  cvk: string;
}

/** The keys that are named in a file, which are made where there is no such file: a job that goes on keeps its keys. */
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

/** @returns the ARN of a new key, which can be exported to whoever makes the cards and letters */
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
