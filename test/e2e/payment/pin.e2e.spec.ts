import { createCipheriv, createDecipheriv, createPrivateKey } from 'node:crypto';
import { CreateAliasCommand, type KeyUsage, StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import type {
  DeriveKeyUsage,
  KeyAlgorithm,
  KeyMode,
  SymmetricKeyAlgorithm,
} from '../../../src/payment/keys/key-attributes.js';
import ecdhExchange from '../../vectors/ecdh-exchange.json' with { type: 'json' };
import pinblock from '../../vectors/pinblock.json' with { type: 'json' };
import { importKeys, importRoot, keyBlock, type KeyImports } from '../../support/import.js';
import { FOREIGN_KEY, MISSING_KEY } from '../../support/keys.js';
import { storePair } from '../../support/known-pairs.js';
import { type RawResponse, startTestService, type TestService } from '../../support/service.js';
import { hex, vectors } from '../../support/vectors.js';

let service: TestService;
let imports: KeyImports;
beforeAll(async () => {
  service = await startTestService();
  imports = await importKeys(service);
}, 180_000);
afterAll(() => service.stop());

type Modes = readonly KeyMode[];
const CIPHER: Modes = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'];
const MAC: Modes = ['Generate', 'Verify'];
const P0 = 'TR31_P0_PIN_ENCRYPTION_KEY';
const V1 = 'TR31_V1_IBM3624_PIN_VERIFICATION_KEY';
const V2 = 'TR31_V2_VISA_PIN_VERIFICATION_KEY';
const B0 = 'TR31_B0_BASE_DERIVATION_KEY';
const K0 = 'TR31_K0_KEY_ENCRYPTION_KEY';

const DEFAULT_MODES: Partial<Record<KeyUsage, Modes>> = { [V1]: MAC, [V2]: MAC, [B0]: ['DeriveKey'] };
const known = new Map<string, Promise<{ arn: string; kcv: string }>>();

/** A key of a known value, imported once. AES is said; TDES goes by the length. */
function key(usage: KeyUsage, clear: string, cipher: 'TDES' | 'AES' = 'TDES', modes = DEFAULT_MODES[usage] ?? CIPHER) {
  const name = [usage, clear, cipher, ...modes].join();
  const algorithm: SymmetricKeyAlgorithm =
    cipher === 'AES' ? `AES_${(clear.length * 4) as 128 | 192 | 256}` : clear.length === 32 ? 'TDES_2KEY' : 'TDES_3KEY';
  const imported =
    known.get(name) ??
    imports
      .importKey({ usage, clear, algorithm, modes })
      .then(({ KeyArn, KeyCheckValue }) => ({ arn: KeyArn, kcv: KeyCheckValue }));
  known.set(name, imported);
  return imported;
}

const PEK = '0123456789ABCDEFFEDCBA9876543210';
const OTHER_PEK = '52839ECD0243FB26D3C1FE3243163283';
const AES_PEK = '0E98318106D0B1865DEED075C22159A5';
const PAN = '5555555551234567';

/** PIN blocks by other code than the service's: ISO 9564-1 with strings, and OpenSSL. */
const independent = {
  panField: (pan: string) => BigInt(`0x${pan.slice(0, -1).slice(-12).padStart(16, '0')}`),
  tdes: (clear: string) => (clear.length === 32 ? 'des-ede' : 'des-ede3'),
  format0(keyHex: string, pin: string, pan: string): string {
    const pinField = BigInt(`0x0${pin.length.toString(16)}${pin.padEnd(14, 'F')}`);
    const clear = (pinField ^ independent.panField(pan)).toString(16).padStart(16, '0');
    const cipher = createCipheriv(independent.tdes(keyHex), hex(keyHex), null).setAutoPadding(false);
    return cipher.update(hex(clear)).toString('hex').toUpperCase();
  },
  /** The PIN field of a block, without the PAN. */
  pinField(keyHex: string, block: string, pan?: string): string {
    const cipher = createDecipheriv(independent.tdes(keyHex), hex(keyHex), null).setAutoPadding(false);
    const clear = BigInt(`0x${cipher.update(hex(block)).toString('hex')}`);
    return (clear ^ (pan === undefined ? 0n : independent.panField(pan))).toString(16).padStart(16, '0').toUpperCase();
  },
  pinField4(keyHex: string, block: string, pan: string): string {
    const name = `aes-${keyHex.length * 4}-ecb`;
    const decrypt = (bytes: Buffer) => createDecipheriv(name, hex(keyHex), null).setAutoPadding(false).update(bytes);
    const panField = BigInt(`0x${(pan.length - 12).toString(16)}${pan.padEnd(31, '0')}`);
    const between = (BigInt(`0x${decrypt(hex(block)).toString('hex')}`) ^ panField).toString(16).padStart(32, '0');
    return decrypt(hex(between)).toString('hex').toUpperCase();
  },
};

/** A call as it goes over the wire, since the SDK knows fewer members than the model. */
async function post(operation: string, input: object): Promise<RawResponse> {
  return service.send({ path: `/${operation}`, body: JSON.stringify(input) });
}

/** The answer of a call that must succeed. */
async function answer(operation: string, input: object): Promise<Record<string, string>> {
  const { status, json } = await post(operation, input);
  expect({ status, json }).toEqual({ status: 200, json });
  return json as Record<string, string>;
}

/** Expects ValidationException with this part of a message. */
async function expectInvalid(operation: string, input: object, message: string): Promise<void> {
  const { status, headers, json } = await post(operation, input);
  expect({ status, error: headers.get('x-amzn-errortype'), message: json['message'] }).toEqual({
    status: 400,
    error: 'ValidationException',
    message: expect.stringContaining(message) as unknown,
  });
}

const UNDECODABLE = 'Pin block provided is invalid. Please check your input to ensure all field values are correct.';

type Format = 0 | 1 | 3 | 4;
const framing = (format: Format | 'AS2805', pan?: string) =>
  format === 'AS2805'
    ? { As2805Format0: { PrimaryAccountNumber: pan } }
    : { [`IsoFormat${format}`]: format === 1 ? {} : { PrimaryAccountNumber: pan } };

interface Side {
  arn: string;
  format: Format | 'AS2805';
  pan?: string;
}
const translation = (block: string, from: Side, to: Side, more: object = {}): object => ({
  IncomingKeyIdentifier: from.arn,
  OutgoingKeyIdentifier: to.arn,
  IncomingTranslationAttributes: framing(from.format, from.pan),
  OutgoingTranslationAttributes: framing(to.format, to.pan),
  EncryptedPinBlock: block,
  ...more,
});
const translate = (...args: Parameters<typeof translation>) => answer('pindata/translate', translation(...args));

describe('known answers', () => {
  interface Pvv {
    pvk: string;
    pan: string;
    pvki: number;
    pin: string;
    expected: { pvv: string };
  }

  test.each(vectors<Pvv>('pin', 'Visa PVV'))('$id, PVV: $source', async ({ pvk, pan, pvki, pin, expected }) => {
    const generation = await key(V2, pvk);
    const encryption = await key(P0, PEK);
    const EncryptedPinBlock = independent.format0(PEK, pin, pan);
    const common = {
      EncryptionKeyIdentifier: encryption.arn,
      PrimaryAccountNumber: pan,
      PinBlockFormat: 'ISO_FORMAT_0',
    };
    const generated = await service.dataPlane
      .generatePinData({
        ...common,
        GenerationKeyIdentifier: generation.arn,
        GenerationAttributes: { VisaPinVerificationValue: { EncryptedPinBlock, PinVerificationKeyIndex: pvki } },
      })
      .promise();
    expect(generated).toEqual({
      GenerationKeyArn: generation.arn,
      GenerationKeyCheckValue: generation.kcv,
      EncryptionKeyArn: encryption.arn,
      EncryptionKeyCheckValue: encryption.kcv,
      EncryptedPinBlock,
      PinData: { VerificationValue: expected.pvv },
    });

    const verify = (VerificationValue: string) =>
      service.dataPlane
        .verifyPinData({
          ...common,
          VerificationKeyIdentifier: generation.arn,
          EncryptedPinBlock,
          VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: pvki, VerificationValue } },
        })
        .promise();
    expect(await verify(expected.pvv)).toEqual({
      VerificationKeyArn: generation.arn,
      VerificationKeyCheckValue: generation.kcv,
      EncryptionKeyArn: encryption.arn,
      EncryptionKeyCheckValue: encryption.kcv,
    });
    await expect(verify(expected.pvv.replace(/.$/, (digit) => `${(Number(digit) + 1) % 10}`))).rejects.toMatchObject({
      code: 'VerificationFailedException',
      statusCode: 400,
      message: 'Pin block verification failed.',
    });
  });

  interface Ibm3624 {
    pvk: string;
    validationData: string;
    padCharacter: string;
    decimalizationTable: string;
    expected: { naturalPin: string; offset: string; pin: string };
  }

  test.each(vectors<Ibm3624>('pin', 'IBM 3624'))('$id, IBM 3624: $source', async (vector) => {
    const { expected } = vector;
    const generation = await key(V1, vector.pvk);
    const encryption = await key(P0, PEK);
    const ibm = {
      DecimalizationTable: vector.decimalizationTable,
      PinValidationDataPadCharacter: vector.padCharacter,
      PinValidationData: vector.validationData,
    };
    const common = {
      EncryptionKeyIdentifier: encryption.arn,
      PrimaryAccountNumber: PAN,
      PinBlockFormat: 'ISO_FORMAT_0',
    };
    const generate = async (GenerationAttributes: object, PinDataLength?: number) => {
      const generated = await service.dataPlane
        .generatePinData({ ...common, GenerationKeyIdentifier: generation.arn, GenerationAttributes, PinDataLength })
        .promise();
      return { block: generated.EncryptedPinBlock, offset: generated.PinData.PinOffset };
    };
    const blockOf = (pin: string) => independent.format0(PEK, pin, PAN);
    const block = blockOf(expected.pin);

    expect(await generate({ Ibm3624NaturalPin: ibm }, expected.naturalPin.length)).toEqual({
      block: blockOf(expected.naturalPin),
      offset: '0'.repeat(expected.naturalPin.length),
    });
    const byOffset = { block, offset: expected.offset };
    expect(await generate({ Ibm3624PinOffset: { ...ibm, EncryptedPinBlock: block } })).toEqual(byOffset);
    expect(await generate({ Ibm3624PinFromOffset: { ...ibm, PinOffset: expected.offset } })).toEqual(byOffset);

    const verify = (PinOffset: string) =>
      service.dataPlane
        .verifyPinData({
          ...common,
          VerificationKeyIdentifier: generation.arn,
          EncryptedPinBlock: block,
          VerificationAttributes: { Ibm3624Pin: { ...ibm, PinOffset } },
        })
        .promise();
    await verify(expected.offset);
    const ofAnotherLength = expected.offset.length === 12 ? expected.offset.slice(0, -1) : `${expected.offset}0`;
    for (const wrong of [expected.offset.replace(/^./, (digit) => `${(Number(digit) + 9) % 10}`), ofAnotherLength])
      await expect(verify(wrong)).rejects.toMatchObject({ code: 'VerificationFailedException' });

    const random = await generate({ Ibm3624RandomPin: ibm }, 12);
    const digits = independent.pinField(PEK, random.block, PAN).slice(2, 14);
    const fromOffset = await generate({ Ibm3624PinFromOffset: { ...ibm, PinOffset: random.offset } });
    expect(independent.pinField(PEK, fromOffset.block, PAN).slice(2, 14)).toBe(digits);
  });

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
  test.each(single)('$id, format $format is read: $source', async ({ format, pin, pan, key: clear, expected }) => {
    const from = { ...(await key(P0, clear, format === 4 ? 'AES' : 'TDES')), format, pan };
    const to = { ...(await key(P0, OTHER_PEK)), format: 0 as const, pan: pan ?? PAN };
    for (const block of [expected.encryptedPinBlock, expected.encryptedPinBlock.toLowerCase()])
      expect(await translate(block, from, to)).toEqual({
        PinBlock: independent.format0(OTHER_PEK, pin, to.pan),
        KeyArn: to.arn,
        KeyCheckValue: to.kcv,
      });
  });

  test.each(single.filter(({ format }) => format === 0))('$id, format 0 is made: $source', async (vector) => {
    const { pin, pan, key: clear, expected } = vector;
    const from = { ...(await key(P0, PEK)), format: 0 as const, pan };
    const to = { ...(await key(P0, clear)), format: 0 as const, pan };
    const { PinBlock } = await translate(independent.format0(PEK, pin, pan!), from, to);
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
  )('$id, format $incomingFormat to $outgoingFormat: $source', async (vector) => {
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
      3: () => independent.pinField(vector.outgoingKey!, PinBlock, pan),
      4: () => independent.pinField4(vector.outgoingKey!, PinBlock, pan),
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
  test.each(as2805)('$id, AS 2805', async ({ kpp, stan, amount, pan, outgoingKey, block, translated }) => {
    const incoming = await key(P0, kpp);
    const outgoing = await key(P0, outgoingKey);
    const more = { IncomingAs2805Attributes: { SystemTraceAuditNumber: stan, TransactionAmount: amount } };
    for (const format of [0, 'AS2805'] as const)
      expect(
        await translate(block, { ...incoming, format: 'AS2805', pan }, { ...outgoing, format, pan }, more),
      ).toEqual({ PinBlock: translated, KeyArn: outgoing.arn, KeyCheckValue: outgoing.kcv });
  });
});

test('every length of PAN and PIN goes through the formats', async () => {
  const from = await key(P0, PEK);
  const to = await key(P0, OTHER_PEK);
  const four = await key(P0, AES_PEK, 'AES');
  for (let panLength = 12; panLength <= 19; panLength++) {
    const pan = '4907123456789012345'.slice(0, panLength);
    for (const pinLength of [4, panLength - 8, 12]) {
      const pin = '902468135790'.slice(-pinLength);
      const length = pinLength.toString(16).toUpperCase();
      const given = independent.format0(PEK, pin, pan);
      const inFour = await translate(given, { ...from, format: 0, pan }, { ...four, format: 4, pan });
      expect(independent.pinField4(AES_PEK, inFour['PinBlock']!, pan)).toMatch(
        new RegExp(`^4${length}${pin}A{${14 - pinLength}}[0-9A-F]{16}$`),
      );
      const inThree = await translate(inFour['PinBlock']!, { ...four, format: 4, pan }, { ...to, format: 3, pan });
      expect(independent.pinField(OTHER_PEK, inThree['PinBlock']!, pan)).toMatch(
        new RegExp(`^3${length}${pin}[A-F]{${14 - pinLength}}$`),
      );
      const back = await translate(inThree['PinBlock']!, { ...to, format: 3, pan }, { ...from, format: 0, pan });
      expect(back['PinBlock']).toBe(given);
    }
  }
});

describe('PIN blocks that hold no PIN', () => {
  interface InvalidBlock {
    id: string;
    format: Format;
    pan?: string;
    defect: string;
    key: string;
    encryptedPinBlock: string;
  }

  test.each(pinblock.invalid as InvalidBlock[])(
    '$id, format $format: $defect',
    async ({ format, pan = PAN, key: clear, encryptedPinBlock }) => {
      const { arn } = await key(P0, clear, format === 4 ? 'AES' : 'TDES');
      const { arn: pvk } = await key(V2, PEK);
      const side = { arn, format, pan };
      const common = {
        EncryptionKeyIdentifier: arn,
        PrimaryAccountNumber: pan,
        PinBlockFormat: `ISO_FORMAT_${format}`,
      };
      const visa = { PinVerificationKeyIndex: 1 };
      await expectInvalid('pindata/translate', translation(encryptedPinBlock, side, side), UNDECODABLE);
      await expectInvalid(
        'pindata/verify',
        {
          ...common,
          VerificationKeyIdentifier: pvk,
          EncryptedPinBlock: encryptedPinBlock,
          VerificationAttributes: { VisaPin: { ...visa, VerificationValue: '0000' } },
        },
        UNDECODABLE,
      );
      await expectInvalid(
        'pindata/generate',
        {
          ...common,
          GenerationKeyIdentifier: pvk,
          GenerationAttributes: { VisaPinVerificationValue: { ...visa, EncryptedPinBlock: encryptedPinBlock } },
        },
        UNDECODABLE,
      );
    },
  );

  test.each<[Format, string]>([
    [0, '0'.repeat(17)],
    [0, '0'.repeat(32)],
    [1, '0'.repeat(18)],
    [3, '0'.repeat(31)],
    [4, '0'.repeat(16)],
    [4, '0'.repeat(31)],
  ])('format %i refuses a block of another length: %s', async (format, block) => {
    const { arn } = await key(P0, format === 4 ? AES_PEK : PEK, format === 4 ? 'AES' : 'TDES');
    const { arn: pvk } = await key(V2, PEK);
    const message = `EncryptedPinBlock must have ${format === 4 ? 32 : 16} hexadecimal digits in ISO_FORMAT_${format}.`;
    const common = { EncryptionKeyIdentifier: arn, PrimaryAccountNumber: PAN, PinBlockFormat: `ISO_FORMAT_${format}` };
    await expectInvalid(
      'pindata/verify',
      {
        ...common,
        VerificationKeyIdentifier: pvk,
        EncryptedPinBlock: block,
        VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '0000' } },
      },
      message,
    );
    await expectInvalid(
      'pindata/generate',
      {
        ...common,
        GenerationKeyIdentifier: pvk,
        GenerationAttributes: { VisaPinVerificationValue: { EncryptedPinBlock: block, PinVerificationKeyIndex: 1 } },
      },
      message,
    );
    const side = { arn, format, pan: PAN };
    await expectInvalid(
      'pindata/translate',
      translation(block, side, side),
      block.length % 2 === 0 ? message : '/EncryptedPinBlock must be hexadecimal digits of whole bytes',
    );
  });
});

