import {
  StopKeyUsageCommand,
  CreateKeyCommand,
  GetPublicKeyCertificateCommand,
} from '@aws-sdk/client-payment-cryptography';
import { unwrapKeyBlock } from '../../../../src/crypto/tr31/unwrap.js';
import { ecdhKey } from '../../../../src/crypto/ecdh.js';
import { issueLeaf } from '../../../../src/crypto/x509/issue.js';
import { certificateOf, textOf } from '../../../../src/payment/exchange/certificate-text.js';
import { K0, P0, TDES_KEY, partner, useExports } from '../../../support/key-export.js';
import { CIPHER } from '../../../support/api.js';
import { ecParty, aMonth, importRoot } from '../../../support/import.js';
import as2805 from '../../../vectors/as2805-exchange.json' with { type: 'json' };
import { changed, YEAR_MS } from '../../../support/key-import.js';

const { service, keys, stored, exportKey, refusal } = useExports();

test('ExportKey exports a key under a key agreed by ECDH, unless the key or the agreement does not allow it', async () => {
  const { Key: pair } = await service.controlPlane.send(
    new CreateKeyCommand({
      KeyAttributes: {
        KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
        KeyClass: 'ASYMMETRIC_KEY_PAIR',
        KeyAlgorithm: 'ECC_NIST_P256',
        KeyModesOfUse: { DeriveKey: true },
      },
      Exportable: false,
    }),
  );
  const peer = ecParty('P-256');
  const root = await importRoot(service, peer.text);
  const material = {
    PrivateKeyIdentifier: pair!.KeyArn,
    CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
    PublicKeyCertificate: peer.text,
    DeriveKeyAlgorithm: 'AES_256',
    KeyDerivationFunction: 'ANSI_X963',
    KeyDerivationHashAlgorithm: 'SHA_384',
    DerivationData: { SharedInformation: '00FF' },
  };
  const wrapped = await exportKey(stored.pinKey, { DiffieHellmanTr31KeyBlock: material });
  expect(wrapped).toMatchObject({ WrappingKeyArn: pair!.KeyArn, WrappedKeyMaterialFormat: 'TR31_KEY_BLOCK' });
  const answer = await service.controlPlane.send(new GetPublicKeyCertificateCommand({ KeyIdentifier: pair!.KeyArn }));
  const kbpk = ecdhKey(
    { privateKey: peer.privateKey, peerPublicKey: certificateOf(answer.KeyCertificate!).publicKey },
    { kdf: 'ANSI_X963', hash: 'SHA_384', sharedInfo: Buffer.from('00FF', 'hex'), length: 32 },
  );
  const { key } = unwrapKeyBlock({ algorithm: 'AES', key: kbpk }, wrapped.KeyMaterial);
  expect(key.toString('hex').toUpperCase()).toBe(TDES_KEY);
  expect(await refusal(keys.kek, { DiffieHellmanTr31KeyBlock: material })).toContain('agreed on over P-256');

  const kept = await keys.importKey({
    clear: TDES_KEY,
    usage: P0,
    algorithm: 'TDES_2KEY',
    modes: CIPHER,
    exportable: false,
  });
  expect(await refusal(kept, { DiffieHellmanTr31KeyBlock: material })).toContain('is not exportable');
  const leaf = (validity: ReturnType<typeof aMonth>) =>
    textOf(
      'CERTIFICATE',
      issueLeaf({
        subject: [{ type: 'CN', value: 'leaf' }],
        publicKey: peer.certificate.publicKey,
        validity,
        issuer: peer,
      }).der,
    );
  const larger = ecParty('P-384');
  const changes = [
    [{ PublicKeyCertificate: leaf(aMonth(Date.now() - YEAR_MS)) }, 'within its validity period'],
    [{ PublicKeyCertificate: leaf(aMonth(Date.now() + YEAR_MS)) }, 'within its validity period'],
    [
      { PublicKeyCertificate: textOf('CERTIFICATE', changed(peer.certificate.der)) },
      'issued by the given certificate authority',
    ],
    [{ PublicKeyCertificate: ecParty('P-256').text }, 'issued by the given certificate authority'],
    [{ PublicKeyCertificate: peer.text.slice(0, -200) }, 'must be X.509'],
    [{ PublicKeyCertificate: peer.certificate.der.toString('base64') }, 'must be PEM'],
    [
      {
        PublicKeyCertificate: larger.text,
        CertificateAuthorityPublicKeyIdentifier: (await importRoot(service, larger.text)).KeyArn,
      },
      'on the curve of the private key',
    ],
    [
      { PublicKeyCertificate: partner.text, CertificateAuthorityPublicKeyIdentifier: stored.partnerRoot.KeyArn },
      'on the curve of the private key',
    ],
    [{ CertificateAuthorityPublicKeyIdentifier: keys.kek.KeyArn }, 'KeyUsage of the input key'],
    [{ PrivateKeyIdentifier: keys.kek.KeyArn }, 'KeyUsage of the input key'],
    [{ DeriveKeyAlgorithm: 'HMAC_SHA256' }, "can't be derived"],
    [{ KeyBlockHeaders: { KeyModesOfUse: { NoRestrictions: true } } }, 'may not go beyond'],
  ] as const;
  for (const [change, message] of changes)
    expect(await refusal(stored.pinKey, { DiffieHellmanTr31KeyBlock: { ...material, ...change } })).toContain(message);
  const longer = await keys.importKey({ clear: '01'.repeat(24), usage: P0, algorithm: 'TDES_3KEY', modes: CIPHER });
  const weaker = { DiffieHellmanTr31KeyBlock: { ...material, DeriveKeyAlgorithm: 'TDES_2KEY' } };
  expect(await refusal(longer, weaker)).toContain('A key of TDES_3KEY may not be wrapped under a key of TDES_2KEY');
});

