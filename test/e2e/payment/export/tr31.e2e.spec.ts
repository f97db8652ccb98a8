import { StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import { unwrapKeyBlock } from '../../../../src/crypto/tr31/unwrap.js';
import type { SymmetricKeyAlgorithm } from '../../../../src/payment/keys/key-attributes.js';
import { aesInitialKey } from '../../../../src/crypto/dukpt/aes.js';
import { tdesInitialKey } from '../../../../src/crypto/dukpt/tdes.js';
import { K0, P0, TDES_KEY, KSN, useExports } from '../../../support/key-export.js';
import { CIPHER } from '../../../support/api.js';

const { service, keys, stored, exportKey, refusal, underKek, open } = useExports();

describe('ExportKey in a TR-31 key block', () => {
  test('exports version D under an AES KEK, with the attributes of the key', async () => {
    const wrapped = await exportKey(stored.pinKey, underKek());
    expect(wrapped).toMatchObject({
      WrappingKeyArn: keys.kek.KeyArn,
      WrappedKeyMaterialFormat: 'TR31_KEY_BLOCK',
      KeyCheckValue: '08D7B4',
      KeyCheckValueAlgorithm: 'ANSI_X9_24',
    });
    expect(wrapped.KeyMaterial.slice(0, 16)).toBe('D0112P0TB00E0000');
    expect(open(wrapped.KeyMaterial).key.toString('hex').toUpperCase()).toBe(TDES_KEY);
  });

  test('exports version B under a TDES KEK', async () => {
    const clear = '89ABCDEF0123456776543210FEDCBA98';
    const kek = await keys.importKey({ clear, usage: K0, algorithm: 'TDES_2KEY', modes: ['Encrypt', 'Wrap'] });
    const { KeyMaterial } = await exportKey(stored.pinKey, underKek(undefined, kek.KeyArn));
    expect(KeyMaterial.slice(0, 16)).toBe('B0096P0TB00E0000');
    const opened = unwrapKeyBlock({ algorithm: 'TDES', key: Buffer.from(clear, 'hex') }, KeyMaterial);
    expect(opened.key.toString('hex').toUpperCase()).toBe(TDES_KEY);
  });

  test('states the hash of an HMAC key', async () => {
    const key = await keys.importKey({
      clear: 'AB'.repeat(48),
      usage: 'TR31_M7_HMAC_KEY',
      algorithm: 'HMAC_SHA384',
      modes: ['Generate'],
    });
    const { header, optionalBlocks } = open((await exportKey(key, underKek())).KeyMaterial);
    expect(header).toMatchObject({ keyUsage: 'M7', algorithm: 'H', modeOfUse: 'G' });
    expect(optionalBlocks[0]).toEqual({ id: 'HM', data: '22' });
  });

  test('exports with headers that narrow the attributes', async () => {
    const headers = {
      KeyModesOfUse: { Decrypt: true, Unwrap: true },
      KeyExportability: 'NON_EXPORTABLE',
      KeyVersion: '1A',
      OptionalBlocks: { KS: '1234567890', LB: 'acquirer7' },
    };
    const { header, optionalBlocks } = open((await exportKey(stored.pinKey, underKek(headers))).KeyMaterial);
    expect(header).toMatchObject({ modeOfUse: 'D', exportability: 'N', keyVersionNumber: '1A' });
    expect(optionalBlocks.slice(0, 2)).toEqual([
      { id: 'KS', data: '1234567890' },
      { id: 'LB', data: 'acquirer7' },
    ]);
    const sensitive = await exportKey(stored.pinKey, underKek({ KeyExportability: 'SENSITIVE' }));
    expect(sensitive.KeyMaterial.charAt(11)).toBe('S');
  });

  test('exports with the check values of the key and of the KEK', async () => {
    const OptionalBlocks = { KC: '0008D7B4', KP: `01${keys.kek.KeyCheckValue}` };
    const { optionalBlocks } = open((await exportKey(stored.pinKey, underKek({ OptionalBlocks }))).KeyMaterial);
    expect(Object.fromEntries(optionalBlocks.map(({ id, data }) => [id, data]))).toMatchObject(OptionalBlocks);
  });

  test.each([
    [{ KeyModesOfUse: { NoRestrictions: true } }, 'may not go beyond'],
    [{ KeyModesOfUse: { Encrypt: true } }, 'KeyModesOfUse {Encrypt} are invalid'],
    [{ KeyModesOfUse: {} }, 'KeyModesOfUse {} are invalid'],
    [{ OptionalBlocks: { PB: '0000' } }, 'may not have PB'],
    [{ OptionalBlocks: { HM: '21' } }, 'may not have HM'],
    [{ OptionalBlocks: { KS: 'XYZ' } }, 'optional block KS'],
    [{ OptionalBlocks: { KC: '0008D7B5' } }, 'block KC of the key block is not the check value of the wrapped key'],
    [
      { OptionalBlocks: { KP: '010000000000' } },
      'block KP of the key block is not the check value of the wrapping key',
    ],
    [{ OptionalBlocks: { LB: 'a'.repeat(100), '10': 'abcde' } }, 'at most 112 characters'],
    [{ KeyVersion: '1' }, 'KeyVersion'],
  ])('rejects the headers %j', async (headers, message) => {
    expect(await refusal(stored.pinKey, underKek(headers))).toContain(message);
  });

  test('rejects a key that is public, disabled or not exportable, and a KEK with another usage', async () => {
    const key = { clear: TDES_KEY, usage: P0, algorithm: 'TDES_2KEY', modes: CIPHER } as const;
    const kept = await keys.importKey({ ...key, exportable: false });
    expect(await refusal(kept, underKek())).toBe(`Key ${kept.KeyArn} is not exportable.`);
    const stopped = await keys.importKey(key);
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: stopped.KeyArn }));
    expect(await refusal(stopped, underKek())).toContain('not in an enabled state');
    expect(await refusal(stored.partnerRoot, underKek())).toContain('KeyClass of the input key');
    expect(await refusal(stored.pinKey, underKek(undefined, stored.pinKey.KeyArn))).toContain(
      'KeyUsage of the input key',
    );
  });

  test('rejects a KEK that is weaker than the key', async () => {
    const clear = '00'.repeat(16);
    const weak = await keys.importKey({ clear, usage: K0, algorithm: 'AES_128', modes: CIPHER });
    expect(await refusal(keys.kek, underKek(undefined, weak.KeyArn))).toContain(
      'may not be wrapped under a key of AES_128',
    );
  });
});

