import { setTimeout } from 'node:timers/promises';

/** The calls to measure, each with its own keys. */

const PAN = '4123451234567890';
const CARD = { PrimaryAccountNumber: PAN, PanSequenceNumber: '00' };

/** Each entry creates its keys, prepares its input with the service and returns the request to send repeatedly. */
export const OPERATIONS = {
  'GenerateMac, CMAC of 64 bytes, AES-256': async (call) => ({
    path: '/mac/generate',
    input: {
      KeyIdentifier: await call.key('M6_ISO_9797_5_CMAC_KEY', 'AES_256', 'Generate', 'Verify'),
      MessageData: '0123456789ABCDEF'.repeat(8),
      GenerationAttributes: { Algorithm: 'CMAC' },
    },
  }),
  'GenerateMac, retail MAC of 64 bytes, TDES 2-key': async (call) => ({
    path: '/mac/generate',
    input: {
      KeyIdentifier: await call.key('M3_ISO_9797_3_MAC_KEY', 'TDES_2KEY', 'Generate', 'Verify'),
      MessageData: '0123456789ABCDEF'.repeat(8),
      GenerationAttributes: { Algorithm: 'ISO9797_ALGORITHM3' },
    },
  }),
  'TranslatePinData, format 0 to 0, TDES 2-key': async (call) => {
    const pin = await pinOf(call);
    return {
      path: '/pindata/translate',
      input: {
        IncomingKeyIdentifier: pin.EncryptionKeyArn,
        OutgoingKeyIdentifier: await pinKey(call),
        IncomingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: PAN } },
        OutgoingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: PAN } },
        EncryptedPinBlock: pin.EncryptedPinBlock,
      },
    };
  },
  'VerifyPinData, PVV, format 0, TDES 2-key': async (call) => {
    const pin = await pinOf(call);
    return {
      path: '/pindata/verify',
      input: {
        VerificationKeyIdentifier: pin.GenerationKeyArn,
        EncryptionKeyIdentifier: pin.EncryptionKeyArn,
        VerificationAttributes: {
          VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: pin.PinData.VerificationValue },
        },
        EncryptedPinBlock: pin.EncryptedPinBlock,
        PrimaryAccountNumber: PAN,
        PinBlockFormat: 'ISO_FORMAT_0',
      },
    };
  },
  'GenerateCardValidationData, CVV2': async (call) => ({
    path: '/cardvalidationdata/generate',
    input: {
      KeyIdentifier: await call.key('C0_CARD_VERIFICATION_KEY', 'TDES_2KEY', 'Generate', 'Verify'),
      PrimaryAccountNumber: PAN,
      GenerationAttributes: { CardVerificationValue2: { CardExpiryDate: '0329' } },
    },
  }),
  'VerifyAuthRequestCryptogram, EMV common, ARPC method 1': async (call) => {
    const input = {
      KeyIdentifier: await call.key('E0_EMV_MKEY_APP_CRYPTOGRAMS', 'TDES_2KEY', 'DeriveKey'),
      TransactionData: '00000000170000000000000008400080008000084016051700000000093800000B03011203',
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      SessionKeyDerivationAttributes: { EmvCommon: { ...CARD, ApplicationTransactionCounter: '000B' } },
    };
    const { AuthRequestCryptogram } = await call.data('/cryptogram/generate', input);
    return {
      path: '/cryptogram/verify',
      input: {
        ...input,
        AuthRequestCryptogram,
        AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: '3030' } },
      },
    };
  },
  'EncryptData of 1 KiB, CBC, AES-128': async (call) => {
    const key = await call.key('D0_SYMMETRIC_DATA_ENCRYPTION_KEY', 'AES_128', 'Encrypt', 'Decrypt', 'Wrap', 'Unwrap');
    return {
      path: `/keys/${encodeURIComponent(key)}/encrypt`,
      input: { PlainText: '0123456789ABCDEF'.repeat(128), EncryptionAttributes: { Symmetric: { Mode: 'CBC' } } },
    };
  },
  'KMS Encrypt of 256 bytes': async (call) => ({
    kms: 'Encrypt',
    input: { KeyId: await kmsKey(call), Plaintext: MESSAGE, EncryptionContext: CONTEXT },
  }),
  'KMS Decrypt of 256 bytes': async (call) => {
    const input = { KeyId: await kmsKey(call), Plaintext: MESSAGE, EncryptionContext: CONTEXT };
    const { CiphertextBlob } = await call.kms('Encrypt', input);
    return { kms: 'Decrypt', input: { CiphertextBlob, EncryptionContext: CONTEXT } };
  },
  'KMS GenerateDataKey': async (call) => ({
    kms: 'GenerateDataKey',
    input: { KeyId: await kmsKey(call), KeySpec: 'AES_256', EncryptionContext: CONTEXT },
  }),
  'XKS proxy Encrypt of 256 bytes': async (call) => {
    const { path, requestMetadata, xks } = await xksKey(call);
    return {
      path: `${path}/encrypt`,
      input: { requestMetadata, plaintext: MESSAGE, encryptionAlgorithm: 'AES_GCM' },
      xks,
    };
  },
  'XKS proxy Encrypt of 256 bytes, with the integrity value': async (call) => {
    const { path, requestMetadata, xks } = await xksKey(call);
    const input = { requestMetadata, plaintext: MESSAGE, encryptionAlgorithm: 'AES_GCM' };
    return { path: `${path}/encrypt`, input: { ...input, ciphertextDataIntegrityValueAlgorithm: 'SHA_256' }, xks };
  },
  'KMS Sign, ECDSA with P-256': async (call) => ({
    kms: 'Sign',
    input: {
      KeyId: await kmsKey(call, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
      Message: MESSAGE,
      SigningAlgorithm: 'ECDSA_SHA_256',
    },
  }),
};

