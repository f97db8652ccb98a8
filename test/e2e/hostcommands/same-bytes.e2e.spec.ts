import { CreateAliasCommand } from '@aws-sdk/client-payment-cryptography';
import fc from 'fast-check';
import { altered } from '../../support/altered.js';
import { listener, useHostCommands } from '../../support/host-listeners.js';
import { createKeyOf } from '../../support/keys.js';
import type { PayshieldClient } from '../../support/payshield-client.js';

/** The operations of the API and the host commands on the same keys of one service give the same bytes. */
const service = useHostCommands({
  keyNames: true,
  listeners: [listener(), listener({ commands: { allow: ['LQ', 'LS'] } })],
});

const CIPHER = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'];
const BOTH = ['Generate', 'Verify'];
const KEYS = {
  tpk: { usage: 'TR31_P0_PIN_ENCRYPTION_KEY', algorithm: 'TDES_2KEY', modes: CIPHER },
  zpk: { usage: 'TR31_P0_PIN_ENCRYPTION_KEY', algorithm: 'TDES_3KEY', modes: CIPHER },
  pvk: { usage: 'TR31_V2_VISA_PIN_VERIFICATION_KEY', algorithm: 'TDES_2KEY', modes: BOTH },
  ibm: { usage: 'TR31_V1_IBM3624_PIN_VERIFICATION_KEY', algorithm: 'TDES_2KEY', modes: BOTH },
  cvk: { usage: 'TR31_C0_CARD_VERIFICATION_KEY', algorithm: 'TDES_2KEY', modes: BOTH },
  dek: { usage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY', algorithm: 'TDES_2KEY', modes: CIPHER },
  retail: { usage: 'TR31_M3_ISO_9797_3_MAC_KEY', algorithm: 'TDES_2KEY', modes: BOTH },
  cmac: { usage: 'TR31_M6_ISO_9797_5_CMAC_KEY', algorithm: 'AES_128', modes: BOTH },
  hmac: { usage: 'TR31_M7_HMAC_KEY', algorithm: 'HMAC_SHA256', modes: BOTH },
  bdk: { usage: 'TR31_B0_BASE_DERIVATION_KEY', algorithm: 'TDES_2KEY', modes: ['DeriveKey'] },
  mkac: { usage: 'TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS', algorithm: 'TDES_2KEY', modes: ['DeriveKey'] },
} as const;
type Name = keyof typeof KEYS;

const arns = {} as Record<Name, string>;
let host: PayshieldClient;
beforeAll(async () => {
  for (const [name, attributes] of Object.entries(KEYS)) {
    const { arn } = await createKeyOf(service, attributes);
    arns[name as Name] = arn;
    await service.controlPlane.send(new CreateAliasCommand({ AliasName: `alias/${name}`, KeyArn: arn }));
  }
  host = await service.connect();
});

/** The key as a host names it: the TPK by its id, all others by their aliases. */
const key = (name: Name) => (name === 'tpk' ? `@${arns.tpk.split('/')[1]}@` : `@alias/${name}@`);
/** Calls an operation. A failed verification has no members; any other refusal is a fault of this spec. */
const post = async (path: string, body: object) => {
  const { status, json } = await service.send({ path, body: JSON.stringify(body) });
  if (status !== 200 && json['Reason'] === undefined) throw new Error(JSON.stringify(json));
  return json;
};
const keyPath = (name: Name, what: string) => `/keys/${encodeURIComponent(arns[name])}/${what}`;
const ask = (...parts: (string | Buffer)[]) =>
  host.ask(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))));

const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
const pans = fc.stringMatching(/^[1-9][0-9]{12,18}$/);
const hexBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(hexOf);
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase();
const accountOf = (pan: string) => pan.slice(-13, -1);
const runs = async <T extends [unknown, ...unknown[]]>(property: fc.IAsyncPropertyWithHooks<T>) =>
  fc.assert(property, { numRuns: 15 });

