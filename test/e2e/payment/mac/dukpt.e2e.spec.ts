import { failed } from '../../../support/api.js';
import { altered } from '../../../support/altered.js';
import { B0, CLEAR, named, useCards, type Json } from '../../../support/cards.js';
import { vectors } from '../../../support/vectors.js';

const { service, keyOf, expectOk, expectInvalid } = useCards();

describe('GenerateMac and VerifyMac under DUKPT', () => {
  interface DukptVector {
    mode: 'TDES' | 'AES';
    bdk: string;
    ksn: string;
    variant: string;
    derivationType?: string;
    message: string;
    expected: { mac: string };
  }
  /** TDES DUKPT has no bidirectional key: see dukpt-direction.e2e.spec.ts. */
  const all = vectors<DukptVector>('mac').filter(
    ({ algorithm, mode, variant }) =>
      algorithm.startsWith('DUKPT') && !(mode === 'TDES' && variant === 'BIDIRECTIONAL'),
  );
  const X9_24_3_BDK = 'FEDCBA9876543210F1F1F1F1F1F1F1F1';

  const attributesOf = ({ algorithm, ksn, variant, derivationType }: DukptVector & { algorithm: string }) => {
    const member = algorithm.includes('CMAC') ? 'DukptCmac' : `DukptIso9797Algorithm${algorithm.slice(-1)}`;
    return {
      [member]: { KeySerialNumber: ksn, DukptKeyVariant: variant, DukptDerivationType: derivationType },
    };
  };

  test('have vectors for every key variant', () => {
    expect(all).toHaveLength(15);
  });

  test.each(all)('match $id: $algorithm, $variant, $source', async (vector) => {
    const key = await keyOf(vector.bdk, B0, vector.mode);
    const input = { KeyIdentifier: key.KeyArn, MessageData: vector.message };
    const GenerationAttributes = attributesOf(vector);
    const { mac } = vector.expected;
    const whole = await service.dataPlane.generateMac({ ...input, GenerationAttributes, MacLength: 32 }).promise();
    expect(whole).toEqual({ ...named(key), Mac: mac });
    const usual = await service.dataPlane.generateMac({ ...input, GenerationAttributes }).promise();
    expect(usual.Mac).toBe(vector.algorithm.includes('CMAC') ? mac : mac.slice(0, 8));

    const verify = (Mac: string, MessageData = vector.message) =>
      service.dataPlane
        .verifyMac({ ...input, MessageData, Mac, VerificationAttributes: GenerationAttributes })
        .promise();
    expect(await verify(mac.toLowerCase())).toEqual(named(key));
    expect(await verify(mac.slice(0, 8))).toEqual(named(key));
    await expect(verify(altered(mac))).rejects.toEqual(failed('Mac verification failed.'));
    await expect(verify(mac, altered(vector.message))).rejects.toEqual(failed('Mac verification failed.'));
  });

  const inputOf = async (bdk: string, GenerationAttributes: Json, MessageData: string) => ({
    KeyIdentifier: (await keyOf(bdk, B0, bdk === X9_24_3_BDK ? 'AES' : 'TDES')).KeyArn,
    MessageData,
    GenerationAttributes,
    MacLength: 8,
  });
  const macOf = async (GenerationAttributes: Json) =>
    (await expectOk('mac/generate', await inputOf(CLEAR, GenerationAttributes, MESSAGE)))['Mac'];
  const KSN = 'FFFF9876543210E00001';
  const MESSAGE = '0102030405060708090A0B0C0D0E0F10';
  const request = { KeySerialNumber: KSN, DukptKeyVariant: 'REQUEST' };

  test('give the same answer as AWS for a published key', async () => {
    expect(await macOf({ DukptIso9797Algorithm3: request })).toBe('AF59E7E8A06F01B2');
  });

  test('accept a KSN of 16 digits as if FFFF preceded it, in either case', async () => {
    const short = { ...request, KeySerialNumber: KSN.slice(4).toLowerCase() };
    expect(await macOf({ DukptIso9797Algorithm3: short })).toBe('AF59E7E8A06F01B2');
  });

  const aesRequest = { ...request, KeySerialNumber: '123456789012345600000001' };
  const WHOLE_BLOCKS = 'MessageData must be a multiple of 8 bytes';
  test.each([
    [
      'a message under 8 bytes',
      CLEAR,
      { DukptCmac: request },
      '01020304050607',
      'MessageData must be at least 8 bytes',
    ],
    ['a partial block with algorithm 1', CLEAR, { DukptIso9797Algorithm1: request }, '01'.repeat(9), WHOLE_BLOCKS],
    ['a partial block with algorithm 3', CLEAR, { DukptIso9797Algorithm3: request }, '01'.repeat(15), WHOLE_BLOCKS],
    [
      'an AES key for ISO 9797-1',
      X9_24_3_BDK,
      { DukptIso9797Algorithm3: aesRequest },
      MESSAGE,
      'needs a TDES key, not AES_128: DukptDerivationType must be TDES_2KEY',
    ],
    [
      'a derived key stronger than its BDK',
      X9_24_3_BDK,
      { DukptCmac: { ...aesRequest, DukptDerivationType: 'AES_256' } },
      MESSAGE,
      'stronger',
    ],
    [
      'an AES key derived from a TDES BDK',
      CLEAR,
      { DukptCmac: { ...request, DukptDerivationType: 'AES_128' } },
      MESSAGE,
      'AES_128 is invalid for a base derivation key of TDES_2KEY',
    ],
    ['an AES KSN for a TDES BDK', CLEAR, { DukptCmac: aesRequest }, MESSAGE, 'key serial number of a TDES'],
    ['a TDES KSN for an AES BDK', X9_24_3_BDK, { DukptCmac: request }, MESSAGE, 'key serial number of an AES'],
    [
      'a KSN of 18 digits',
      CLEAR,
      { DukptCmac: { ...request, KeySerialNumber: KSN.slice(2) } },
      MESSAGE,
      'KeySerialNumber must be 16, 20 or 24',
    ],
    ['a missing key variant', CLEAR, { DukptCmac: { KeySerialNumber: KSN } }, MESSAGE, 'DukptKeyVariant is required'],
    ['two members', CLEAR, { DukptCmac: request, Algorithm: 'CMAC' }, MESSAGE, 'exactly one member'],
  ])('reject %s', async (_, bdk, attributes, message, complaint) => {
    await expectInvalid('mac/generate', await inputOf(bdk, attributes, message), complaint);
  });
});