/**
 * Calls with a key on a token, whose process computes beside that of the service.
 *
 * @param {object} store input of CreateCustomKeyStore
 */
export function tokenOperations(store) {
  let connected;
  const tokenKey = async (call) => {
    connected ??= await connectedStore(call, store);
    return kmsKey(call, { Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: connected });
  };
  return {
    'KMS Encrypt of 256 bytes, key on a SoftHSM2 token': async (call) => ({
      kms: 'Encrypt',
      input: { KeyId: await tokenKey(call), Plaintext: MESSAGE, EncryptionContext: CONTEXT },
    }),
    'KMS Decrypt of 256 bytes, key on a SoftHSM2 token': async (call) => {
      const input = { KeyId: await tokenKey(call), Plaintext: MESSAGE, EncryptionContext: CONTEXT };
      const { CiphertextBlob } = await call.kms('Encrypt', input);
      return { kms: 'Decrypt', input: { CiphertextBlob, EncryptionContext: CONTEXT } };
    },
  };
}

/** Creates a custom key store and connects it. @returns {Promise<string>} its id */
async function connectedStore(call, store) {
  const { CustomKeyStoreId } = await call.kms('CreateCustomKeyStore', store);
  await call.kms('ConnectCustomKeyStore', { CustomKeyStoreId });
  for (;;) {
    const { CustomKeyStores } = await call.kms('DescribeCustomKeyStores', { CustomKeyStoreId });
    const [{ ConnectionState, ConnectionErrorCode }] = CustomKeyStores;
    if (ConnectionState === 'CONNECTED') return CustomKeyStoreId;
    if (ConnectionState === 'FAILED') throw new Error(`The store is not connected: ${ConnectionErrorCode}`);
    await setTimeout(50);
  }
}

const MESSAGE = Buffer.alloc(256, 'order ').toString('base64');
const CONTEXT = { table: 'orders' };

async function kmsKey(call, input = {}) {
  const { KeyMetadata } = await call.kms('CreateKey', input);
  return KeyMetadata.KeyId;
}

/** Releases a new key to a new prefix of the XKS proxy. */
async function xksKey(call) {
  const key = await kmsKey(call);
  const { XksProxyUriPath, XksProxyAuthenticationCredential } = JSON.parse(
    await call.keyblock('xks', 'create-credential', key),
  );
  await call.keyblock('xks', 'release', key, key);
  const { AccessKeyId: accessKeyId, RawSecretAccessKey: secretAccessKey } = XksProxyAuthenticationCredential;
  const requestMetadata = {
    awsPrincipalArn: 'arn:aws:iam::111122223333:user/alice',
    kmsKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    kmsOperation: 'Encrypt',
    kmsRequestId: '4112f4d6-db54-4af4-ae30-c55a22a8dfae',
  };
  return { path: `${XksProxyUriPath}/keys/${key}`, requestMetadata, xks: { accessKeyId, secretAccessKey } };
}

const pinKey = (call) => call.key('P0_PIN_ENCRYPTION_KEY', 'TDES_2KEY', 'Encrypt', 'Decrypt', 'Wrap', 'Unwrap');

/** Generates a PIN under a new key, with its PVV. */
async function pinOf(call) {
  return call.data('/pindata/generate', {
    GenerationKeyIdentifier: await call.key('V2_VISA_PIN_VERIFICATION_KEY', 'TDES_2KEY', 'Generate', 'Verify'),
    EncryptionKeyIdentifier: await pinKey(call),
    GenerationAttributes: { VisaPin: { PinVerificationKeyIndex: 1 } },
    PrimaryAccountNumber: PAN,
    PinBlockFormat: 'ISO_FORMAT_0',
  });
}
