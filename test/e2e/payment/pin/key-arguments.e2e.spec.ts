import { StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import type { KeyMode, KeyUsage } from '../../../../src/payment/keys/key-attributes.js';
import { expectError, CIPHER, ENCRYPT, DECRYPT, MAC } from '../../../support/api.js';
import {
  P0,
  V1,
  V2,
  B0,
  K0,
  PEK,
  AES_PEK,
  PAN,
  VISA,
  IBM_3624,
  AS2805,
  TDES_KSN,
  UNDECODABLE,
  translation,
  usePins,
  type Side,
} from '../../../support/pin.js';
import { MISSING_KEY, FOREIGN_KEY } from '../../../support/keys.js';
import * as oracle from '../../../support/pin-oracle.js';

const { service, keys, key, post, expectOk, expectInvalid } = usePins();

describe('Key arguments of PIN operations', () => {
  const VISA_PIN = { VisaPin: VISA };
  const DUKPT = { KeySerialNumber: TDES_KSN, DukptDerivationType: 'TDES_2KEY' };
  const ZEROS = { 0: '0'.repeat(16), 1: '0'.repeat(16), 3: '0'.repeat(16), 4: '0'.repeat(32) };

  /** Calls that are valid except for the key under test. */
  const CALLS = {
    'GeneratePinData, VisaPin, generation': async (arn) => generate(arn, (await pek()).arn, VISA_PIN),
    'GeneratePinData, Ibm3624RandomPin, generation': async (arn) =>
      generate(arn, (await pek()).arn, { Ibm3624RandomPin: IBM_3624 }),
    'GeneratePinData, VisaPin, encryption': async (arn) => generate((await visa()).arn, arn, VISA_PIN),
    'GeneratePinData, VisaPin, encryption in format 4': async (arn) => generate((await visa()).arn, arn, VISA_PIN, 4),
    'GeneratePinData, VisaPinVerificationValue, encryption': async (arn) =>
      generate((await visa()).arn, arn, { VisaPinVerificationValue: { ...VISA, EncryptedPinBlock: ZEROS[0] } }),
    'VerifyPinData, VisaPin, verification': async (arn) => verify(arn, (await pek()).arn, 'Visa'),
    'VerifyPinData, Ibm3624Pin, verification': async (arn) => verify(arn, (await pek()).arn, 'Ibm3624'),
    'VerifyPinData, encryption': async (arn) => verify((await visa()).arn, arn, 'Visa'),
    'VerifyPinData, encryption in format 4': async (arn) => verify((await visa()).arn, arn, 'Visa', 4),
    'VerifyPinData, encryption by DUKPT': async (arn) =>
      verify((await visa()).arn, arn, 'Visa', 0, { DukptAttributes: DUKPT }),
    'TranslatePinData, incoming': async (arn) => move({ arn, format: 0 }, { ...(await pek()), format: 0 }),
    'TranslatePinData, incoming in format 4': async (arn) => move({ arn, format: 4 }, { ...(await pek()), format: 0 }),
    'TranslatePinData, incoming of AS 2805': async (arn) =>
      move({ arn, format: 'AS2805' }, { ...(await pek()), format: 0 }, { IncomingAs2805Attributes: AS2805 }),
    'TranslatePinData, incoming by DUKPT': async (arn) =>
      move(
        { arn, format: 0 },
        { ...(await pek()), format: 0 },
        { IncomingDukptAttributes: { KeySerialNumber: DUKPT.KeySerialNumber } },
      ),
    'TranslatePinData, outgoing': async (arn) => move({ ...(await pek()), format: 0 }, { arn, format: 0 }),
    'TranslatePinData, outgoing in format 4': async (arn) => move({ ...(await pek()), format: 0 }, { arn, format: 4 }),
    'TranslatePinData, outgoing of AS 2805': async (arn) =>
      move({ ...(await pek()), format: 0 }, { arn, format: 'AS2805' }),
    'TranslatePinData, outgoing by DUKPT': async (arn) =>
      move(
        { ...(await pek()), format: 0 },
        { arn, format: 0 },
        { OutgoingDukptAttributes: { KeySerialNumber: DUKPT.KeySerialNumber } },
      ),
    'GenerateAs2805KekValidation, request': (arn) =>
      kekValidation(arn, { KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY' } }),
    'GenerateAs2805KekValidation, response': (arn) =>
      kekValidation(arn, { KekValidationResponse: { RandomKeySend: RANDOM_KEY_SEND } }),
  } satisfies Record<string, (arn: string) => [string, object] | Promise<[string, object]>>;
  type CallName = keyof typeof CALLS;

  const RANDOM_KEY_SEND = '08CE34BAA56601EDC13C930B96445D16';
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
          ? { VisaPin: { ...VISA, VerificationValue: '0000' } }
          : { Ibm3624Pin: { ...IBM_3624, PinOffset: '0000' } },
      EncryptedPinBlock: ZEROS[format],
      PrimaryAccountNumber: PAN,
      PinBlockFormat: `ISO_FORMAT_${format}`,
      ...more,
    },
  ];
  const move = (from: Side, to: Side, more = {}): [string, object] => [
    'pindata/translate',
    translation(ZEROS[from.format === 'AS2805' ? 0 : from.format], { ...from, pan: PAN }, { ...to, pan: PAN }, more),
  ];
  const kekValidation = (arn: string, type: object): [string, object] => [
    'as2805kekvalidation/generate',
    { KeyIdentifier: arn, KekValidationType: type, RandomKeySendVariantMask: 'VARIANT_MASK_82' },
  ];

  type KeyOf = [usage: KeyUsage, clear: string, cipher?: 'TDES' | 'AES', modes?: readonly KeyMode[]];
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
  ])('%s: rejects a key of another %s', async (call, attribute, [usage, clear, cipher, modes]) => {
    const { arn } = await key(usage, clear, cipher, modes);
    const [operation, input] = await CALLS[call](arn);
    await expectInvalid(operation, input, `${attribute} of the input key ${arn} is invalid for the operation.`);
  });

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
  ])('%s: accepts %j', async (call, [usage, clear, cipher, modes]) => {
    const { arn } = await key(usage, clear, cipher, modes);
    const [operation, input] = await CALLS[call](arn);
    // TranslatePinData must read a valid block before it uses the outgoing key.
    const block = { EncryptedPinBlock: oracle.format0(PEK, '1234', PAN) };
    await expectOk(operation, operation === 'pindata/translate' ? { ...input, ...block } : input);
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
  ])('%s: decrypts the block with %j', async (call, [usage, clear, cipher, modes]) => {
    const { arn } = await key(usage, clear, cipher, modes);
    const [operation, input] = await CALLS[call](arn);
    await expectInvalid(operation, input, UNDECODABLE);
  });

  test.each(Object.keys(CALLS) as CallName[])(
    '%s: rejects a stopped key, a missing key and a key of another account',
    async (call) => {
      const right: Partial<Record<string, KeyOf>> = {
        'GeneratePinData, VisaPin, generation': [V2, PEK],
        'GeneratePinData, Ibm3624RandomPin, generation': [V1, PEK],
        'VerifyPinData, VisaPin, verification': [V2, PEK],
        'VerifyPinData, Ibm3624Pin, verification': [V1, PEK],
      };
      const usage = right[call]?.[0] ?? (/DUKPT/.test(call) ? B0 : /Kek/.test(call) ? K0 : P0);
      const four = call.endsWith('format 4');
      const { KeyArn: stopped } = await keys.importKey({
        usage,
        clear: four ? AES_PEK : PEK,
        algorithm: four ? 'AES_128' : 'TDES_2KEY',
        modes: usage === B0 ? ['DeriveKey'] : usage === V1 || usage === V2 ? MAC : CIPHER,
      });
      await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: stopped }));
      await expectInvalid(...(await CALLS[call](stopped)), `Key ${stopped} is not in an enabled state.`);

      const missing = await post(...(await CALLS[call](MISSING_KEY)));
      expect(missing.status).toBe(404);
      expect(missing.json).toMatchObject({ __type: 'ResourceNotFoundException', ResourceId: MISSING_KEY });
      expectError(await post(...(await CALLS[call](FOREIGN_KEY))), { status: 403, name: 'AccessDeniedException' });
    },
  );
});
