import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  CreateKeyCommand,
  GetKeyCommand,
  GetPublicKeyCertificateCommand,
  ImportKeyCommand,
  type ImportKeyMaterial,
  type Key,
} from '@aws-sdk/client-payment-cryptography';
import { isStrong } from '../../src/crypto/des.js';
import { ecdhKey } from '../../src/crypto/ecdh.js';
import type { KeyBlockHeader } from '../../src/crypto/tr31/header.js';
import type { Kbpk } from '../../src/crypto/tr31/kbpk.js';
import type { OptionalBlock } from '../../src/crypto/tr31/optional-blocks.js';
import { wrapKeyBlock } from '../../src/crypto/tr31/wrap.js';
import { readCertificate } from '../../src/crypto/x509/certificate.js';
import { issueRoot } from '../../src/crypto/x509/issue.js';
import { certificateOf, textOf } from '../../src/payment/exchange/certificate-text.js';
import type { KeyMode, KeyUsage, SymmetricKeyAlgorithm } from '../../src/payment/keys/key-attributes.js';
import { algorithmLetter, hashBlock, modeLetter, usageCode } from '../../src/payment/keys/key-block-attributes.js';
import { modesOfUse } from '../../src/payment/keys/key-rules.js';
import { storeKey } from './known-pairs.js';
import type { TestService } from './service.js';

export type StoredKey = Key & { KeyArn: string; KeyCheckValue: string };

/** A key with a known value. */
export interface KeyToImport {
  /** Bytes, or hexadecimal. */
  clear: Buffer | string;
  usage: KeyUsage;
  algorithm: SymmetricKeyAlgorithm;
  /** In the order in which the service lists them, e.g. `['Encrypt', 'Decrypt', 'Wrap', 'Unwrap']`. */
  modes: readonly KeyMode[];
  /** Defaults to true. */
  exportable?: boolean;
}

/** A KEK in the service, and a function that imports keys under it. */
export interface KeyImports {
  /** Imports a key under the KEK. Stores a weak TDES key directly, because some published vectors contain one. */
  importKey: (key: KeyToImport) => Promise<StoredKey>;
  /** Usage K0, every mode, exportable. */
  kek: StoredKey & { clear: Buffer };
}

/**
 * Imports an AES_256 KEK under a key agreed by ECDH. Keys with known values are then imported under the KEK in TR-31
 * key blocks, as a customer would do. Generates no RSA key, so it is cheap.
 */
export async function importKeys(service: Pick<TestService, 'controlPlane' | 'app'>): Promise<KeyImports> {
  const bytes = randomBytes(32);
  const kek = await importKek(service, bytes);
  return {
    kek: Object.assign(kek, { clear: bytes }),
    importKey: (key) =>
      isWeak(key)
        ? storeWeakKey(service, key)
        : importMaterial(service, {
            Tr31KeyBlock: {
              WrappingKeyIdentifier: kek.KeyArn,
              WrappedKeyBlock: keyBlock({ algorithm: 'AES', key: bytes }, key),
            },
          }),
  };
}

const bytesOf = ({ clear }: KeyToImport) => (typeof clear === 'string' ? Buffer.from(clear, 'hex') : clear);

function isWeak(key: KeyToImport): boolean {
  return key.algorithm.startsWith('TDES') && !isStrong(bytesOf(key));
}

/** Stores a key that ImportKey refuses, as a release that accepted it would have. */
async function storeWeakKey(service: Pick<TestService, 'controlPlane' | 'app'>, key: KeyToImport): Promise<StoredKey> {
  const { usage, algorithm, modes, exportable = true } = key;
  const identity = { class: 'SYMMETRIC_KEY', usage, algorithm, modes, exportable, kcvAlgorithm: 'ANSI_X9_24' } as const;
  const arn = await storeKey(service, identity, bytesOf(key));
  const { Key: stored } = await service.controlPlane.send(new GetKeyCommand({ KeyIdentifier: arn }));
  return stored as StoredKey;
}

/** One form of key material with its members. The SDK's type requires some members that the model does not. */
export type Material = Record<string, object>;

export async function importMaterial(
  { controlPlane }: Pick<TestService, 'controlPlane'>,
  material: Material,
): Promise<StoredKey> {
  const KeyMaterial = material as unknown as ImportKeyMaterial;
  const { Key: key } = await controlPlane.send(new ImportKeyCommand({ KeyMaterial }));
  return key as StoredKey;
}

