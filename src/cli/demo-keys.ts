import { hash } from 'node:crypto';
import type { DeriveKeyUsage, KeyAlgorithm, KeyClass, KeyMode, KeyUsage } from '../payment/keys/key-attributes.js';

/** A key of `keyblock demo`: its alias is `alias/demo/` and its name. */
export interface DemoKey {
  name: string;
  usage: KeyUsage;
  class?: KeyClass;
  algorithm: KeyAlgorithm;
  modes: readonly KeyMode[];
  deriveKeyUsage?: DeriveKeyUsage;
  /** State that the examples expect; enabled by default. */
  state?: 'stopped' | 'pending';
  /** DER of a key pair or a certificate; a symmetric key has the bytes of `demoMaterial`. */
  der?: Buffer;
}

/**
 * Returns the bytes of a symmetric demo key: the first bytes of SHA-256 of `keyblock demo` and the key's name. They are
 * fixed, so that the documents can show values computed with them.
 */
export function demoMaterial(name: string, bytes: number): Buffer {
  return hash('sha256', `keyblock demo ${name}`, 'buffer').subarray(0, bytes);
}

/** Key pair, certificate authority and peer of test/vectors/ecdh-exchange.json, `ecdh-p256-nist-sha256-aes256-tr31`. */
const ECDH_PAIR =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgN7Jw1meeGI6l4mmeFXnyRO8pELQpnSpXdoOSsR6Zi+mhRANCAAQH5EYJ775Th2k+JDhD' +
  'qfXT1sT+kwv/61ths5u+8BYmfwKXv51oDC19pcc8QwBPxAg5p7c2A2m1oCGOMW+9VFs2';
const ECDH_AUTHORITY =
  'MIIBzjCCAXSgAwIBAgICAdkwCgYIKoZIzj0EAwIwTjELMAkGA1UEBhMCVVMxGjAYBgNVBAoMEVRFU1QgT05MWSB2aXNpYmxlMSMwIQYDVQQDDBpURVNU' +
  'IEVDREggQ0EgRUNDX05JU1RfUDI1NjAeFw0yMDAxMDEwMDAwMDBaFw00OTEyMzEyMzU5NTlaME4xCzAJBgNVBAYTAlVTMRowGAYDVQQKDBFURVNUIE9O' +
  'TFkgdmlzaWJsZTEjMCEGA1UEAwwaVEVTVCBFQ0RIIENBIEVDQ19OSVNUX1AyNTYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT40tzV4+kkPAxp+DO6' +
  'y6x0boV/5NnCKEdMCNVW095QchF9HqblwItfSgdfrpmumK+krH/kdveGQL8mrWIp8Fjko0IwQDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTwqHXn' +
  '8TQBSZfq+PEUsyTPDpxfADAOBgNVHQ8BAf8EBAMCAYYwCgYIKoZIzj0EAwIDSAAwRQIgJp94O3WR2fFhPkBtxCtV1EafOSP3e9+x8p9c9BMzsF0CIQCd' +
  'FaG9Nf9JFTCs0cb0TLTZCULMwonAmgWl/GtnxE9FKA==';

const MAC = ['Generate', 'Verify'] as const;
const CIPHER = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] as const;
const DERIVE = ['DeriveKey'] as const;
const macKey = (name: string, state?: DemoKey['state']): DemoKey => ({
  name,
  usage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
  algorithm: 'AES_256',
  modes: MAC,
  state,
});

/** Every key that an example names. A key that an example changes is in no other example. */
export const DEMO_KEYS: readonly DemoKey[] = [
  macKey('mac'),
  macKey('delete'),
  macKey('restore', 'pending'),
  macKey('start', 'stopped'),
  macKey('stop'),
  macKey('policy'),
  macKey('unshared'),
  macKey('replicated'),
  { name: 'kek', usage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY', algorithm: 'AES_256', modes: CIPHER },
  { name: 'as2805', usage: 'TR31_K0_KEY_ENCRYPTION_KEY', algorithm: 'TDES_2KEY', modes: CIPHER },
  { name: 'data', usage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY', algorithm: 'AES_128', modes: CIPHER },
  { name: 'bdk', usage: 'TR31_B0_BASE_DERIVATION_KEY', algorithm: 'TDES_2KEY', modes: DERIVE },
  { name: 'cvk', usage: 'TR31_C0_CARD_VERIFICATION_KEY', algorithm: 'TDES_2KEY', modes: MAC },
  { name: 'pvk', usage: 'TR31_V2_VISA_PIN_VERIFICATION_KEY', algorithm: 'TDES_2KEY', modes: MAC },
  { name: 'pek', usage: 'TR31_P0_PIN_ENCRYPTION_KEY', algorithm: 'TDES_2KEY', modes: CIPHER },
  { name: 'zpk', usage: 'TR31_P0_PIN_ENCRYPTION_KEY', algorithm: 'TDES_2KEY', modes: CIPHER },
  { name: 'emv', usage: 'TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS', algorithm: 'TDES_2KEY', modes: DERIVE },
  { name: 'integrity', usage: 'TR31_E2_EMV_MKEY_INTEGRITY', algorithm: 'TDES_2KEY', modes: DERIVE },
  { name: 'confidentiality', usage: 'TR31_E1_EMV_MKEY_CONFIDENTIALITY', algorithm: 'TDES_2KEY', modes: DERIVE },
  {
    name: 'ecdh',
    usage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
    class: 'ASYMMETRIC_KEY_PAIR',
    algorithm: 'ECC_NIST_P256',
    modes: DERIVE,
    deriveKeyUsage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
    der: Buffer.from(ECDH_PAIR, 'base64'),
  },
  {
    name: 'ca',
    usage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
    class: 'PUBLIC_KEY',
    algorithm: 'ECC_NIST_P256',
    modes: ['Verify'],
    der: Buffer.from(ECDH_AUTHORITY, 'base64'),
  },
];