const cryptograms = as2805.vectors.filter(
  ({ id, inputs }) => id.startsWith('key-cryptogram') && (inputs as { key?: string }).key?.length === 32,
) as unknown as {
  id: string;
  inputs: { kek: string; key: string; as2805KeyVariant: string };
  expected: { wrappedKeyCryptogram: string; keyUsage: typeof P0; keyCheckValue: string };
}[];
test.each(cryptograms)('ExportKey exports the AS 2805 cryptogram $id', async ({ inputs, expected }) => {
  const kek = await keys.importKey({ clear: inputs.kek, usage: K0, algorithm: 'TDES_2KEY', modes: CIPHER });
  const key = await keys.importKey({
    clear: inputs.key,
    usage: expected.keyUsage,
    algorithm: 'TDES_2KEY',
    modes: expected.keyUsage.startsWith('TR31_M0') ? ['Generate', 'Verify'] : CIPHER,
  });
  const material = { WrappingKeyIdentifier: kek.KeyArn, As2805KeyVariant: inputs.as2805KeyVariant };
  expect(await exportKey(key, { As2805KeyCryptogram: material })).toEqual({
    WrappingKeyArn: kek.KeyArn,
    WrappedKeyMaterialFormat: 'KEY_CRYPTOGRAM',
    KeyMaterial: expected.wrappedKeyCryptogram,
    KeyCheckValue: expected.keyCheckValue,
    KeyCheckValueAlgorithm: 'ANSI_X9_24',
  });
  const bdk = {
    clear: TDES_KEY,
    usage: 'TR31_B0_BASE_DERIVATION_KEY',
    algorithm: 'TDES_2KEY',
    modes: ['DeriveKey'],
  } as const;
  const variant = await refusal(await keys.importKey(bdk), { As2805KeyCryptogram: material });
  expect(variant).toContain('is for keys of KeyUsage');
});

test('an AS 2805 cryptogram needs an exportable TDES key, and a TDES KEK of usage K0 that is at least as strong', async () => {
  const keyWith = (change: object = {}) =>
    keys.importKey({ clear: TDES_KEY, usage: P0, algorithm: 'TDES_2KEY', modes: CIPHER, ...change });
  const variant = 'PIN_ENCRYPTION_KEY_VARIANT_28';
  const under = ({ KeyArn }: { KeyArn: string }) => ({
    As2805KeyCryptogram: { WrappingKeyIdentifier: KeyArn, As2805KeyVariant: variant },
  });
  const kek = await keyWith({ usage: K0, clear: 'FEDCBA98765432100123456789ABCDEF' });
  expect((await exportKey(stored.pinKey, under(kek))).KeyCheckValue).toBe('08D7B4');
  const kept = await keyWith({ exportable: false });
  expect(await refusal(kept, under(kek))).toContain('is not exportable');
  const longer = await keyWith({ algorithm: 'TDES_3KEY', clear: '01'.repeat(24) });
  expect(await refusal(longer, under(kek))).toContain('A key of TDES_3KEY may not be wrapped under a key of TDES_2KEY');
  const aes = await keyWith({ algorithm: 'AES_128' });
  expect(await refusal(aes, under(kek))).toContain('must be of TDES_2KEY or TDES_3KEY');
  expect(await refusal(stored.pinKey, under(keys.kek))).toContain('KeyAlgorithm of the input key');
  expect(await refusal(stored.pinKey, under(stored.pinKey))).toContain('KeyUsage of the input key');
  const blocks = await keyWith({ usage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY' });
  expect(await refusal(stored.pinKey, under(blocks))).toContain('KeyUsage of the input key');
  const unwraps = await keyWith({ usage: K0, modes: ['Decrypt', 'Unwrap'] });
  expect(await refusal(stored.pinKey, under(unwraps))).toContain('KeyModesOfUse of the input key');
  await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: kek.KeyArn }));
  expect(await refusal(stored.pinKey, under(kek))).toContain('is not in an enabled state');
});
