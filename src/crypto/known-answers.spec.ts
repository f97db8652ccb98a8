import { hex } from '../../test/support/vectors.js';
import { aes } from './aes.js';
import { transactionPinKey } from './as2805.js';
import type { BlockCipher } from './block-cipher.js';
import { toHex } from './bytes.js';
import { encrypt } from './cipher-modes.js';
import { cmac } from './cmac.js';
import { cvc3 } from './cvc3.js';
import { cvv } from './cvv.js';
import { tdes } from './des.js';
import { type AesDukptUsage, aesInitialKey, aesWorkingKey } from './dukpt/aes.js';
import { tdesInitialKey, tdesTransactionKey, tdesWorkingKey } from './dukpt/tdes.js';
import { applicationCryptogram } from './emv/application-cryptogram.js';
import { iccMasterKey } from './emv/icc-master-key.js';
import { visPinBlock } from './emv/pin-change.js';
import { applicationCryptogramKey, secureMessagingKey } from './emv/session-key.js';
import { naturalPin, pinOffset } from './ibm3624.js';
import { kcvCmac, kcvEcb, kcvHmac } from './kcv.js';
import { encodePinBlock, encryptPinBlock } from './pin-block.js';
import { pvv } from './pvv.js';
import { retailMac } from './retail-mac.js';

