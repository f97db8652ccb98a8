import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  CreateKeyCommand,
  DeriveSharedSecretCommand,
  GetPublicKeyCommand,
  type KeySpec,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { attestationDocument } from '../../support/attestation.js';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { base64, expectKmsError, KmsKeys } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));
const keys = new KmsKeys(() => kms);

const CURVES: [KeySpec, string, number][] = [
  ['ECC_NIST_P256', 'prime256v1', 32],
  ['ECC_NIST_P384', 'secp384r1', 48],
  ['ECC_NIST_P521', 'secp521r1', 66],
];
const newPeer = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const spki = (key: KeyObject) => key.export({ format: 'der', type: 'spki' });

test.each(CURVES)('%s: the secret is the one that Node derives for the other party', async (spec, curve, bytes) => {
  const KeyId = await keys.arn(spec, 'KEY_AGREEMENT');
  const { PublicKey: own = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  const peer = newPeer(curve);
  const derived = await kms.send(
    new DeriveSharedSecretCommand({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: spki(peer.publicKey) }),
  );
  const publicKey = createPublicKey({ key: Buffer.from(own), format: 'der', type: 'spki' });
  const secret = diffieHellman({ privateKey: peer.privateKey, publicKey });
  expect(Buffer.from(derived.SharedSecret ?? [])).toEqual(secret);
  expect(secret).toHaveLength(bytes);
  expect(derived).toMatchObject({ KeyId, KeyAgreementAlgorithm: 'ECDH', KeyOrigin: 'AWS_KMS' });
});

test('two keys of the service agree with each other', async () => {
  const [first, second] = await Promise.all(
    [1, 2].map(async () => {
      const { KeyMetadata } = await kms.send(
        new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' }),
      );
      return KeyMetadata?.Arn;
    }),
  );
  const derive = async (KeyId?: string, other?: string) => {
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: other }));
    const input = { KeyId, KeyAgreementAlgorithm: 'ECDH' as const, PublicKey };
    return (await kms.send(new DeriveSharedSecretCommand(input))).SharedSecret;
  };
  expect(await derive(first, second)).toEqual(await derive(second, first));
});

describe('refuses', () => {
  const peer = newPeer('prime256v1');
  const send = async (input: object) =>
    sendKms(service, 'DeriveSharedSecret', {
      KeyId: await keys.arn('ECC_NIST_P256', 'KEY_AGREEMENT'),
      KeyAgreementAlgorithm: 'ECDH',
      PublicKey: base64(spki(peer.publicKey)),
      ...input,
    });

  const offCurve = Buffer.from(spki(peer.publicKey));
  offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
  const infinity = Buffer.from('3019301306072A8648CE3D020106082A8648CE3D03010703020000', 'hex');

  test.each<[string, Uint8Array]>([
    ['of another curve', spki(newPeer('secp384r1').publicKey)],
    ['of secp256k1', spki(newPeer('secp256k1').publicKey)],
    ['of RSA', spki(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)],
    ['of X25519', spki(generateKeyPairSync('x25519').publicKey)],
    ['not on the curve', offCurve],
    ['that is the point at infinity', infinity],
    ['cut short', spki(peer.publicKey).subarray(0, -1)],
    ['with a byte after it', Buffer.concat([spki(peer.publicKey), Buffer.alloc(1)])],
    ['that is a bare point', spki(peer.publicKey).subarray(-65)],
    ['that is a private key', peer.privateKey.export({ format: 'der', type: 'pkcs8' })],
    ['in PEM', Buffer.from(peer.publicKey.export({ format: 'pem', type: 'spki' }))],
  ])('a public key %s, with an empty error message', async (_, PublicKey) => {
    expectKmsError(await send({ PublicKey: base64(PublicKey) }), 'ValidationException');
    expectKmsError(await send({ PublicKey: base64(PublicKey), DryRun: true }), 'ValidationException');
  });

  test('a DryRun that would have succeeded', async () => {
    const text = 'The request would have succeeded, but the DryRun option is set.';
    expectKmsError(await send({ DryRun: true }), 'DryRunOperationException', text);
  });

  test('a recipient with any document', async () => {
    for (const document of [attestationDocument(), Buffer.from('a document')]) {
      const Recipient = { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: base64(document) };
      const { json } = await send({ Recipient });
      expect(json).toEqual({
        __type: 'ValidationException',
        message: expect.stringMatching(/^The AttestationDocument in Recipient is /) as unknown,
      });
    }
  });

  test.each([
    [
      { KeyAgreementAlgorithm: 'X25519' },
      "Value 'X25519' at 'keyAgreementAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [ECDH]",
    ],
    [
      { PublicKey: '' },
      "Value at 'publicKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      { PublicKey: base64(Buffer.alloc(8193)) },
      "Value at 'publicKey' failed to satisfy constraint: Member must have length less than or equal to 8192",
    ],
    [{ PublicKey: null }, "Value null at 'publicKey' failed to satisfy constraint: Member must not be null"],
  ])('%j', async (input, fault) => {
    const { json } = await send(input);
    expect(json).toEqual({ __type: 'ValidationException', message: `1 validation error detected: ${fault}` });
  });

  test('a key that waits for its material', async () => {
    const input = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT', Origin: 'EXTERNAL' } as const;
    const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
    const arn = KeyMetadata?.Arn ?? '';
    expectKmsError(await send({ KeyId: arn }), 'KMSInvalidStateException', `${arn} is pending import.`);
  });
});