/** A PIN that the service generated, with its block under a key and its reference values. */
async function visaPin(name: 'tpk' | 'zpk', pan: string, index: number) {
  const { EncryptedPinBlock, PinData } = (await post('/pindata/generate', {
    GenerationKeyIdentifier: arns.pvk,
    EncryptionKeyIdentifier: arns[name],
    GenerationAttributes: { VisaPin: { PinVerificationKeyIndex: index } },
    PrimaryAccountNumber: pan,
    PinBlockFormat: 'ISO_FORMAT_0',
    PinDataLength: 4,
  })) as { EncryptedPinBlock: string; PinData: { VerificationValue: string } };
  return { block: EncryptedPinBlock, pvv: PinData.VerificationValue };
}

test.each([
  ['CA', 'tpk', 'zpk', 'CB'],
  ['CC', 'zpk', 'tpk', 'CD'],
] as const)('%s and TranslatePinData', async (command, from, to, reply) => {
  await runs(
    fc.asyncProperty(pans, async (pan) => {
      const { block } = await visaPin(from, pan, 1);
      const framing = { IsoFormat0: { PrimaryAccountNumber: pan } };
      const { PinBlock } = await post('/pindata/translate', {
        ...{ IncomingKeyIdentifier: arns[from], OutgoingKeyIdentifier: arns[to] },
        ...{ IncomingTranslationAttributes: framing, OutgoingTranslationAttributes: framing },
        EncryptedPinBlock: block,
      });
      expect(PinBlock).toMatch(/^[0-9A-F]{16}$/);
      expect(await ask(command, key(from), key(to), `12${block}0101${accountOf(pan)}`)).toBe(
        `${reply}0004${String(PinBlock)}01`,
      );
    }),
  );
});

test.each([
  ['DC', 'tpk', 'DD'],
  ['EC', 'zpk', 'ED'],
] as const)('%s and VerifyPinData', async (command, pinKey, reply) => {
  await runs(
    fc.asyncProperty(pans, fc.integer({ min: 1, max: 6 }), async (pan, index) => {
      const { block, pvv } = await visaPin(pinKey, pan, index);
      for (const claimed of [pvv, altered(pvv)]) {
        const { VerificationKeyArn } = await post('/pindata/verify', {
          ...{ VerificationKeyIdentifier: arns.pvk, EncryptionKeyIdentifier: arns[pinKey] },
          VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: index, VerificationValue: claimed } },
          ...{ EncryptedPinBlock: block, PrimaryAccountNumber: pan, PinBlockFormat: 'ISO_FORMAT_0' },
        });
        const fields = `${block}01${accountOf(pan)}${index}${claimed}`;
        const answer = await ask(command, key(pinKey), key('pvk'), fields);
        expect([VerificationKeyArn, answer]).toEqual(
          claimed === pvv ? [arns.pvk, `${reply}00`] : [undefined, `${reply}01`],
        );
      }
    }),
  );
});

const IBM = { DecimalizationTable: '0123456789012345', PinValidationDataPadCharacter: 'F' };
test.each([
  ['DA', 'tpk', 'DB'],
  ['EA', 'zpk', 'EB'],
] as const)('%s and VerifyPinData by the method of IBM', async (command, pinKey, reply) => {
  await runs(
    fc.asyncProperty(pans, digits(11), async (pan, validation) => {
      // N is replaced with the last five digits of the account number.
      const data = `${validation.slice(0, 11)}N`;
      const whole = `${validation.slice(0, 11)}${accountOf(pan).slice(-5)}`;
      const { EncryptedPinBlock: block, PinData } = (await post('/pindata/generate', {
        ...{ GenerationKeyIdentifier: arns.ibm, EncryptionKeyIdentifier: arns[pinKey] },
        GenerationAttributes: { Ibm3624RandomPin: { ...IBM, PinValidationData: whole } },
        ...{ PrimaryAccountNumber: pan, PinBlockFormat: 'ISO_FORMAT_0', PinDataLength: 4 },
      })) as { EncryptedPinBlock: string; PinData: { PinOffset: string } };
      const { PinOffset: offset } = PinData;
      for (const claimed of [offset, altered(offset)]) {
        const { VerificationKeyArn } = await post('/pindata/verify', {
          ...{ VerificationKeyIdentifier: arns.ibm, EncryptionKeyIdentifier: arns[pinKey] },
          VerificationAttributes: { Ibm3624Pin: { ...IBM, PinValidationData: whole, PinOffset: claimed } },
          ...{ EncryptedPinBlock: block, PrimaryAccountNumber: pan, PinBlockFormat: 'ISO_FORMAT_0' },
        });
        const natural = `04${accountOf(pan)}${IBM.DecimalizationTable}${data}`;
        const answer = await ask(command, key(pinKey), key('ibm'), `12${block}01${natural}${claimed}FFFFFFFF`);
        // The PVK has double length, which causes the warning 02.
        expect([VerificationKeyArn, answer]).toEqual(
          claimed === offset ? [arns.ibm, `${reply}02`] : [undefined, `${reply}01`],
        );
      }
    }),
  );
});