describe('GeneratePinData', () => {
  const generation = async (variant: object, more: object = {}) => ({
    GenerationKeyIdentifier: (await key('VisaPin' in variant ? V2 : V1, PEK)).arn,
    EncryptionKeyIdentifier: (await key(P0, OTHER_PEK)).arn,
    GenerationAttributes: variant,
    PrimaryAccountNumber: PAN,
    PinBlockFormat: 'ISO_FORMAT_0',
    ...more,
  });
  const VISA = { VisaPin: { PinVerificationKeyIndex: 1 } };
  const IBM = {
    DecimalizationTable: '0123456789012345',
    PinValidationDataPadCharacter: 'F',
    PinValidationData: '5432101234567890',
  };

  test.each(['ISO_FORMAT_0', 'ISO_FORMAT_1', 'ISO_FORMAT_3', 'ISO_FORMAT_4'])(
    'makes random PINs in %s, which verify',
    async (PinBlockFormat) => {
      const EncryptionKeyIdentifier = (await key(P0, AES_PEK, PinBlockFormat === 'ISO_FORMAT_4' ? 'AES' : 'TDES')).arn;
      for (const PinDataLength of [undefined, 5, 8, 11, 12]) {
        const more = { EncryptionKeyIdentifier, PinBlockFormat, PinDataLength };
        const input = await generation(VISA, more);
        const { EncryptedPinBlock, PinData } = (await answer('pindata/generate', input)) as unknown as {
          EncryptedPinBlock: string;
          PinData: { VerificationValue: string };
        };
        const verification = {
          VerificationKeyIdentifier: input.GenerationKeyIdentifier,
          EncryptionKeyIdentifier,
          VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, ...PinData } },
          EncryptedPinBlock,
          PrimaryAccountNumber: PAN,
          PinBlockFormat,
        };
        await answer('pindata/verify', verification);
        await answer('pindata/verify', { ...verification, PinDataLength: PinDataLength ?? 4 });
        const other = (PinDataLength ?? 4) === 12 ? 11 : (PinDataLength ?? 4) + 1;
        const { status, json } = await post('pindata/verify', { ...verification, PinDataLength: other });
        expect({ status, reason: json['Reason'] }).toEqual({ status: 400, reason: 'INVALID_PIN' });
      }
    },
  );

  test('makes another PIN each time', async () => {
    const input = await generation(VISA, { PinDataLength: 12 });
    const blocks = new Set<string>();
    for (let i = 0; i < 20; i++) blocks.add((await answer('pindata/generate', input))['EncryptedPinBlock']!);
    expect(blocks.size).toBe(20);
  });

  test('needs no PAN for IBM 3624 in format 1', async () => {
    const input = await generation(
      { Ibm3624NaturalPin: IBM },
      { PrimaryAccountNumber: undefined, PinBlockFormat: 'ISO_FORMAT_1' },
    );
    const { EncryptedPinBlock, PinData } = await answer('pindata/generate', input);
    expect(PinData).toEqual({ PinOffset: '0000' });
    expect(independent.pinField(OTHER_PEK, EncryptedPinBlock!)).toMatch(/^148037/);
  });

  test.each([
    ['no PAN in format 0', { Ibm3624NaturalPin: IBM }, { PrimaryAccountNumber: undefined }, 'PrimaryAccountNumber is required for PIN block format ISO_FORMAT_0.'],
    ['no PAN in format 3', VISA, { PrimaryAccountNumber: undefined, PinBlockFormat: 'ISO_FORMAT_3' }, 'PrimaryAccountNumber is required for PIN block format ISO_FORMAT_3.'],
    ['no PAN for a PVV', VISA, { PrimaryAccountNumber: undefined, PinBlockFormat: 'ISO_FORMAT_1' }, 'PrimaryAccountNumber is required for a PIN verification value.'],
    ['a PAN of 11 digits', VISA, { PrimaryAccountNumber: '55555555512' }, '/PrimaryAccountNumber must be at least 12'],
    ['a PAN of 20 digits', VISA, { PrimaryAccountNumber: '55555555555555512345' }, '/PrimaryAccountNumber must be at most 19'],
    ['a PIN of 3 digits', VISA, { PinDataLength: 3 }, '/PinDataLength must be at least 4'],
    ['a PIN of 13 digits', VISA, { PinDataLength: 13 }, '/PinDataLength must be at most 12'],
    ['a PVKI of 7', { VisaPin: { PinVerificationKeyIndex: 7 } }, {}, '/GenerationAttributes/VisaPin/PinVerificationKeyIndex must be at most 6'],
    ['format 2', VISA, { PinBlockFormat: 'ISO_FORMAT_2' }, '/PinBlockFormat must be one of'],
    ['a pad character in lower case', { Ibm3624NaturalPin: { ...IBM, PinValidationDataPadCharacter: 'f' } }, {}, 'PinValidationDataPadCharacter must be'],
    ['a table of 15 digits', { Ibm3624NaturalPin: { ...IBM, DecimalizationTable: '012345678901234' } }, {}, 'DecimalizationTable must be at least 16'],
    ['an offset that is no digits', { Ibm3624PinFromOffset: { ...IBM, PinOffset: '12FF' } }, {}, 'PinOffset must be digits'],
    ['two variants', { ...VISA, Ibm3624NaturalPin: IBM }, {}, '/GenerationAttributes must have exactly one member'],
    ['no variant', {}, {}, '/GenerationAttributes must have exactly one member'],
  ])('refuses %s', async (_, variant, more, message) => {
    await expectInvalid('pindata/generate', await generation(variant, more), message);
  }); // prettier-ignore
});

