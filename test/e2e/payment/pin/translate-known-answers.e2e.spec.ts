import { P0, B0, PEK, OTHER_PEK, AES_PEK, PAN, translation, usePins, type Format } from '../../../support/pin.js';
import type { TestService } from '../../../support/service.js';
import { vectors } from '../../../support/vectors.js';
import * as oracle from '../../../support/pin-oracle.js';

const { service, key, translate } = usePins();

describe('TranslatePinData with published vectors', () => {
  interface PinBlock {
    format: Format;
    pin: string;
    pan?: string;
    key: string;
    expected: { encryptedPinBlock: string };
  }

  const single = vectors<PinBlock>(
    'pinblock',
    'ISO 9564-1 format 0',
    'ISO 9564-1 format 1',
    'ISO 9564-1 format 3',
    'ISO 9564-1 format 4',
  ).filter((vector) => vector.key);
  test.each(single)('reads $id in format $format: $source', async ({ format, pin, pan, key: clear, expected }) => {
    const from = { ...(await key(P0, clear, format === 4 ? 'AES' : 'TDES')), format, pan };
    const to = { ...(await key(P0, OTHER_PEK)), format: 0 as const, pan: pan ?? PAN };
    for (const block of [expected.encryptedPinBlock, expected.encryptedPinBlock.toLowerCase()])
      expect(await translate(block, from, to)).toEqual({
        PinBlock: oracle.format0(OTHER_PEK, pin, to.pan),
        KeyArn: to.arn,
        KeyCheckValue: to.kcv,
      });
  });

  test.each(single.filter(({ format }) => format === 0))('writes $id in format 0: $source', async (vector) => {
    const { pin, pan, key: clear, expected } = vector;
    const from = { ...(await key(P0, PEK)), format: 0 as const, pan };
    const to = { ...(await key(P0, clear)), format: 0 as const, pan };
    const { PinBlock } = await translate(oracle.format0(PEK, pin, pan!), from, to);
    expect(PinBlock).toBe(expected.encryptedPinBlock);
  });

  interface Translation {
    incomingFormat: Format;
    outgoingFormat: Format;
    pan: string;
    incomingKey?: string;
    incomingBdk?: string;
    incomingKsn?: string;
    incomingDerivationType?: string;
    incomingPinBlock: string;
    outgoingKey?: string;
    outgoingBdk?: string;
    outgoingKsn?: string;
    expected: { pin: string; outgoingPinBlock?: string };
  }

  test.each(
    vectors<Translation>(
      'pinblock',
      'PIN block translation',
      'PIN block translation, TDES DUKPT to static key',
      'PIN block translation, AES DUKPT (AES-128 working key) to static key',
      'PIN block translation, AES DUKPT (2-key TDES working key) to static key',
      'PIN block translation, static key to TDES DUKPT',
    ),
  )('translates $id, format $incomingFormat to $outgoingFormat: $source', async (vector) => {
    const { incomingFormat, outgoingFormat, incomingKsn, outgoingKsn, incomingDerivationType: type, pan } = vector;
    const incoming = vector.incomingKey
      ? await key(P0, vector.incomingKey, incomingFormat === 4 ? 'AES' : 'TDES')
      : await key(B0, vector.incomingBdk!, type ? 'AES' : 'TDES');
    const outgoing = vector.outgoingKey
      ? await key(P0, vector.outgoingKey, outgoingFormat === 4 ? 'AES' : 'TDES')
      : await key(B0, vector.outgoingBdk!);
    const input = translation(
      vector.incomingPinBlock,
      { arn: incoming.arn, format: incomingFormat, pan },
      { arn: outgoing.arn, format: outgoingFormat, pan },
      {
        ...(incomingKsn && { IncomingDukptAttributes: { KeySerialNumber: incomingKsn, DukptKeyDerivationType: type } }),
        ...(outgoingKsn && { OutgoingDukptAttributes: { KeySerialNumber: outgoingKsn } }),
      },
    );
    const { PinBlock, ...answered } = await service.dataPlane
      .translatePinData(input as Parameters<TestService['dataPlane']['translatePinData']>[0])
      .promise();
    expect(answered).toEqual({ KeyArn: outgoing.arn, KeyCheckValue: outgoing.kcv });
    const { pin, outgoingPinBlock } = vector.expected;
    if (outgoingPinBlock !== undefined) expect(PinBlock).toBe(outgoingPinBlock);
    const field = {
      3: () => oracle.pinField(vector.outgoingKey!, PinBlock, pan),
      4: () => oracle.pinField4(vector.outgoingKey!, PinBlock, pan),
      0: () => `0${pin.length.toString(16).toUpperCase()}${pin}`,
      1: () => '',
    }[outgoingFormat]();
    expect(field.slice(0, 2 + pin.length)).toBe(`${outgoingFormat}${pin.length.toString(16).toUpperCase()}${pin}`);
  });

  interface As2805 {
    kpp: string;
    stan: string;
    amount: string;
    pan: string;
    outgoingKey: string;
    expected: { encryptedPinBlock: string; translatedPinBlock: string };
  }

  interface As2805Exchange {
    id: string;
    operation: string;
    inputs: {
      pinProtectionKey: string;
      systemTraceAuditNumber: string;
      transactionAmount: string;
      primaryAccountNumber: string;
      encryptedPinBlock: string;
      outgoingKey: string;
    };
    expected: { pinBlock: string };
  }

  const as2805 = [
    ...vectors<As2805>('as2805', 'AS2805 PIN key derivation and translation').map(({ id, expected, ...vector }) => ({
      ...vector,
      id,
      block: expected.encryptedPinBlock,
      translated: expected.translatedPinBlock,
    })),
    ...(vectors('as2805-exchange') as unknown as As2805Exchange[])
      .filter(({ operation }) => operation.startsWith('TranslatePinData'))
      .map(({ id, inputs, expected }) => ({
        id,
        kpp: inputs.pinProtectionKey,
        stan: inputs.systemTraceAuditNumber,
        amount: inputs.transactionAmount,
        pan: inputs.primaryAccountNumber,
        outgoingKey: inputs.outgoingKey,
        block: inputs.encryptedPinBlock,
        translated: expected.pinBlock,
      })),
  ];
  test.each(as2805)(
    'translates $id from AS 2805',
    async ({ kpp, stan, amount, pan, outgoingKey, block, translated }) => {
      const incoming = await key(P0, kpp);
      const outgoing = await key(P0, outgoingKey);
      const more = { IncomingAs2805Attributes: { SystemTraceAuditNumber: stan, TransactionAmount: amount } };
      for (const format of [0, 'AS2805'] as const)
        expect(
          await translate(block, { ...incoming, format: 'AS2805', pan }, { ...outgoing, format, pan }, more),
        ).toEqual({ PinBlock: translated, KeyArn: outgoing.arn, KeyCheckValue: outgoing.kcv });
    },
  );

  test('translates PINs and PANs of every length', async () => {
    const from = await key(P0, PEK);
    const to = await key(P0, OTHER_PEK);
    const four = await key(P0, AES_PEK, 'AES');
    for (let panLength = 12; panLength <= 19; panLength++) {
      const pan = '4907123456789012345'.slice(0, panLength);
      for (const pinLength of [4, panLength - 8, 12]) {
        const pin = '902468135790'.slice(-pinLength);
        const length = pinLength.toString(16).toUpperCase();
        const given = oracle.format0(PEK, pin, pan);
        const inFour = await translate(given, { ...from, format: 0, pan }, { ...four, format: 4, pan });
        expect(oracle.pinField4(AES_PEK, inFour['PinBlock']!, pan)).toMatch(
          new RegExp(`^4${length}${pin}A{${14 - pinLength}}[0-9A-F]{16}$`),
        );
        const inThree = await translate(inFour['PinBlock']!, { ...four, format: 4, pan }, { ...to, format: 3, pan });
        expect(oracle.pinField(OTHER_PEK, inThree['PinBlock']!, pan)).toMatch(
          new RegExp(`^3${length}${pin}[A-F]{${14 - pinLength}}$`),
        );
        const back = await translate(inThree['PinBlock']!, { ...to, format: 3, pan }, { ...from, format: 0, pan });
        expect(back['PinBlock']).toBe(given);
      }
    }
  });
});