test('CW, CY and Generate- and VerifyCardValidationData', async () => {
  await runs(
    fc.asyncProperty(pans, digits(4), digits(3), async (pan, CardExpiryDate, ServiceCode) => {
      const { ValidationData: cvv } = (await post('/cardvalidationdata/generate', {
        ...{ KeyIdentifier: arns.cvk, PrimaryAccountNumber: pan, ValidationDataLength: 3 },
        GenerationAttributes: { CardVerificationValue1: { CardExpiryDate, ServiceCode } },
      })) as { ValidationData: string };
      const card = `${pan};${CardExpiryDate}${ServiceCode}`;
      expect(await ask('CW', key('cvk'), card)).toBe(`CX00${cvv}`);
      expect(await ask('CY', key('cvk'), cvv, card)).toBe('CZ00');
      expect(await ask('CY', key('cvk'), altered(cvv), card)).toBe('CZ01');
    }),
  );
});

test('M0, M2 and EncryptData, DecryptData', async () => {
  const blocks = fc.integer({ min: 1, max: 16 }).chain((count) => hexBytes(8 * count));
  await runs(
    fc.asyncProperty(hexBytes(8), blocks, async (iv, plain) => {
      const EncryptionAttributes = { Symmetric: { Mode: 'CBC', InitializationVector: iv } };
      const { CipherText } = await post(keyPath('dek', 'encrypt'), { PlainText: plain, EncryptionAttributes });
      const cipher = String(CipherText);
      const length = plain.length.toString(16).toUpperCase().padStart(4, '0');
      expect(await ask('M0011100B', key('dek'), iv, length, plain)).toBe(`M100${cipher.slice(-16)}${length}${cipher}`);
      const decrypted = await ask('M2011100B', key('dek'), iv, length, cipher);
      expect(decrypted.slice(4 + 16)).toBe(`${length}${plain}`);
    }),
  );
});

test.each([
  ['retail', 'ISO9797_ALGORITHM3', '3', '1'],
  ['cmac', 'CMAC', '6', '0'],
] as const)('M6, M8 and GenerateMac, VerifyMac: %s', async (name, Algorithm, algorithm, padding) => {
  await runs(
    fc.asyncProperty(fc.uint8Array({ minLength: 8, maxLength: 100 }), async (bytes) => {
      const MessageData = hexOf(bytes);
      const { Mac } = (await post('/mac/generate', {
        ...{ KeyIdentifier: arns[name], MessageData, MacLength: 8, GenerationAttributes: { Algorithm } },
      })) as { Mac: string };
      const length = MessageData.length.toString(16).toUpperCase().padStart(4, '0');
      const fields = `011${algorithm}${padding}FFF${key(name)}${length}${MessageData}`;
      expect(await ask(`M6${fields}`)).toBe(`M700${Mac}`);
      expect(await ask(`M8${fields}${Mac}`)).toBe('M900');
      expect(await ask(`M8${fields}${altered(Mac)}`)).toBe('M901');
    }),
  );
});