describe('VerifyPinData', () => {
  const pin = '1234';
  const verification = async (more: object = {}) => ({
    VerificationKeyIdentifier: (await key(V2, PEK)).arn,
    EncryptionKeyIdentifier: (await key(P0, PEK)).arn,
    VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '6776' } },
    EncryptedPinBlock: independent.format0(PEK, pin, '5432101234567890'),
    PrimaryAccountNumber: '5432101234567890',
    PinBlockFormat: 'ISO_FORMAT_0',
    ...more,
  });

  test('tells nothing but the reason: every wrong PIN is answered alike', async () => {
    await answer('pindata/verify', await verification());
    const blockOf = (wrong: string) => independent.format0(PEK, wrong, '5432101234567890');
    const answers = new Set<string>();
    for (const more of [
      { EncryptedPinBlock: blockOf('1235') },
      { EncryptedPinBlock: blockOf('9999') },
      { EncryptedPinBlock: blockOf('012345678901') },
      { PinDataLength: 5 },
      { EncryptedPinBlock: blockOf('1235'), PinDataLength: 5 },
      { VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '6777' } } },
      { VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 2, VerificationValue: '6776' } } },
    ]) {
      const { status, headers, text } = await post('pindata/verify', await verification(more));
      answers.add(`${status} ${headers.get('x-amzn-errortype')} ${text}`);
    }
    expect([...answers].map((text) => [text.slice(0, 31), JSON.parse(text.slice(31)) as object])).toEqual([
      [
        '400 VerificationFailedException',
        {
          __type: 'VerificationFailedException',
          Reason: 'INVALID_PIN',
          Message: 'Pin block verification failed.',
          message: 'Pin block verification failed.',
        },
      ],
    ]);
  });

  test('logs neither PIN block nor PAN nor what the PIN is checked against', async () => {
    const input = await verification();
    await answer('pindata/verify', input);
    await post('pindata/verify', await verification({ PinDataLength: 5 }));
    const log = JSON.stringify(service.log);
    for (const secret of [input.EncryptedPinBlock, input.PrimaryAccountNumber, '"6776"', PEK])
      expect(log).not.toContain(secret);
  });

  interface DukptPin {
    bdk: string;
    ksn: string;
    type: string;
    format: 0 | 4;
    block: string;
  }

  test.each<DukptPin>([
    {
      bdk: '67B3FB01DA1C078943087AADD0F12C58',
      ksn: 'FFFF9D4C5E72C96000C4',
      type: 'TDES_2KEY',
      format: 0,
      block: '0AEB2FD5BA279BEE',
    },
    {
      bdk: 'D1CA971B2C8CFCF276EE04AE6FEE6AE9',
      ksn: '33FAF55E1C7CE7F800000005',
      type: 'AES_128',
      format: 4,
      block: '62C6CD9367FB1ECD4F6D01D0A96CD251',
    },
    {
      bdk: 'D1CA971B2C8CFCF276EE04AE6FEE6AE9',
      ksn: '33FAF55E1C7CE7F800000005',
      type: 'TDES_2KEY',
      format: 0,
      block: '50F6715F068EEA06',
    },
  ])('under DUKPT, $type in format $format', async ({ bdk, ksn, type, format, block }) => {
    const pan = '4338468788595647';
    const pvk = await key(V2, PEK);
    const pek = await key(P0, PEK);
    const { PinData } = (await answer('pindata/generate', {
      GenerationKeyIdentifier: pvk.arn,
      EncryptionKeyIdentifier: pek.arn,
      GenerationAttributes: {
        VisaPinVerificationValue: {
          EncryptedPinBlock: independent.format0(PEK, '3882', pan),
          PinVerificationKeyIndex: 0,
        },
      },
      PrimaryAccountNumber: pan,
      PinBlockFormat: 'ISO_FORMAT_0',
    })) as unknown as { PinData: { VerificationValue: string } };
    const base = await key(B0, bdk, ksn.length === 24 ? 'AES' : 'TDES');
    const verify = (DukptAttributes?: object) => ({
      VerificationKeyIdentifier: pvk.arn,
      EncryptionKeyIdentifier: base.arn,
      VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 0, ...PinData } },
      EncryptedPinBlock: block,
      PrimaryAccountNumber: pan,
      PinBlockFormat: `ISO_FORMAT_${format}`,
      DukptAttributes,
    });
    expect(
      await answer('pindata/verify', verify({ KeySerialNumber: ksn.toLowerCase(), DukptDerivationType: type })),
    ).toEqual({
      VerificationKeyArn: pvk.arn,
      VerificationKeyCheckValue: pvk.kcv,
      EncryptionKeyArn: base.arn,
      EncryptionKeyCheckValue: base.kcv,
    });
    const next = ksn.replace(/.$/, (digit) => (digit === '6' ? '7' : '6'));
    await expectInvalid('pindata/verify', verify({ KeySerialNumber: next, DukptDerivationType: type }), UNDECODABLE);
    await expectInvalid('pindata/verify', verify(), `KeyUsage of the input key ${base.arn} is invalid`);
    await expectInvalid('pindata/verify', verify({ KeySerialNumber: ksn }), 'DukptDerivationType is required');
  });

  test.each([
    ['no PAN', { PrimaryAccountNumber: undefined }, 'PrimaryAccountNumber is required for PIN block format ISO_FORMAT_0.'],
    ['a PVV of 5 digits', { VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '67760' } } }, 'VerificationValue must have 4 digits'],
    ['a PVV of 3 digits', { VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '677' } } }, 'VerificationValue must be at least 4'],
    ['both variants', { VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '6776' }, Ibm3624Pin: {} } }, '/VerificationAttributes'],
    ['a block that is not hexadecimal', { EncryptedPinBlock: 'G'.repeat(16) }, '/EncryptedPinBlock must be hexadecimal digits'],
    ['DUKPT attributes for a PEK', { DukptAttributes: { KeySerialNumber: 'FFFF9D4C5E72C96000C4', DukptDerivationType: 'TDES_2KEY' } }, 'KeyUsage of the input key'],
  ])('refuses %s', async (_, more, message) => {
    await expectInvalid('pindata/verify', await verification(more), message);
  }); // prettier-ignore
});

