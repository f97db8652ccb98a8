import { CreateAliasCommand } from '@aws-sdk/client-payment-cryptography';
import {
  P0,
  V1,
  B0,
  PEK,
  OTHER_PEK,
  AES_PEK,
  PAN,
  AS2805,
  TDES_KSN,
  AES_KSN,
  translation,
  usePins,
  type Format,
} from '../../../support/pin.js';
import * as oracle from '../../../support/pin-oracle.js';

const { service, key, expectOk, expectInvalid, translate } = usePins({ KEYBLOCK_WEAK_DECIMALIZATION: 'allow' });

describe('TranslatePinData', () => {
  const keyOf = (format: Format) => (format === 4 ? key(P0, AES_PEK, 'AES') : key(P0, PEK));

  /** Returns a block with the PIN 1234 under the key of a format. */
  async function blockIn(format: Format): Promise<string> {
    const { arn } = await key(P0, OTHER_PEK);
    const one = await expectOk('pindata/generate', {
      GenerationKeyIdentifier: (await key(V1, PEK)).arn,
      EncryptionKeyIdentifier: arn,
      GenerationAttributes: {
        Ibm3624PinFromOffset: {
          DecimalizationTable: '0000000000000000',
          PinValidationDataPadCharacter: 'F',
          PinValidationData: '0000',
          PinOffset: '1234',
        },
      },
      PinBlockFormat: 'ISO_FORMAT_1',
    });
    const to = { arn: (await keyOf(format)).arn, format, pan: PAN };
    return (await translate(one['EncryptedPinBlock']!, { arn, format: 1 }, to))['PinBlock']!;
  }

  test.each([0, 3, 4] as const)('does not translate format %i to format 1', async (format) => {
    const from = { arn: (await keyOf(format)).arn, format, pan: PAN };
    const to = { arn: (await keyOf(1)).arn, format: 1 as const };
    await expectInvalid(
      'pindata/translate',
      translation(await blockIn(format), from, to),
      'is not translated to PIN block format 1',
    );
  });

  test('does not translate AS 2805 to format 1', async () => {
    const { arn } = await key(P0, PEK);
    const more = { IncomingAs2805Attributes: AS2805 };
    const input = translation('0'.repeat(16), { arn, format: 'AS2805', pan: PAN }, { arn, format: 1 }, more);
    await expectInvalid('pindata/translate', input, 'is not translated to PIN block format 1');
  });

  test.each(([0, 3, 4] as const).flatMap((from) => ([0, 3, 4] as const).map((to) => ({ from, to }))))(
    'translates format $from to $to for the same PAN only',
    async ({ from, to }) => {
      const incoming = { arn: (await keyOf(from)).arn, format: from, pan: PAN };
      const outgoing = { arn: (await keyOf(to)).arn, format: to, pan: PAN };
      const block = await blockIn(from);
      await translate(block, incoming, outgoing);
      for (const pan of [PAN.replace(/.$/, '0'), PAN.replace('5', '4'), `5${PAN}`])
        await expectInvalid(
          'pindata/translate',
          translation(block, incoming, { ...outgoing, pan }),
          'The PAN must be the same on both sides of a translation',
        );
    },
  );

  test.each([0, 1, 3, 4] as const)('translates format 1 to %i', async (format) => {
    const block = await blockIn(1);
    const to = await keyOf(format);
    const { PinBlock } = await translate(block, { ...(await keyOf(1)), format: 1 }, { ...to, format, pan: PAN });
    const field =
      format === 4
        ? oracle.pinField4(AES_PEK, PinBlock!, PAN)
        : oracle.pinField(PEK, PinBlock!, format === 1 ? undefined : PAN);
    expect(field).toMatch(new RegExp(`^${format}41234`));
  });

  test('translates between TDES DUKPT and AES DUKPT', async () => {
    const tdes = { arn: (await key(B0, PEK)).arn, format: 0 as const, pan: PAN };
    const aes = { arn: (await key(B0, AES_PEK, 'AES')).arn, format: 4 as const, pan: PAN };
    const [tdesKsn, aesKsn] = [TDES_KSN, AES_KSN];
    const start = { arn: (await key(P0, PEK)).arn, format: 0 as const, pan: PAN };
    const block = oracle.format0(PEK, '1234', PAN);
    const there = await translate(block, start, tdes, { OutgoingDukptAttributes: { KeySerialNumber: tdesKsn } });
    // X9.24-1: the transaction key of this KSN, 042666B49184CFA368DE9628D0397BC9, with the PIN variant.
    expect(there['PinBlock']).toBe(oracle.format0('042666B49184CF5C68DE9628D0397B36', '1234', PAN));
    const over = await translate(there['PinBlock']!, tdes, aes, {
      IncomingDukptAttributes: { KeySerialNumber: tdesKsn, DukptKeyDerivationType: 'TDES_2KEY' },
      OutgoingDukptAttributes: { KeySerialNumber: aesKsn, DukptKeyVariant: 'RESPONSE' },
    });
    const back = await translate(over['PinBlock']!, aes, start, {
      IncomingDukptAttributes: {
        KeySerialNumber: aesKsn,
        DukptKeyDerivationType: 'AES_128',
        DukptKeyVariant: 'REQUEST',
      },
    });
    expect(back['PinBlock']).toBe(block);
    // A KSN of 8 bytes stands for one with FFFF before it.
    const short = { IncomingDukptAttributes: { KeySerialNumber: tdesKsn.slice(4) } };
    expect((await translate(there['PinBlock']!, tdes, start, short))['PinBlock']).toBe(block);
  });

  const AES_BDK = ['AES', AES_KSN] as const;
  const NEEDS_AES = 'PIN block format 4 needs an AES key';
  const TDES_BDK = ['TDES', TDES_KSN] as const;
  test.each([
    ['format 0 with the AES key that an AES base derivation key derives by default', AES_BDK, 0, undefined, NEEDS_AES],
    ['format 4 with a TDES key of an AES base derivation key', AES_BDK, 4, 'TDES_2KEY', NEEDS_AES],
    ['format 4 with a TDES key of a TDES base derivation key', TDES_BDK, 4, undefined, NEEDS_AES],
    ['a derived key stronger than its base', AES_BDK, 4, 'AES_256', 'must not be stronger'],
    [
      'an AES key derived from a TDES base derivation key',
      TDES_BDK,
      4,
      'AES_128',
      'The key derivation type AES_128 is invalid',
    ],
    ['a TDES KSN with an AES base derivation key', ['AES', TDES_KSN], 4, undefined, 'must be 12 bytes'],
    ['an AES KSN with a TDES base derivation key', ['TDES', AES_KSN], 0, undefined, 'must be 10 bytes'],
    [
      'a KSN of 18 digits',
      ['TDES', '9876543210E0000100'],
      0,
      undefined,
      '/IncomingDukptAttributes/KeySerialNumber must be 16, 20 or 24',
    ],
  ] as const)('rejects %s', async (_, [cipher, KeySerialNumber], format, DukptKeyDerivationType, message) => {
    const side = { arn: (await key(B0, cipher === 'AES' ? AES_PEK : PEK, cipher)).arn, format, pan: PAN };
    const to = { arn: (await key(P0, PEK)).arn, format: 0 as const, pan: PAN };
    const more = { IncomingDukptAttributes: { KeySerialNumber, DukptKeyDerivationType } };
    await expectInvalid('pindata/translate', translation('0'.repeat(format === 4 ? 32 : 16), side, to, more), message);
  });

  const ATTRIBUTES = { IncomingAs2805Attributes: AS2805 };
  const DUKPT = { KeySerialNumber: TDES_KSN };
  const WRAPPED = { WrappedKeyMaterial: { Tr31KeyBlock: 'D'.repeat(112) } };
  test.each([
    ['AS 2805 without its attributes', 'AS2805', 0, {}, 'IncomingAs2805Attributes is required'],
    [
      'AS 2805 attributes with another format',
      3,
      'AS2805',
      ATTRIBUTES,
      'IncomingAs2805Attributes is allowed only with',
    ],
    [
      'AS 2805 under DUKPT',
      'AS2805',
      0,
      { ...ATTRIBUTES, IncomingDukptAttributes: DUKPT },
      'IncomingAs2805Attributes and IncomingDukptAttributes can not be combined',
    ],
    [
      'a wrapped key under DUKPT',
      0,
      0,
      { IncomingWrappedKey: WRAPPED, IncomingDukptAttributes: DUKPT },
      'A wrapped key and DUKPT attributes can not be combined',
    ],
    [
      'an outgoing wrapped key under DUKPT',
      0,
      0,
      { OutgoingWrappedKey: WRAPPED, OutgoingDukptAttributes: DUKPT },
      'A wrapped key and DUKPT attributes can not be combined',
    ],
    [
      'a STAN of 5 digits',
      'AS2805',
      0,
      { IncomingAs2805Attributes: { ...AS2805, SystemTraceAuditNumber: '00438' } },
      '/IncomingAs2805Attributes/SystemTraceAuditNumber must be at least 6',
    ],
    [
      'an amount of 13 digits',
      'AS2805',
      0,
      { IncomingAs2805Attributes: { ...AS2805, TransactionAmount: '0000000000328' } },
      '/IncomingAs2805Attributes/TransactionAmount must be at most 12',
    ],
  ] as const)('rejects %s', async (_, incoming, outgoing, more, message) => {
    const { arn } = await key(P0, PEK);
    const input = translation(
      '0'.repeat(16),
      { arn, format: incoming, pan: PAN },
      { arn, format: outgoing, pan: PAN },
      more,
    );
    await expectInvalid('pindata/translate', input, message);
  });

  test('returns the key ARN when the outgoing key is named by an alias', async () => {
    const { arn, kcv } = await key(P0, OTHER_PEK);
    await service.controlPlane.send(new CreateAliasCommand({ AliasName: 'alias/acquirer/pek', KeyArn: arn }));
    const from = { arn: (await key(P0, PEK)).arn, format: 0 as const, pan: PAN };
    const block = oracle.format0(PEK, '1234', PAN);
    expect(await translate(block, from, { arn: 'alias/acquirer/pek', format: 0, pan: PAN })).toEqual({
      PinBlock: oracle.format0(OTHER_PEK, '1234', PAN),
      KeyArn: arn,
      KeyCheckValue: kcv,
    });
  });
});