test('LQ, LS and GenerateMac, VerifyMac by HMAC', async () => {
  const client = await service.connect(1);
  await runs(
    fc.asyncProperty(fc.uint8Array({ minLength: 8, maxLength: 100 }), async (bytes) => {
      const { Mac } = (await post('/mac/generate', {
        ...{ KeyIdentifier: arns.hmac, MessageData: hexOf(bytes), MacLength: 32 },
        GenerationAttributes: { Algorithm: 'HMAC_SHA256' },
      })) as { Mac: string };
      const fields = `06003204FFFF${key('hmac')};${String(bytes.length).padStart(5, '0')}`;
      const request = [Buffer.from(fields), Buffer.from(bytes)];
      const mac = Buffer.from(Mac, 'hex');
      const reply = await client.ask(Buffer.concat([Buffer.from('LQ'), ...request]));
      expect(reply).toBe(`LR000032${mac.toString('latin1')}`);
      const ls = (claimed: Buffer) => client.ask(Buffer.concat([Buffer.from('LS'), ...request, claimed]));
      expect(await ls(mac)).toBe('LT00');
      mac[0]! ^= 1;
      expect(await ls(mac)).toBe('LT01');
    }),
  );
});

test('GW and GenerateMac under a DUKPT key', async () => {
  // The API pads nothing; GW pads with zeros.
  const wholeBlocks = fc.integer({ min: 1, max: 12 }).chain((count) => {
    const length = 8 * count;
    return fc.uint8Array({ minLength: length, maxLength: length });
  });
  const ksns = fc.tuple(hexBytes(7), fc.integer({ min: 1, max: 0x3ff })).map(([id, counter]) => {
    const ksn = BigInt(`0x${id}000000`) & ~0x1fffffn;
    return (ksn | BigInt(counter)).toString(16).toUpperCase().padStart(20, 'F');
  });
  await runs(
    fc.asyncProperty(ksns, wholeBlocks, async (ksn, bytes) => {
      const { Mac } = (await post('/mac/generate', {
        ...{ KeyIdentifier: arns.bdk, MessageData: hexOf(bytes), MacLength: 8 },
        GenerationAttributes: {
          DukptIso9797Algorithm3: {
            KeySerialNumber: ksn,
            DukptKeyVariant: 'REQUEST',
            DukptDerivationType: 'TDES_2KEY',
          },
        },
      })) as { Mac: string };
      const data = [String(bytes.length).padStart(4, '0'), Buffer.from(bytes)];
      expect(await ask('GW41', key('bdk'), 'A05', ksn, ...data)).toBe(`GX00${Mac}`);
      expect(await ask('GW11', key('bdk'), 'A05', ksn, Mac, ...data)).toBe('GX00');
    }),
  );
});

test.each([
  ['0', 'Visa'],
  ['1', 'Mastercard'],
  ['2', 'Amex'],
] as const)('KQ, scheme %s, and VerifyAuthRequestCryptogram', async (scheme, name) => {
  const pans16 = fc.stringMatching(/^[1-9][0-9]{15}$/);
  await runs(
    fc.asyncProperty(pans16, digits(2), hexBytes(2), hexBytes(4), hexBytes(40), hexBytes(2), async (...values) => {
      const [pan, psn, atc, un, TransactionData, arc] = values;
      const session = name === 'Mastercard' ? { ApplicationTransactionCounter: atc, UnpredictableNumber: un } : {};
      const request = {
        ...{ KeyIdentifier: arns.mkac, TransactionData, MajorKeyDerivationMode: 'EMV_OPTION_A' },
        SessionKeyDerivationAttributes: {
          [name]: { PrimaryAccountNumber: pan, PanSequenceNumber: psn, ...session },
        },
      };
      const { AuthRequestCryptogram: arqc } = (await post('/cryptogram/generate', request)) as {
        AuthRequestCryptogram: string;
      };
      const { AuthResponseValue } = await post('/cryptogram/verify', {
        ...{ ...request, AuthRequestCryptogram: arqc },
        AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: arc } },
      });
      const card = Buffer.from(`${pan}${psn}`.slice(-16), 'hex');
      const fields = [key('mkac'), card, Buffer.from(atc + un, 'hex'), '28', Buffer.from(TransactionData, 'hex'), ';'];
      const answer = await ask(`KQ1${scheme}`, ...fields, Buffer.from(arqc + arc, 'hex'));
      expect(hexOf(Buffer.from(answer, 'latin1'))).toBe(`${hexOf(Buffer.from('KR00'))}${String(AuthResponseValue)}`);
    }),
  );
});