describe('TranslatePinData', () => {
  const keyOf = (format: Format) => (format === 4 ? key(P0, AES_PEK, 'AES') : key(P0, PEK));

  /** The PIN 1234 under the key of a format. */
  async function blockIn(format: Format): Promise<string> {
    const { arn } = await key(P0, OTHER_PEK);
    const one = await answer('pindata/generate', {
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

  test.each([0, 3, 4] as const)('format %i is not translated to format 1', async (format) => {
    const from = { arn: (await keyOf(format)).arn, format, pan: PAN };
    const to = { arn: (await keyOf(1)).arn, format: 1 as const };
    await expectInvalid('pindata/translate', translation(await blockIn(format), from, to), 'is not translated to PIN block format 1');
  }); // prettier-ignore

  test('AS 2805 is not translated to format 1 either', async () => {
    const { arn } = await key(P0, PEK);
    const more = { IncomingAs2805Attributes: { SystemTraceAuditNumber: '000438', TransactionAmount: '000000000328' } };
    const input = translation('0'.repeat(16), { arn, format: 'AS2805', pan: PAN }, { arn, format: 1 }, more);
    await expectInvalid('pindata/translate', input, 'is not translated to PIN block format 1');
  });

  test.each(([0, 3, 4] as const).flatMap((from) => ([0, 3, 4] as const).map((to) => ({ from, to }))))(
    'format $from to $to keeps the PAN',
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

  test.each([0, 1, 3, 4] as const)('format 1 to %i', async (format) => {
    const block = await blockIn(1);
    const to = await keyOf(format);
    const { PinBlock } = await translate(block, { ...(await keyOf(1)), format: 1 }, { ...to, format, pan: PAN });
    const field = format === 4 ? independent.pinField4(AES_PEK, PinBlock!, PAN) : independent.pinField(PEK, PinBlock!, format === 1 ? undefined : PAN);
    expect(field).toMatch(new RegExp(`^${format}41234`));
  }); // prettier-ignore

  test('both sides under DUKPT, TDES to AES and back', async () => {
    const tdes = { arn: (await key(B0, PEK)).arn, format: 0 as const, pan: PAN };
    const aes = { arn: (await key(B0, AES_PEK, 'AES')).arn, format: 4 as const, pan: PAN };
    const [tdesKsn, aesKsn] = ['FFFF9876543210E00001', '123456789012345600000001'];
    const start = { arn: (await key(P0, PEK)).arn, format: 0 as const, pan: PAN };
    const block = independent.format0(PEK, '1234', PAN);
    const there = await translate(block, start, tdes, { OutgoingDukptAttributes: { KeySerialNumber: tdesKsn } });
    // X9.24-1: the transaction key of this KSN, 042666B49184CFA368DE9628D0397BC9, in its PIN variant.
    expect(there['PinBlock']).toBe(independent.format0('042666B49184CF5C68DE9628D0397B36', '1234', PAN));
    const over = await translate(there['PinBlock']!, tdes, aes, {
      IncomingDukptAttributes: { KeySerialNumber: tdesKsn, DukptKeyDerivationType: 'TDES_2KEY' },
      OutgoingDukptAttributes: { KeySerialNumber: aesKsn, DukptKeyVariant: 'RESPONSE' },
    });
    const back = await translate(over['PinBlock']!, aes, start, {
      IncomingDukptAttributes: { KeySerialNumber: aesKsn, DukptKeyDerivationType: 'AES_128', DukptKeyVariant: 'REQUEST' },
    });
    expect(back['PinBlock']).toBe(block);
    // As an 8-byte KSN, which FFFF goes before.
    const short = { IncomingDukptAttributes: { KeySerialNumber: tdesKsn.slice(4) } };
    expect((await translate(there['PinBlock']!, tdes, start, short))['PinBlock']).toBe(block);
  }); // prettier-ignore

  const AES_BDK = ['AES', '123456789012345600000001'] as const;
  const TDES_BDK = ['TDES', 'FFFF9876543210E00001'] as const;
  test.each([
    ['an AES key for format 0, as an AES base derivation key gives unless asked', AES_BDK, 0, undefined, 'PIN block format 4 needs an AES key'],
    ['a TDES key for format 4', AES_BDK, 4, 'TDES_2KEY', 'PIN block format 4 needs an AES key'],
    ['a TDES key for format 4, of a TDES base derivation key', TDES_BDK, 4, undefined, 'PIN block format 4 needs an AES key'],
    ['a derived key stronger than its base', AES_BDK, 4, 'AES_256', 'must not be stronger'],
    ['an AES key of a TDES base derivation key', TDES_BDK, 4, 'AES_128', 'The key derivation type AES_128 is invalid'],
    ['the KSN of another BDK', ['AES', 'FFFF9876543210E00001'], 4, undefined, 'must be 12 bytes'],
    ['the KSN of another BDK, TDES', ['TDES', '123456789012345600000001'], 0, undefined, 'must be 10 bytes'],
    ['a KSN of 18 digits', ['TDES', '9876543210E0000100'], 0, undefined, '/IncomingDukptAttributes/KeySerialNumber must be 16, 20 or 24'],
  ] as const)('refuses %s', async (_, [cipher, KeySerialNumber], format, DukptKeyDerivationType, message) => {
    const side = { arn: (await key(B0, cipher === 'AES' ? AES_PEK : PEK, cipher)).arn, format, pan: PAN };
    const to = { arn: (await key(P0, PEK)).arn, format: 0 as const, pan: PAN };
    const more = { IncomingDukptAttributes: { KeySerialNumber, DukptKeyDerivationType } };
    await expectInvalid('pindata/translate', translation('0'.repeat(format === 4 ? 32 : 16), side, to, more), message);
  }); // prettier-ignore

  const AS2805 = { IncomingAs2805Attributes: { SystemTraceAuditNumber: '000438', TransactionAmount: '000000000328' } };
  const DUKPT = { KeySerialNumber: 'FFFF9876543210E00001' };
  const WRAPPED = { WrappedKeyMaterial: { Tr31KeyBlock: 'D'.repeat(112) } };
  test.each([
    ['AS 2805 without its attributes', 'AS2805', 0, {}, 'IncomingAs2805Attributes is required'],
    ['the attributes of AS 2805 for another format', 3, 'AS2805', AS2805, 'IncomingAs2805Attributes goes with'],
    ['AS 2805 under DUKPT', 'AS2805', 0, { ...AS2805, IncomingDukptAttributes: DUKPT }, 'does not go with IncomingDukptAttributes'],
    ['a wrapped key under DUKPT', 0, 0, { IncomingWrappedKey: WRAPPED, IncomingDukptAttributes: DUKPT }, 'A wrapped key does not go with DUKPT attributes'],
    ['an outgoing wrapped key under DUKPT', 0, 0, { OutgoingWrappedKey: WRAPPED, OutgoingDukptAttributes: DUKPT }, 'A wrapped key does not go with DUKPT attributes'],
    ['a STAN of 5 digits', 'AS2805', 0, { IncomingAs2805Attributes: { SystemTraceAuditNumber: '00438', TransactionAmount: '000000000328' } }, '/IncomingAs2805Attributes/SystemTraceAuditNumber must be at least 6'],
    ['an amount of 13 digits', 'AS2805', 0, { IncomingAs2805Attributes: { SystemTraceAuditNumber: '000438', TransactionAmount: '0000000000328' } }, '/IncomingAs2805Attributes/TransactionAmount must be at most 12'],
  ] as const)('refuses %s', async (_, incoming, outgoing, more, message) => {
    const { arn } = await key(P0, PEK);
    const input = translation('0'.repeat(16), { arn, format: incoming, pan: PAN }, { arn, format: outgoing, pan: PAN }, more);
    await expectInvalid('pindata/translate', input, message);
  }); // prettier-ignore

  test('answers the ARN for an alias', async () => {
    const { arn, kcv } = await key(P0, OTHER_PEK);
    await service.controlPlane.send(new CreateAliasCommand({ AliasName: 'alias/acquirer/pek', KeyArn: arn }));
    const from = { arn: (await key(P0, PEK)).arn, format: 0 as const, pan: PAN };
    const block = independent.format0(PEK, '1234', PAN);
    expect(await translate(block, from, { arn: 'alias/acquirer/pek', format: 0, pan: PAN })).toEqual({
      PinBlock: independent.format0(OTHER_PEK, '1234', PAN),
      KeyArn: arn,
      KeyCheckValue: kcv,
    });
  });
});

describe('PIN keys that come with the call', () => {
  interface AgreedPin {
    inputs: Record<
      | 'keyAlgorithm'
      | 'servicePrivateKeyPem'
      | 'publicKeyCertificatePem'
      | 'certificateAuthority'
      | 'deriveKeyAlgorithm'
      | 'keyDerivationFunction'
      | 'keyDerivationHashAlgorithm'
      | 'sharedInformation'
      | 'pinBlockFormat'
      | 'primaryAccountNumber'
      | 'encryptedPinBlock',
      string
    >;
    expected: Record<'derivedKey' | 'derivedKeyCheckValue' | 'pin', string>;
  }
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const pki: Partial<Record<string, { certificatePem?: string; privateKeyPem: string }>> = ecdhExchange.pki;

  /** The pair that a PIN key is derived with, and the member that asks for it. */
  async function agreed({ inputs }: AgreedPin, deriveKeyUsage: DeriveKeyUsage | null = P0) {
    const arn = await storePair(service, {
      usage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
      algorithm: inputs.keyAlgorithm as KeyAlgorithm,
      modes: ['DeriveKey'],
      deriveKeyUsage,
      privateKey: createPrivateKey(inputs.servicePrivateKeyPem).export({ format: 'der', type: 'pkcs8' }),
    });
    const authority = await importRoot(service, base64(pki[inputs.certificateAuthority]!.certificatePem!));
    const wrapped = {
      WrappedKeyMaterial: {
        DiffieHellmanSymmetricKey: {
          CertificateAuthorityPublicKeyIdentifier: authority.KeyArn,
          PublicKeyCertificate: base64(inputs.publicKeyCertificatePem),
          KeyAlgorithm: inputs.deriveKeyAlgorithm,
          KeyDerivationFunction: inputs.keyDerivationFunction,
          KeyDerivationHashAlgorithm: inputs.keyDerivationHashAlgorithm,
          SharedInformation: inputs.sharedInformation,
        },
      },
    };
    return { arn, wrapped };
  }

  const pvvOf = (pek: string, pan: string, format: Format, EncryptionWrappedKey: object) => ({
    EncryptionKeyIdentifier: pek,
    PrimaryAccountNumber: pan,
    PinBlockFormat: `ISO_FORMAT_${format}`,
    EncryptionWrappedKey,
  });

  const agreements = vectors<AgreedPin>('ecdh-exchange').filter(({ expected }) => 'pin' in expected);
  test.each(agreements)('$id: in, out, made and verified', async (vector) => {
    const { primaryAccountNumber: pan, encryptedPinBlock: block } = vector.inputs;
    const { pin, derivedKey, derivedKeyCheckValue: kcv } = vector.expected;
    const format = Number(vector.inputs.pinBlockFormat.slice('IsoFormat'.length)) as 0 | 4;
    const { arn, wrapped } = await agreed(vector);
    const stored = await key(P0, PEK);
    const agreedSide = { arn, format, pan };
    const storedSide = { ...stored, format: 0 as const, pan };
    const PinBlock = independent.format0(PEK, pin, pan);

    const incoming = await translate(block, agreedSide, storedSide, { IncomingWrappedKey: wrapped });
    expect(incoming).toEqual({ PinBlock, KeyArn: stored.arn, KeyCheckValue: stored.kcv });
    const outgoing = await translate(PinBlock, storedSide, agreedSide, { OutgoingWrappedKey: wrapped });
    expect(outgoing).toEqual({ PinBlock: expect.any(String) as unknown, KeyArn: arn, KeyCheckValue: kcv });
    const field = (format === 4 ? independent.pinField4 : independent.pinField)(derivedKey, outgoing['PinBlock']!, pan);
    expect(field.slice(0, 6)).toBe(`${format}4${pin}`);

    const common = pvvOf(arn, pan, format, wrapped);
    const pvk = (await key(V2, PEK)).arn;
    const generated = await answer('pindata/generate', {
      ...common,
      GenerationKeyIdentifier: pvk,
      GenerationAttributes: { VisaPinVerificationValue: { EncryptedPinBlock: block, PinVerificationKeyIndex: 1 } },
    });
    expect(generated).toMatchObject({ EncryptionKeyArn: arn, EncryptionKeyCheckValue: kcv });
    const { VerificationValue } = generated['PinData'] as unknown as { VerificationValue: string };
    const verification = {
      ...common,
      VerificationKeyIdentifier: pvk,
      EncryptedPinBlock: block,
      VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue } },
    };
    expect(await answer('pindata/verify', verification)).toMatchObject({ EncryptionKeyArn: arn });
    const otherIndex = { VisaPin: { PinVerificationKeyIndex: 2, VerificationValue } };
    const { json } = await post('pindata/verify', { ...verification, VerificationAttributes: otherIndex });
    expect(json).toMatchObject({ __type: 'VerificationFailedException', Reason: 'INVALID_PIN' });
  });

  test('a pair without DeriveKeyUsage derives a PIN key, as published clients have it', async () => {
    const [vector] = agreements;
    const { primaryAccountNumber: pan, encryptedPinBlock: block, pinBlockFormat } = vector!.inputs;
    const { arn, wrapped } = await agreed(vector!, null);
    const format = Number(pinBlockFormat.slice('IsoFormat'.length)) as 0 | 4;
    const to = { ...(await key(P0, PEK)), format: 0 as const, pan };
    const translated = await translate(block, { arn, format, pan }, to, { IncomingWrappedKey: wrapped });
    expect(translated['PinBlock']).toBe(independent.format0(PEK, vector!.expected.pin, pan));
  });

  test('a pair that derives data keys derives no PIN key', async () => {
    const [vector] = agreements;
    const { primaryAccountNumber: pan, encryptedPinBlock: block } = vector!.inputs;
    const { arn, wrapped } = await agreed(vector!, 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY');
    const to = { ...(await key(P0, PEK)), format: 0 as const, pan };
    const input = translation(block, { arn, format: 4, pan }, to, { IncomingWrappedKey: wrapped });
    await expectInvalid('pindata/translate', input, `DeriveKeyUsage of the input key ${arn}`);
  });

  /** A key block under the KEK, and the member that brings it. */
  const inBlock = (clear: string, modes: Modes = CIPHER, usage: KeyUsage = P0) => ({
    WrappedKeyMaterial: {
      Tr31KeyBlock: keyBlock(
        { algorithm: 'AES', key: imports.kek.clear },
        { clear, usage, algorithm: 'TDES_2KEY', modes, exportable: false },
      ),
    },
  });

  test('in a TR-31 key block: in, out, made and verified', async () => {
    const { KeyArn: arn } = imports.kek;
    const { arn: pek, kcv } = await key(P0, OTHER_PEK);
    const side = { arn, format: 0 as const, pan: PAN };
    const block = independent.format0(PEK, '123456', PAN);
    const translated = await translate(block, side, side, {
      IncomingWrappedKey: inBlock(PEK, ['Decrypt', 'Unwrap']),
      OutgoingWrappedKey: inBlock(OTHER_PEK, ['Encrypt', 'Wrap']),
    });
    const PinBlock = independent.format0(OTHER_PEK, '123456', PAN);
    expect(translated).toEqual({ PinBlock, KeyArn: arn, KeyCheckValue: kcv });
    expect(await translate(block, { ...side, arn: (await key(P0, PEK)).arn }, { ...side, arn: pek })).toEqual({
      PinBlock,
      KeyArn: pek,
      KeyCheckValue: kcv,
    });

    const ibm = {
      DecimalizationTable: '0123456789012345',
      PinValidationDataPadCharacter: 'F',
      PinValidationData: '5432101234567890',
    };
    const pvk = (await key(V1, PEK)).arn;
    const common = pvvOf(arn, PAN, 0, inBlock(OTHER_PEK));
    const generated = await answer('pindata/generate', {
      ...common,
      GenerationKeyIdentifier: pvk,
      GenerationAttributes: { Ibm3624PinFromOffset: { ...ibm, PinOffset: '3207' } },
    });
    // Natural PIN 8037, of the published example.
    expect(generated).toMatchObject({
      EncryptedPinBlock: independent.format0(OTHER_PEK, '1234', PAN),
      EncryptionKeyArn: arn,
      EncryptionKeyCheckValue: kcv,
    });
    const verified = await answer('pindata/verify', {
      ...common,
      VerificationKeyIdentifier: pvk,
      EncryptedPinBlock: generated['EncryptedPinBlock'],
      VerificationAttributes: { Ibm3624Pin: { ...ibm, PinOffset: '3207' } },
    });
    expect(verified).toMatchObject({ EncryptionKeyArn: arn, EncryptionKeyCheckValue: kcv });
  });

  test.each<[string, object, () => object, string]>([
    ['a data key', {}, () => inBlock(PEK, CIPHER, 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY'), 'KeyUsage of the key wrapped under'],
    ['a base derivation key', {}, () => inBlock(PEK, ['DeriveKey'], B0), 'KeyUsage of the key wrapped under'],
    ['a key that only encrypts', {}, () => inBlock(PEK, ['Encrypt', 'Wrap']), 'KeyModesOfUse of the key wrapped under'],
    ['a TDES key for format 4', { IncomingTranslationAttributes: framing(4, PAN), EncryptedPinBlock: '12'.repeat(16) }, () => inBlock(PEK), 'KeyAlgorithm of the key wrapped under'],
    ['format 1 on the other side', { OutgoingTranslationAttributes: framing(1) }, () => inBlock(PEK), 'not translated to PIN block format 1'],
    ['another PAN on the other side', { OutgoingTranslationAttributes: framing(0, '5555555551234568') }, () => inBlock(PEK), 'The PAN must be the same'],
    ['DUKPT attributes beside it', { IncomingDukptAttributes: { KeySerialNumber: 'FFFF9876543210E00001' } }, () => inBlock(PEK), 'A wrapped key does not go with DUKPT attributes'],
  ])('refuses %s', async (_, more, wrapped, message) => {
    const side = { arn: imports.kek.KeyArn, format: 0 as const, pan: PAN };
    const to = { ...side, arn: (await key(P0, PEK)).arn };
    const block = independent.format0(PEK, '1234', PAN);
    const input = translation(block, side, to, { IncomingWrappedKey: wrapped(), ...more });
    await expectInvalid('pindata/translate', input, message);
  }); // prettier-ignore
});

describe('key arguments', () => {
  const VISA = { VisaPin: { PinVerificationKeyIndex: 1 } };
  const IBM = {
    DecimalizationTable: '0123456789012345',
    PinValidationDataPadCharacter: 'F',
    PinValidationData: '0000',
  };
  const DUKPT = { KeySerialNumber: 'FFFF9876543210E00001', DukptDerivationType: 'TDES_2KEY' };
  const AS2805 = { SystemTraceAuditNumber: '000438', TransactionAmount: '000000000328' };
  const zeros = { 0: '0'.repeat(16), 1: '0'.repeat(16), 3: '0'.repeat(16), 4: '0'.repeat(32) };

  /** Calls that are right but for the key which takes this place. */
  const CALLS = {
    'GeneratePinData, VisaPin, generation': async (arn: string) => generate(arn, (await pek()).arn, VISA),
    'GeneratePinData, Ibm3624RandomPin, generation': async (arn: string) => generate(arn, (await pek()).arn, { Ibm3624RandomPin: IBM }),
    'GeneratePinData, VisaPin, encryption': async (arn: string) => generate((await visa()).arn, arn, VISA),
    'GeneratePinData, VisaPin, encryption in format 4': async (arn: string) => generate((await visa()).arn, arn, VISA, 4),
    'GeneratePinData, VisaPinVerificationValue, encryption': async (arn: string) =>
      generate((await visa()).arn, arn, { VisaPinVerificationValue: { PinVerificationKeyIndex: 1, EncryptedPinBlock: zeros[0] } }),
    'VerifyPinData, VisaPin, verification': async (arn: string) => verify(arn, (await pek()).arn, 'Visa'),
    'VerifyPinData, Ibm3624Pin, verification': async (arn: string) => verify(arn, (await pek()).arn, 'Ibm3624'),
    'VerifyPinData, encryption': async (arn: string) => verify((await visa()).arn, arn, 'Visa'),
    'VerifyPinData, encryption in format 4': async (arn: string) => verify((await visa()).arn, arn, 'Visa', 4),
    'VerifyPinData, encryption by DUKPT': async (arn: string) => verify((await visa()).arn, arn, 'Visa', 0, { DukptAttributes: DUKPT }),
    'TranslatePinData, incoming': async (arn: string) => move({ arn, format: 0 }, { ...(await pek()), format: 0 }),
    'TranslatePinData, incoming in format 4': async (arn: string) => move({ arn, format: 4 }, { ...(await pek()), format: 0 }),
    'TranslatePinData, incoming of AS 2805': async (arn: string) =>
      move({ arn, format: 'AS2805' }, { ...(await pek()), format: 0 }, { IncomingAs2805Attributes: AS2805 }),
    'TranslatePinData, incoming by DUKPT': async (arn: string) =>
      move({ arn, format: 0 }, { ...(await pek()), format: 0 }, { IncomingDukptAttributes: { KeySerialNumber: DUKPT.KeySerialNumber } }),
    'TranslatePinData, outgoing': async (arn: string) => move({ ...(await pek()), format: 0 }, { arn, format: 0 }),
    'TranslatePinData, outgoing in format 4': async (arn: string) => move({ ...(await pek()), format: 0 }, { arn, format: 4 }),
    'TranslatePinData, outgoing of AS 2805': async (arn: string) => move({ ...(await pek()), format: 0 }, { arn, format: 'AS2805' }),
    'TranslatePinData, outgoing by DUKPT': async (arn: string) =>
      move({ ...(await pek()), format: 0 }, { arn, format: 0 }, { OutgoingDukptAttributes: { KeySerialNumber: DUKPT.KeySerialNumber } }),
    'GenerateAs2805KekValidation, request': (arn: string) =>
      kekValidation(arn, { KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY' } }),
    'GenerateAs2805KekValidation, response': (arn: string) =>
      kekValidation(arn, { KekValidationResponse: { RandomKeySend: '08CE34BAA56601EDC13C930B96445D16' } }),
  } satisfies Record<string, (arn: string) => [string, object] | Promise<[string, object]>>; // prettier-ignore
  type CallName = keyof typeof CALLS;

  const pek = () => key(P0, PEK);
  const visa = () => key(V2, PEK);
  const generate = (
    generation: string,
    encryption: string,
    attributes: object,
    format: 0 | 4 = 0,
  ): [string, object] => [
    'pindata/generate',
    {
      GenerationKeyIdentifier: generation,
      EncryptionKeyIdentifier: encryption,
      GenerationAttributes: attributes,
      PrimaryAccountNumber: PAN,
      PinBlockFormat: `ISO_FORMAT_${format}`,
    },
  ];
  const verify = (
    verification: string,
    encryption: string,
    method: 'Visa' | 'Ibm3624',
    format: 0 | 4 = 0,
    more = {},
  ): [string, object] => [
    'pindata/verify',
    {
      VerificationKeyIdentifier: verification,
      EncryptionKeyIdentifier: encryption,
      VerificationAttributes:
        method === 'Visa'
          ? { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '0000' } }
          : { Ibm3624Pin: { ...IBM, PinOffset: '0000' } },
      EncryptedPinBlock: zeros[format],
      PrimaryAccountNumber: PAN,
      PinBlockFormat: `ISO_FORMAT_${format}`,
      ...more,
    },
  ];
  const move = (from: Side, to: Side, more = {}): [string, object] => [
    'pindata/translate',
    translation(zeros[from.format === 'AS2805' ? 0 : from.format], { ...from, pan: PAN }, { ...to, pan: PAN }, more),
  ];
  const kekValidation = (arn: string, type: object): [string, object] => [
    'as2805kekvalidation/generate',
    { KeyIdentifier: arn, KekValidationType: type, RandomKeySendVariantMask: 'VARIANT_MASK_82' },
  ];

  type KeyOf = [usage: KeyUsage, clear: string, cipher?: 'TDES' | 'AES', modes?: Modes];
  const ENCRYPT: Modes = ['Encrypt', 'Wrap'];
  const DECRYPT: Modes = ['Decrypt', 'Unwrap'];
  const AES_CMAC = 'TR31_M6_ISO_9797_5_CMAC_KEY';

  test.each<[CallName, 'KeyUsage' | 'KeyAlgorithm' | 'KeyModesOfUse', KeyOf]>([
    ['GeneratePinData, VisaPin, generation', 'KeyUsage', [V1, PEK]],
    ['GeneratePinData, VisaPin, generation', 'KeyAlgorithm', [V2, AES_PEK, 'AES']],
    ['GeneratePinData, VisaPin, generation', 'KeyModesOfUse', [V2, PEK, 'TDES', ['Verify']]],
    ['GeneratePinData, Ibm3624RandomPin, generation', 'KeyUsage', [V2, PEK]],
    ['GeneratePinData, Ibm3624RandomPin, generation', 'KeyAlgorithm', [V1, AES_PEK, 'AES']],
    ['GeneratePinData, Ibm3624RandomPin, generation', 'KeyModesOfUse', [V1, PEK, 'TDES', ['Verify']]],
    ['GeneratePinData, VisaPin, encryption', 'KeyUsage', [K0, PEK]],
    ['GeneratePinData, VisaPin, encryption', 'KeyUsage', [B0, PEK]],
    ['GeneratePinData, VisaPin, encryption', 'KeyAlgorithm', [P0, AES_PEK, 'AES']],
    ['GeneratePinData, VisaPin, encryption', 'KeyModesOfUse', [P0, PEK, 'TDES', DECRYPT]],
    ['GeneratePinData, VisaPin, encryption in format 4', 'KeyAlgorithm', [P0, PEK]],
    ['GeneratePinData, VisaPinVerificationValue, encryption', 'KeyModesOfUse', [P0, PEK, 'TDES', ENCRYPT]],
    ['GeneratePinData, VisaPinVerificationValue, encryption', 'KeyModesOfUse', [P0, PEK, 'TDES', DECRYPT]],
    ['VerifyPinData, VisaPin, verification', 'KeyUsage', [V1, PEK]],
    ['VerifyPinData, VisaPin, verification', 'KeyAlgorithm', [V2, AES_PEK, 'AES']],
    ['VerifyPinData, VisaPin, verification', 'KeyModesOfUse', [V2, PEK, 'TDES', ['Generate']]],
    ['VerifyPinData, Ibm3624Pin, verification', 'KeyUsage', [V2, PEK]],
    ['VerifyPinData, Ibm3624Pin, verification', 'KeyAlgorithm', [V1, AES_PEK, 'AES']],
    ['VerifyPinData, Ibm3624Pin, verification', 'KeyModesOfUse', [V1, PEK, 'TDES', ['Generate']]],
    ['VerifyPinData, encryption', 'KeyUsage', [AES_CMAC, AES_PEK, 'AES', MAC]],
    ['VerifyPinData, encryption', 'KeyAlgorithm', [P0, AES_PEK, 'AES']],
    ['VerifyPinData, encryption', 'KeyModesOfUse', [P0, PEK, 'TDES', ENCRYPT]],
    ['VerifyPinData, encryption in format 4', 'KeyAlgorithm', [P0, PEK]],
    ['VerifyPinData, encryption by DUKPT', 'KeyUsage', [P0, PEK]],
    ['TranslatePinData, incoming', 'KeyUsage', [B0, PEK]],
    ['TranslatePinData, incoming', 'KeyAlgorithm', [P0, AES_PEK, 'AES']],
    ['TranslatePinData, incoming', 'KeyModesOfUse', [P0, PEK, 'TDES', ENCRYPT]],
    ['TranslatePinData, incoming in format 4', 'KeyAlgorithm', [P0, PEK]],
    ['TranslatePinData, incoming of AS 2805', 'KeyUsage', [K0, PEK]],
    ['TranslatePinData, incoming of AS 2805', 'KeyAlgorithm', [P0, AES_PEK, 'AES']],
    ['TranslatePinData, incoming of AS 2805', 'KeyModesOfUse', [P0, PEK, 'TDES', ENCRYPT]],
    ['TranslatePinData, incoming by DUKPT', 'KeyUsage', [P0, PEK]],
    ['TranslatePinData, incoming by DUKPT', 'KeyAlgorithm', [B0, `${PEK}0123456789ABCDEE`]],
    ['TranslatePinData, outgoing', 'KeyUsage', [V2, PEK]],
    ['TranslatePinData, outgoing', 'KeyAlgorithm', [P0, AES_PEK, 'AES']],
    ['TranslatePinData, outgoing', 'KeyModesOfUse', [P0, PEK, 'TDES', DECRYPT]],
    ['TranslatePinData, outgoing in format 4', 'KeyAlgorithm', [P0, PEK]],
    ['TranslatePinData, outgoing of AS 2805', 'KeyAlgorithm', [P0, AES_PEK, 'AES']],
    ['TranslatePinData, outgoing of AS 2805', 'KeyModesOfUse', [P0, PEK, 'TDES', DECRYPT]],
    ['TranslatePinData, outgoing by DUKPT', 'KeyUsage', [P0, PEK]],
    ['GenerateAs2805KekValidation, request', 'KeyUsage', [P0, PEK]],
    ['GenerateAs2805KekValidation, request', 'KeyUsage', ['TR31_K1_KEY_BLOCK_PROTECTION_KEY', PEK]],
    ['GenerateAs2805KekValidation, request', 'KeyAlgorithm', [K0, AES_PEK, 'AES']],
    ['GenerateAs2805KekValidation, request', 'KeyModesOfUse', [K0, PEK, 'TDES', DECRYPT]],
    ['GenerateAs2805KekValidation, response', 'KeyUsage', [P0, PEK]],
    ['GenerateAs2805KekValidation, response', 'KeyAlgorithm', [K0, AES_PEK, 'AES']],
    ['GenerateAs2805KekValidation, response', 'KeyModesOfUse', [K0, PEK, 'TDES', ENCRYPT]],
  ])('%s: a key of another %s', async (call, attribute, [usage, clear, cipher, modes]) => {
    const { arn } = await key(usage, clear, cipher, modes);
    const [operation, input] = await CALLS[call](arn);
    await expectInvalid(operation, input, `${attribute} of the input key ${arn} is invalid for the operation.`);
  }); // prettier-ignore

  test.each<[CallName, KeyOf]>([
    ['GeneratePinData, VisaPin, generation', [V2, PEK, 'TDES', ['Generate']]],
    ['GeneratePinData, VisaPin, generation', [V2, PEK, 'TDES', ['NoRestrictions']]],
    ['GeneratePinData, VisaPin, generation', [V2, `${PEK}0123456789ABCDEE`]],
    ['GeneratePinData, Ibm3624RandomPin, generation', [V1, PEK, 'TDES', ['NoRestrictions']]],
    ['GeneratePinData, VisaPin, encryption', [P0, PEK, 'TDES', ENCRYPT]],
    ['GeneratePinData, VisaPin, encryption', [P0, PEK, 'TDES', ['NoRestrictions']]],
    ['TranslatePinData, outgoing', [P0, PEK, 'TDES', ENCRYPT]],
    ['TranslatePinData, outgoing', [P0, PEK, 'TDES', ['NoRestrictions']]],
    ['TranslatePinData, outgoing by DUKPT', [B0, PEK, 'TDES', ['NoRestrictions']]],
    ['GenerateAs2805KekValidation, request', [K0, PEK, 'TDES', ENCRYPT]],
    ['GenerateAs2805KekValidation, response', [K0, PEK, 'TDES', DECRYPT]],
  ])('%s: takes %j', async (call, [usage, clear, cipher, modes]) => {
    const { arn } = await key(usage, clear, cipher, modes);
    const [operation, input] = await CALLS[call](arn);
    // A block of zeros comes in where it is the outgoing key that counts; a block that can be read needs no more here.
    const block = { EncryptedPinBlock: independent.format0(PEK, '1234', PAN) };
    await answer(operation, operation === 'pindata/translate' ? { ...input, ...block } : input);
  });

  test.each<[CallName, KeyOf]>([
    ['VerifyPinData, VisaPin, verification', [V2, PEK, 'TDES', ['Verify']]],
    ['VerifyPinData, VisaPin, verification', [V2, PEK, 'TDES', ['NoRestrictions']]],
    ['VerifyPinData, encryption', [P0, PEK, 'TDES', DECRYPT]],
    ['VerifyPinData, encryption', [P0, PEK, 'TDES', ['NoRestrictions']]],
    ['VerifyPinData, encryption by DUKPT', [B0, PEK, 'TDES', ['NoRestrictions']]],
    ['TranslatePinData, incoming', [P0, PEK, 'TDES', DECRYPT]],
    ['TranslatePinData, incoming', [P0, PEK, 'TDES', ['NoRestrictions']]],
    ['TranslatePinData, incoming of AS 2805', [P0, PEK, 'TDES', DECRYPT]],
    ['TranslatePinData, incoming by DUKPT', [B0, PEK, 'TDES', ['NoRestrictions']]],
    ['GeneratePinData, VisaPinVerificationValue, encryption', [P0, PEK, 'TDES', ['NoRestrictions']]],
  ])('%s: reads the block with %j', async (call, [usage, clear, cipher, modes]) => {
    const { arn } = await key(usage, clear, cipher, modes);
    const [operation, input] = await CALLS[call](arn);
    await expectInvalid(operation, input, UNDECODABLE);
  });

  test.each(Object.keys(CALLS) as CallName[])('%s: a stopped, a missing and a foreign key', async (call) => {
    const right: Partial<Record<string, KeyOf>> = {
      'GeneratePinData, VisaPin, generation': [V2, PEK],
      'GeneratePinData, Ibm3624RandomPin, generation': [V1, PEK],
      'VerifyPinData, VisaPin, verification': [V2, PEK],
      'VerifyPinData, Ibm3624Pin, verification': [V1, PEK],
    };
    const usage = right[call]?.[0] ?? (/DUKPT/.test(call) ? B0 : /Kek/.test(call) ? K0 : P0);
    const four = call.endsWith('format 4');
    const { KeyArn: stopped } = await imports.importKey({
      usage,
      clear: four ? AES_PEK : PEK,
      algorithm: four ? 'AES_128' : 'TDES_2KEY',
      modes: DEFAULT_MODES[usage] ?? CIPHER,
    });
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: stopped }));
    await expectInvalid(...(await CALLS[call](stopped)), `Key ${stopped} is not in an enabled state.`);

    const missing = await post(...(await CALLS[call](MISSING_KEY)));
    expect(missing.status).toBe(404);
    expect(missing.json).toMatchObject({ __type: 'ResourceNotFoundException', ResourceId: MISSING_KEY });
    const foreign = await post(...(await CALLS[call](FOREIGN_KEY)));
    expect({ status: foreign.status, type: foreign.json['__type'] }).toEqual({ status: 403, type: 'AccessDeniedException' });
  }); // prettier-ignore
});

describe('GenerateAs2805KekValidation', () => {
  interface KekValidation {
    id: string;
    operation: string;
    inputs: { kek: string; randomKeySendVariantMask: string; randomKeySend?: string; randomKey?: string };
    expected: { randomKeySend: string; randomKeyReceive: string; keyCheckValue?: string };
  }

  const exchange = (vectors('as2805-exchange') as unknown as KekValidation[]).filter(({ operation }) =>
    operation.startsWith('GenerateAs2805KekValidation'),
  );
  const walked = vectors<{ kek: string; kcv: string; expected: KekValidation['expected'] }>(
    'as2805',
    'AS2805 KEK validation, VARIANT_MASK_82',
  ).map(({ id, kek, kcv, expected }) => ({
    id,
    inputs: { kek, randomKeySendVariantMask: 'VARIANT_MASK_82' },
    expected: { ...expected, keyCheckValue: kcv },
  }));

  /** Whatever made `randomKeySend`, a response to it is computed from it alone. */
  test.each([...exchange, ...walked])('$id, answered', async ({ inputs, expected }) => {
    const { arn } = await key(K0, inputs.kek);
    for (const RandomKeySend of [expected.randomKeySend, expected.randomKeySend.toLowerCase()])
      expect(
        await answer('as2805kekvalidation/generate', {
          KeyIdentifier: arn,
          KekValidationType: { KekValidationResponse: { RandomKeySend } },
          RandomKeySendVariantMask: inputs.randomKeySendVariantMask,
        }),
      ).toEqual({
        KeyArn: arn,
        KeyCheckValue: expected.keyCheckValue,
        RandomKeySend: expected.randomKeySend,
        RandomKeyReceive: expected.randomKeyReceive,
      });
  });

  const KEK = '4F29F74CB91010B94667804C6B61C25D';
  const request = async (KekValidationRequest: object, mask = 'VARIANT_MASK_82') => ({
    KeyIdentifier: (await key(K0, KEK)).arn,
    KekValidationType: { KekValidationRequest },
    RandomKeySendVariantMask: mask,
  });

  /** What a random key is under a mask of the KEK, by OpenSSL alone. */
  function clearOf(cryptogram: string, mask: string): Buffer {
    const masked = Buffer.from(hex(KEK).map((byte, i) => byte ^ hex(mask)[i % (mask.length / 2)]!));
    return createDecipheriv('des-ede-cbc', masked, Buffer.alloc(8)).setAutoPadding(false).update(hex(cryptogram));
  }

  test.each([
    ['TDES_2KEY', undefined, 16],
    ['TDES_3KEY', undefined, 24],
    ['TDES_2KEY', 'BYTES_8', 8],
    ['TDES_2KEY', 'BYTES_16', 16],
    ['TDES_2KEY', 'BYTES_24', 16],
    ['TDES_3KEY', 'BYTES_8', 8],
    ['TDES_3KEY', 'BYTES_16', 16],
    ['TDES_3KEY', 'BYTES_24', 24],
  ])('requests with %s and %s: a random key of %i bytes and its inverse', async (DeriveKeyAlgorithm, RandomKeyMaxLength, bytes) => {
    for (const [mask, send, receive] of [['VARIANT_MASK_82', '82', '84'], ['VARIANT_MASK_82C0', '82C0', '84C0']] as const) {
      const { RandomKeySend, RandomKeyReceive } = await answer(
        'as2805kekvalidation/generate',
        await request({ DeriveKeyAlgorithm, RandomKeyMaxLength }, mask),
      );
      const randomKey = clearOf(RandomKeySend!, send);
      expect(randomKey).toHaveLength(bytes);
      const inverse = clearOf(RandomKeyReceive!, receive);
      for (const [i, byte] of randomKey.entries()) {
        expect(byte.toString(2).replaceAll('0', '').length % 2).toBe(1);
        expect(inverse[i]! & 0xfe).toBe(~byte & 0xfe);
        expect(inverse[i]!.toString(2).replaceAll('0', '').length % 2).toBe(1);
      }
    }
  }); // prettier-ignore

  test('a request makes another random key each time, and its own answer', async () => {
    const input = await request({ DeriveKeyAlgorithm: 'TDES_2KEY' });
    const sent = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const { RandomKeySend, RandomKeyReceive } = await answer('as2805kekvalidation/generate', input);
      sent.add(RandomKeySend!);
      const response = { ...input, KekValidationType: { KekValidationResponse: { RandomKeySend } } };
      expect((await answer('as2805kekvalidation/generate', response))['RandomKeyReceive']).toBe(RandomKeyReceive);
    }
    expect(sent.size).toBe(10);
  });

  test.each([
    ['AES', { KekValidationRequest: { DeriveKeyAlgorithm: 'AES_128' } }, 'The DeriveKeyAlgorithm AES_128 is invalid for a KEK validation: use TDES_2KEY or TDES_3KEY.'],
    ['HMAC', { KekValidationRequest: { DeriveKeyAlgorithm: 'HMAC_SHA256', RandomKeyMaxLength: 'BYTES_16' } }, 'The DeriveKeyAlgorithm HMAC_SHA256 is invalid'],
    ['no algorithm', { KekValidationRequest: {} }, 'DeriveKeyAlgorithm is required'],
    ['a greatest length of 32 bytes', { KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY', RandomKeyMaxLength: 'BYTES_32' } }, 'RandomKeyMaxLength must be one of'],
    ['a random key of 12 bytes', { KekValidationResponse: { RandomKeySend: '0'.repeat(24) } }, 'RandomKeySend must be 16, 32 or 48'],
    ['both types', { KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY' }, KekValidationResponse: { RandomKeySend: '0'.repeat(32) } }, '/KekValidationType must have exactly one member'],
    ['no type', {}, '/KekValidationType must have exactly one member'],
  ])('refuses %s', async (_, KekValidationType, message) => {
    await expectInvalid('as2805kekvalidation/generate', { ...(await request({})), KekValidationType }, message);
  }); // prettier-ignore
});