/** Wraps a key in a TR-31 key block as its sender would: version D under AES, version B under TDES. */
export function keyBlock(
  kbpk: Kbpk,
  key: KeyToImport,
  { header, optionalBlocks = [] }: { header?: Partial<KeyBlockHeader>; optionalBlocks?: OptionalBlock[] } = {},
): string {
  const { usage, algorithm, modes, exportable = true } = key;
  return wrapKeyBlock({
    kbpk,
    header: {
      versionId: kbpk.algorithm === 'AES' ? 'D' : 'B',
      keyUsage: usageCode(usage),
      algorithm: algorithmLetter(algorithm),
      modeOfUse: modeLetter(modesOfUse(modes)),
      keyVersionNumber: '00',
      exportability: exportable ? 'E' : 'N',
      keyContext: '0',
      ...header,
    },
    optionalBlocks: [...hashBlock(algorithm), ...optionalBlocks],
    key: bytesOf(key),
  });
}

/** Creates a party outside the service on a curve: its key pair and its self-signed certificate. */
export function ecParty(namedCurve: 'P-256' | 'P-384' | 'P-521', validity = aMonth()) {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve,
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  });
  const certificate = issueRoot({ subject: [{ type: 'CN', value: `Partner on ${namedCurve}` }], privateKey, validity });
  return { privateKey, certificate, text: textOf('CERTIFICATE', certificate.der) };
}

/** Returns a validity period of 30 days that began yesterday. */
export function aMonth(now = Date.now()): { notBefore: Date; notAfter: Date } {
  const day = 86_400_000;
  const today = Math.floor(now / 1000) * 1000;
  return { notBefore: new Date(today - day), notAfter: new Date(today + 29 * day) };
}

/** Imports a certificate as a root. */
export function importRoot(service: Pick<TestService, 'controlPlane'>, text: string): Promise<StoredKey> {
  const { keyType, keyBits } = readCertificate(certificateOf(text).der);
  return importMaterial(service, {
    RootCertificatePublicKey: {
      KeyAttributes: {
        KeyUsage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
        KeyClass: 'PUBLIC_KEY',
        KeyAlgorithm:
          keyType === 'RSA' ? (`RSA_${keyBits}` as 'RSA_2048') : (`ECC_NIST_P${keyBits}` as 'ECC_NIST_P521'),
        KeyModesOfUse: { Verify: true },
      },
      PublicKeyCertificate: text,
    },
  });
}

async function importKek(service: Pick<TestService, 'controlPlane'>, clear: Buffer): Promise<StoredKey> {
  const { controlPlane } = service;
  const { Key: pair } = await controlPlane.send(
    new CreateKeyCommand({
      KeyAttributes: {
        KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
        KeyClass: 'ASYMMETRIC_KEY_PAIR',
        KeyAlgorithm: 'ECC_NIST_P521',
        KeyModesOfUse: { DeriveKey: true },
      },
      Exportable: false,
      DeriveKeyUsage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
    }),
  );
  const { KeyCertificate } = await controlPlane.send(
    new GetPublicKeyCertificateCommand({ KeyIdentifier: pair?.KeyArn }),
  );
  const partner = ecParty('P-521');
  const root = await importRoot(service, partner.text);

  const sharedInfo = randomBytes(16);
  const derived = ecdhKey(
    { privateKey: partner.privateKey, peerPublicKey: certificateOf(KeyCertificate ?? '').publicKey },
    { kdf: 'NIST_SP800', hash: 'SHA_256', sharedInfo, length: 32 },
  );
  return importMaterial(service, {
    DiffieHellmanTr31KeyBlock: {
      PrivateKeyIdentifier: pair?.KeyArn,
      CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
      PublicKeyCertificate: partner.text,
      DeriveKeyAlgorithm: 'AES_256',
      KeyDerivationFunction: 'NIST_SP800',
      KeyDerivationHashAlgorithm: 'SHA_256',
      DerivationData: { SharedInformation: sharedInfo.toString('hex') },
      WrappedKeyBlock: keyBlock(
        { algorithm: 'AES', key: derived },
        {
          clear,
          usage: 'TR31_K0_KEY_ENCRYPTION_KEY',
          algorithm: 'AES_256',
          modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
        },
      ),
    },
  });
}
