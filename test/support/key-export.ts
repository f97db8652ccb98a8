import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExportKeyCommand, type ExportKeyInput, type WrappedKey } from '@aws-sdk/client-payment-cryptography';
import { unwrapKeyBlock } from '../../src/crypto/tr31/unwrap.js';
import { issueLeaf, issueRoot } from '../../src/crypto/x509/issue.js';
import { textOf } from '../../src/payment/exchange/certificate-text.js';
import { CIPHER, useKnownKeys, useService } from './api.js';
import { aMonth, importRoot, type StoredKey } from './import.js';
import { type Party, testPki } from './tr34.js';

/** Keys, calls and a partner that the specs of ExportKey share. */

export const K0 = 'TR31_K0_KEY_ENCRYPTION_KEY';
export const P0 = 'TR31_P0_PIN_ENCRYPTION_KEY';
export const TDES_KEY = '0123456789ABCDEFFEDCBA9876543210';
export const NONCE = '0102030405060708';
export const KSN = 'FFFF9876543210E00001';
export const DAY_MS = 86_400_000;

export const pki = testPki();

/** Creates a partner with 2048-bit RSA keys: its root, and a certificate that the root issued. */
export function rsaPartner(ca: Party = pki.kdhCa!, leaf: Party = pki.kdh!) {
  const root = issueRoot({
    subject: [{ type: 'CN', value: 'Partner' }],
    privateKey: ca.privateKey,
    validity: aMonth(),
  });
  const certificate = issueLeaf({
    subject: [{ type: 'CN', value: 'Partner, exchange' }],
    publicKey: leaf.certificate.publicKey,
    validity: aMonth(),
    issuer: { certificate: root, privateKey: ca.privateKey },
  });
  return {
    root,
    ca: ca.privateKey,
    certificate,
    privateKey: leaf.privateKey,
    text: textOf('CERTIFICATE', certificate.der),
  };
}

export const partner = rsaPartner();
/** A partner of the same name with other keys. */
export const impostor = rsaPartner(pki.otherCa, pki.otherKdh);

/** A wrapped key as ExportKey returns it, with every member. */
export type Wrapped = { [Member in keyof WrappedKey]-?: NonNullable<WrappedKey[Member]> };

/** Starts a service, and returns the calls that the specs of ExportKey share. */
export function useExports() {
  const service = useService();
  const keys = useKnownKeys(service);
  /** The imported root of the partner, and a TDES_2KEY with the value TDES_KEY and usage P0. */
  const stored = {} as { partnerRoot: StoredKey; pinKey: StoredKey };
  beforeAll(async () => {
    stored.partnerRoot = await importRoot(service, textOf('CERTIFICATE', partner.root.der));
    stored.pinKey = await keys.importKey({ clear: TDES_KEY, usage: P0, algorithm: 'TDES_2KEY', modes: CIPHER });
  });

  async function exportKey(
    key: { KeyArn: string },
    KeyMaterial: Record<string, object>,
    ExportAttributes?: ExportKeyInput['ExportAttributes'],
  ): Promise<Wrapped> {
    const input = { ExportKeyIdentifier: key.KeyArn, KeyMaterial, ExportAttributes } as unknown as ExportKeyInput;
    const { WrappedKey: wrapped } = await service.controlPlane.send(new ExportKeyCommand(input));
    return wrapped as Wrapped;
  }

  return {
    service,
    keys,
    stored,
    exportKey,
    /** Expects ExportKey to fail validation. @returns the message of the exception */
    refusal: (...args: Parameters<typeof exportKey>): Promise<string> =>
      exportKey(...args).then(
        () => 'ExportKey succeeded',
        (thrown: unknown) => {
          const { name, message } = thrown as Error;
          expect(name).toBe('ValidationException');
          return message;
        },
      ),
    /** Returns the KeyMaterial that exports a TR-31 key block under a KEK. */
    underKek: (headers?: object, kek = keys.kek.KeyArn) => ({
      Tr31KeyBlock: { WrappingKeyIdentifier: kek, KeyBlockHeaders: headers },
    }),
    /** Opens a key block under `keys.kek`. */
    open: (block: string) => unwrapKeyBlock({ algorithm: 'AES', key: keys.kek.clear }, block),
  };
}

export const pemOf = (text: string) => Buffer.from(text, 'base64').toString();

/** Runs openssl. @returns its output */
export const openssl = (...args: string[]) =>
  execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

/** Creates a folder for the files of a spec file. @returns functions that return the path of a file and write a file */
export function useFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'keyblock-exchange-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const pathOf = (name: string) => join(folder, name);
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(pathOf(name), content);
    return pathOf(name);
  };
  return { pathOf, file };
}