describe('ExportKey of an initial DUKPT key', () => {
  const bdk = (algorithm: SymmetricKeyAlgorithm, clear: string) =>
    keys.importKey({ clear, algorithm, usage: 'TR31_B0_BASE_DERIVATION_KEY', modes: ['DeriveKey'] });

  test('derives it from a TDES BDK as in ANSI X9.24-1', async () => {
    const attributes = { ExportDukptInitialKey: { KeySerialNumber: KSN } };
    const wrapped = await exportKey(await bdk('TDES_2KEY', TDES_KEY), underKek(), attributes);
    expect(wrapped.KeyMaterial.slice(0, 16)).toBe('D0112B1TX00S0000');
    const { key } = open(wrapped.KeyMaterial);
    expect(key.toString('hex').toUpperCase()).toBe('6AC292FAA1315B4D858AB3A3D7D5933A');
    expect(key).toEqual(tdesInitialKey({ bdk: Buffer.from(TDES_KEY, 'hex'), ksn: Buffer.from(KSN, 'hex') }));
    expect(wrapped).toMatchObject({ KeyCheckValue: 'AF8C07', KeyCheckValueAlgorithm: 'ANSI_X9_24' });
    const byCmac = await exportKey(await bdk('TDES_2KEY', TDES_KEY), underKek(), {
      ...attributes,
      KeyCheckValueAlgorithm: 'CMAC',
    });
    expect(byCmac.KeyCheckValueAlgorithm).toBe('CMAC');
    expect(byCmac.KeyCheckValue).not.toBe('AF8C07');
  });

  test('derives it from an AES BDK as in ANSI X9.24-3', async () => {
    const clear = 'FEDCBA9876543210F1F1F1F1F1F1F1F1';
    const ksn = '123456789012345600000001';
    const wrapped = await exportKey(await bdk('AES_128', clear), underKek(), {
      ExportDukptInitialKey: { KeySerialNumber: ksn },
    });
    const { key } = open(wrapped.KeyMaterial);
    expect(key.toString('hex').toUpperCase()).toBe('1273671EA26AC29AFA4D1084127652A1');
    expect(key).toEqual(aesInitialKey({ bdk: Buffer.from(clear, 'hex'), ksn: Buffer.from(ksn, 'hex') }));
    expect(wrapped.KeyCheckValueAlgorithm).toBe('CMAC');
  });

  test('rejects a KSN of the other kind, another key, and modes of use that belong to another usage', async () => {
    const of = (KeySerialNumber: string) => ({ ExportDukptInitialKey: { KeySerialNumber } });
    const tdes = await bdk('TDES_2KEY', TDES_KEY);
    expect(await refusal(tdes, underKek(), of('0'.repeat(24)))).toContain('must be 20 digits');
    expect(await refusal(stored.pinKey, underKek(), of(KSN))).toContain('KeyUsage of the input key');
    expect(await refusal(await bdk('TDES_3KEY', '01'.repeat(24)), underKek(), of(KSN))).toContain('KeyAlgorithm of');
    expect(await refusal(tdes, underKek({ KeyModesOfUse: { Encrypt: true } }), of(KSN))).toContain('may not go beyond');
  });
});