// Test key of most public examples.
const KEY = hex('0123456789ABCDEFFEDCBA9876543210');
const KEY_2 = hex('DDDDEEEEFFFFAAAABBBBCCCCDDDDEEEE');
const KEY_3 = hex('AABBCCDDEEFF00112233445566778899');
const AES_KEY = hex('000102030405060708090A0B0C0D0E0F');
const HMAC_KEY = hex('000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
const MESSAGE = hex('0102030405060708090A0B0C');
const ATC = hex('001C');

function under<T>(cipher: BlockCipher, use: (cipher: BlockCipher) => T): T {
  using held = cipher;
  return use(held);
}

const USER_GUIDE_CARD = { majorKeyDerivation: 'EMV_OPTION_A', pan: '9137631040001422', psn: '01' } as const;
const USER_GUIDE_DATA = '00000000170000000000000008400080008000084016051700000000093800000B';
const liveCvv = (serviceCode: string) =>
  cvv(hex('CCCCDDDDEEEEFFFFAAAABBBBCCCCDDDD'), { pan: '4123456789012345', expiry: '0225', serviceCode });
const pinAndPan = { pin: '1234', pan: '5432101234567890' };
const isoFormat0Under = (key: Buffer) => under(tdes(key), (cipher) => encryptPinBlock(cipher, 0, pinAndPan));
const tdesDukpt = { bdk: KEY, ksn: hex('FFFF9876543210E00001') };
const aesDukpt = { bdk: hex('FEDCBA9876543210F1F1F1F1F1F1F1F1'), ksn: hex('123456789012345600000001') };
const aesDukptKey = (usage: AesDukptUsage, from = aesDukpt) => aesWorkingKey({ ...from, usage, keyType: 'AES_128' });
const offsetData = {
  validationData: '5432101234567890',
  padCharacter: 'F',
  decimalizationTable: '0123456789012345',
};

/**
 * Origin of a result: `live` is AWS output published for a clear test key, `guide` the AWS user guide, `sample` an AWS
 * sample client, `standard` the standard's own vector, `library` a test of a public library (psec, pyemv, CyberChef's
 * payment operations), `own` only this implementation, as a regression test. The numbers are the rows of annex A of the
 * behaviour specification for this service.
 */
type Origin = 'live' | 'guide' | 'sample' | 'standard' | 'library' | 'own';

test.each<[number, Origin, string, () => Buffer | string, string]>([
  [1, 'live', 'KCV, TDES', () => under(tdes(KEY), kcvEcb), '08D7B4'],
  [2, 'library', 'KCV, TDES', () => under(tdes(KEY_2), kcvEcb), '06332B'],
  [3, 'library', 'KCV, TDES', () => under(tdes(KEY_3), kcvEcb), 'C4F0A4'],
  [4, 'own', 'KCV, AES', () => under(aes(AES_KEY), kcvCmac), 'BE7ED6'],
  [5, 'own', 'KCV, HMAC with SHA-224', () => kcvHmac('SHA224', HMAC_KEY), '2A7430'],
  [5, 'own', 'KCV, HMAC with SHA-256', () => kcvHmac('SHA256', HMAC_KEY), 'D38B42'],
  [5, 'own', 'KCV, HMAC with SHA-384', () => kcvHmac('SHA384', HMAC_KEY), '8F8683'],
  [5, 'own', 'KCV, HMAC with SHA-512', () => kcvHmac('SHA512', HMAC_KEY), 'B04A70'],
  [
    6,
    'sample',
    'ICC master key, option A',
    () =>
      iccMasterKey(hex('6786D3D6F2266E19B67302438ACE7551'), {
        majorKeyDerivation: 'EMV_OPTION_A',
        pan: '3677481447555329',
        psn: '00',
      }),
    'F289BA5704E534512301B6BF5DDCC4BF',
  ],
  [
    7,
    'library',
    'ICC master key, option B',
    () => iccMasterKey(KEY, { majorKeyDerivation: 'EMV_OPTION_B', pan: '12345678901234567', psn: '01' }),
    'AD406D7F6D7570916D75E5DCAB8CF737',
  ],
  [
    8,
    'guide',
    'ARQC, Visa CVN 10',
    () => applicationCryptogram(iccMasterKey(KEY, USER_GUIDE_CARD), hex(`${USER_GUIDE_DATA}03011203000000`)),
    'D791093C8A921769',
  ],
  [
    9,
    'guide',
    'ARQC, EMV common',
    () =>
      applicationCryptogram(
        applicationCryptogramKey('EMV_COMMON_SESSION_KEY', iccMasterKey(KEY, USER_GUIDE_CARD), { atc: hex('000B') }),
        hex(`${USER_GUIDE_DATA}1F220103${'00'.repeat(27)}8000000000000000`),
      ),
    '61EDCC708B4C97B4',
  ],
  [
    10,
    'library',
    'session key, EMV common',
    () => applicationCryptogramKey('EMV_COMMON_SESSION_KEY', KEY, { atc: ATC }),
    'E9FB384AF807B940FEDCEA613461B0C4',
  ],
  [
    11,
    'library',
    'session key of secure messaging, Visa',
    () => secureMessagingKey('VISA', KEY, { atc: ATC }),
    '0123456789ABCDF2FEDCBA987654CDF2',
  ],
  [
    12,
    'library',
    'session key, EMV 2000',
    () => applicationCryptogramKey('EMV2000', KEY, { atc: ATC }),
    'E5BF6D1067F194B0A89B7F5D83BC64A2',
  ],
  [
    13,
    'own',
    'session key, Mastercard',
    () => applicationCryptogramKey('MASTERCARD_SESSION_KEY', KEY, { atc: ATC, un: hex('11223344') }),
    '7CE919468CE3CBE0AE7FF2CB3B7FC84C',
  ],
  [14, 'live', 'CVV', () => liveCvv('101'), '703'],
  [14, 'live', 'CVV2', () => liveCvv('000'), '111'],
  [15, 'library', 'CVV', () => cvv(KEY, { pan: '1234567890123456', expiry: '9912', serviceCode: '220' }), '170'],
  [16, 'live', 'PVV', () => pvv(hex('AAAABBBBCCCCDDDDEEEEFFFFAAAABBBB'), { ...pinAndPan, pvki: 1 }), '5596'],
  [16, 'live', 'PVV', () => pvv(KEY, { ...pinAndPan, pvki: 1 }), '6776'],
  [
    17,
    'library',
    'IBM 3624 natural PIN',
    () =>
      naturalPin(
        KEY,
        { validationData: '1122334455667788', padCharacter: 'F', decimalizationTable: '1234567890123456' },
        4,
      ),
    '4524',
  ],
  [18, 'library', 'IBM 3624 natural PIN', () => naturalPin(KEY, offsetData, 4), '8037'],
  [18, 'library', 'IBM 3624 PIN offset', () => pinOffset(KEY, offsetData, '1234'), '3207'],
  [
    19,
    'library',
    'CVC3',
    () =>
      cvc3(
        iccMasterKey(hex('01234567899876543210012345678998'), {
          majorKeyDerivation: 'EMV_OPTION_A',
          pan: '5123456789012345',
          psn: '00',
        }),
        { trackData: hex('5123456789012345D35121010000000000000F'), un: hex('00000899'), atc: hex('005E') },
        5,
      ),
    '29488',
  ],
  [20, 'live', 'retail MAC', () => retailMac(hex('1111111111111111AAAAAAAAAAAAAAAA'), MESSAGE), 'D8749ECF9A6C6932'],
  [21, 'live', 'CMAC, AES', () => under(aes(AES_KEY), (cipher) => cmac(cipher, MESSAGE, 8)), 'E330EE80C0D43370'],
  [
    22,
    'live',
    'TDES in ECB',
    () =>
      encrypt({ cipher: 'TDES', mode: 'ECB', key: hex('0101010101010101FEFEFEFEFEFEFEFE') }, MESSAGE.subarray(0, 8)),
    'B064B6C2571C65D5',
  ],
  [23, 'library', 'TDES DUKPT, initial key', () => tdesInitialKey(tdesDukpt), '6AC292FAA1315B4D858AB3A3D7D5933A'],
  [
    24,
    'library',
    'TDES DUKPT, transaction key',
    () => tdesTransactionKey({ initialKey: tdesInitialKey(tdesDukpt), ksn: tdesDukpt.ksn }),
    '042666B49184CFA368DE9628D0397BC9',
  ],
  [
    25,
    'live',
    'TDES DUKPT, data request key',
    () => tdesWorkingKey({ ...tdesDukpt, usage: 'DATA_REQUEST' }),
    '448D3F076D8304036A55A3D7E0055A78',
  ],
  [
    25,
    'live',
    'TDES DUKPT, data in ECB',
    () =>
      encrypt(
        { cipher: 'TDES', mode: 'ECB', key: tdesWorkingKey({ ...tdesDukpt, usage: 'DATA_REQUEST' }) },
        MESSAGE.subarray(0, 8),
      ),
    '124F7A32F3F84187',
  ],
  [
    26,
    'live',
    'TDES DUKPT, retail MAC of a request',
    () => retailMac(tdesWorkingKey({ ...tdesDukpt, usage: 'MAC_REQUEST' }), hex('0102030405060708090A0B0C0D0E0F10')),
    'AF59E7E8A06F01B2',
  ],
  [27, 'standard', 'AES DUKPT, initial key', () => aesInitialKey(aesDukpt), '1273671EA26AC29AFA4D1084127652A1'],
  [28, 'standard', 'AES DUKPT, PIN', () => aesDukptKey('PIN_ENCRYPTION'), 'AF8CB133A78F8DC2D1359F18527593FB'],
  [28, 'standard', 'AES DUKPT, MAC', () => aesDukptKey('MAC_GENERATION'), 'A2DC23DE6FDE0824A2BC321E08E4B8B7'],
  [28, 'own', 'AES DUKPT, MAC in both directions', () => aesDukptKey('MAC_BOTH'), '85675439D18D7F1158BD8E3EAA3D502B'],
  [28, 'standard', 'AES DUKPT, data', () => aesDukptKey('DATA_ENCRYPT'), 'A35C412EFD41FDB98B69797C02DCD08F'],
  [28, 'own', 'AES DUKPT, data in both directions', () => aesDukptKey('DATA_BOTH'), 'A308E080DD15A1B741F1721BF67DE11C'],
  [
    29,
    'sample',
    'AES DUKPT, PIN',
    () =>
      aesDukptKey('PIN_ENCRYPTION', {
        bdk: hex('8A8349794C9EE9A4C2927098F249FED6'),
        ksn: hex('FFFF9876543210E000000001'),
      }),
    'F04F3D5E1986D0EBFA833466ACF5156A',
  ],
  [30, 'library', 'PIN block format 0', () => encodePinBlock(0, pinAndPan), '041215FEDCBA9876'],
  [30, 'library', 'encrypted PIN block format 0', () => isoFormat0Under(KEY_2), '7F381DBF9F6906C4'],
  [30, 'library', 'encrypted PIN block format 0', () => isoFormat0Under(KEY_3), '06C0408B869B2CEB'],
  [31, 'library', 'VIS PIN block', () => visPinBlock(KEY, { newPin: '1234' }), '041234FF76543210'],
  [
    31,
    'own',
    'VIS PIN block with the current PIN',
    () => visPinBlock(KEY, { newPin: '1234', currentPin: '9876' }),
    '9C6434FF76543210',
  ],
  [
    32,
    'own',
    'AS 2805 transaction PIN key',
    () => transactionPinKey(KEY, { stan: '123456', amount: '000000012345' }),
    '533C02ECFAA712302F14312F0EF6D46C',
  ],
])('matches answer %i, %s: %s', (_row, _origin, _what, compute, expected) => {
  const result = compute();
  expect(typeof result === 'string' ? result : toHex(result)).toBe(expected);
});
