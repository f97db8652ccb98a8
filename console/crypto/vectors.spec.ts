import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { vectors } from '../../test/support/vectors.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The workbench's code for a browser, bundled as the build does it, and run in a realm without Node. */
const ENTRY = `
import './console/workbench/globals.js';
export * from './src/workbench/arqc-search.js';
export * from './src/workbench/as2805.js';
export * from './src/workbench/card-values.js';
export * from './src/workbench/dukpt.js';
export * from './src/workbench/emv-keys.js';
export * from './src/workbench/macs.js';
export * from './src/workbench/pin-blocks.js';
export * from './src/workbench/pin-values.js';
export { aes } from './src/crypto/aes.js';
export { tdes } from './src/crypto/des.js';
export { wrapKeyBlock } from './src/crypto/tr31/wrap.js';
export { unwrapKeyBlock } from './src/crypto/tr31/unwrap.js';
export const hex = (text) => Buffer.from(text, 'hex');
`;

type Workbench = typeof import('../../src/workbench/arqc-search.js') &
  typeof import('../../src/workbench/as2805.js') &
  typeof import('../../src/workbench/card-values.js') &
  typeof import('../../src/workbench/dukpt.js') &
  typeof import('../../src/workbench/emv-keys.js') &
  typeof import('../../src/workbench/macs.js') &
  typeof import('../../src/workbench/pin-blocks.js') &
  typeof import('../../src/workbench/pin-values.js') &
  Pick<typeof import('../../src/crypto/aes.js'), 'aes'> &
  Pick<typeof import('../../src/crypto/des.js'), 'tdes'> &
  typeof import('../../src/crypto/tr31/wrap.js') &
  typeof import('../../src/crypto/tr31/unwrap.js') & { hex: (text: string) => Buffer };

let browser: Workbench;
beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'workbench',
    target: 'es2022',
    alias: JSON.parse(readFileSync(`${ROOT}/console/browser-modules.json`, 'utf8')) as Record<string, string>,
    absWorkingDir: ROOT,
  });
  const realm = createContext({ crypto, TextEncoder, TextDecoder, atob, btoa });
  runInContext(outputFiles[0]!.text, realm);
  browser = runInContext('workbench', realm) as Workbench;
});

const digits = (bytes: Buffer) => bytes.toString('hex').toUpperCase();

interface EmvVector {
  imk?: string;
  imkSmi?: string;
  pan: string;
  panSequenceNumber: string;
  majorKeyDerivation: 'EMV_OPTION_A' | 'EMV_OPTION_B';
  sessionKeyDerivation: string;
  atc?: string;
  un?: string;
  arqc?: string;
  transactionData: string;
  message: string;
  padding: string;
  arpcMethod?: 1 | 2;
  arpcKey?: string;
  arc?: string;
  csu?: string;
  proprietaryAuthData?: string;
  expected: Record<string, string>;
}
const SCHEMES = {
  EMV_COMMON: 'EMV_COMMON_SESSION_KEY',
  MASTERCARD: 'MASTERCARD_SESSION_KEY',
  EMV2000: 'EMV2000',
  VISA: 'VISA',
  AMEX: 'AMEX',
  UNIONPAY: 'UNION_PAY',
  VISA_SM: 'VISA',
} as const;
const schemeOf = ({ sessionKeyDerivation }: EmvVector) => SCHEMES[sessionKeyDerivation as keyof typeof SCHEMES];
const isCommon = (vector: EmvVector) =>
  vector.sessionKeyDerivation in SCHEMES &&
  !(vector.majorKeyDerivation === 'EMV_OPTION_B' && vector.pan.length <= 16) &&
  !(vector.sessionKeyDerivation === 'EMV_COMMON' && vector.atc === undefined);

describe('In the browser', () => {
  test.each(vectors<EmvVector>('emv', 'ARQC', 'ARQC and ARPC').filter(isCommon))(
    '$id: cryptogram and response',
    (vector) => {
      const { hex } = browser;
      const { pan, panSequenceNumber: psn, majorKeyDerivation, arpcMethod: method, expected } = vector;
      const scheme = schemeOf(vector);
      const transaction = { atc: hex(vector.atc ?? '0000'), un: hex(vector.un ?? '00000000') };
      const keys = browser.cryptogramKeys(hex(vector.imk!), { pan, psn, majorKeyDerivation }, scheme, transaction);
      expect(digits(keys.sessionKey)).toBe(expected['sessionKey']);
      const cryptogram = browser.cryptogramOf(
        {
          issuerKey: hex(vector.imk!),
          pan,
          ...transaction,
          iad: hex(''),
          elements: [{ tag: '', value: hex(vector.transactionData) }],
        },
        { scheme, padding: vector.padding === 'method2' ? 2 : 1, iad: 'NONE', psn, majorKeyDerivation },
      );
      expect(digits(cryptogram)).toBe(expected['arqc']);
      if (method === undefined) return;
      const request =
        method === 1
          ? { method, arc: hex(vector.arc!) }
          : { method, csu: hex(vector.csu!), proprietary: hex(vector.proprietaryAuthData ?? '') };
      const { key, arpc } = browser.arpcSteps(keys, scheme, cryptogram, request);
      // A published case may use a key other than the one that its scheme prescribes.
      if (key === vector.arpcKey) expect(digits(arpc)).toBe(expected['arpc']);
    },
  );

  test.each(vectors<EmvVector>('emv', 'Script MAC').filter((vector) => schemeOf(vector) === 'VISA'))(
    '$id: MAC of a script',
    ({ imkSmi, pan, panSequenceNumber: psn, majorKeyDerivation, atc, message, expected }) => {
      const { hex } = browser;
      const card = { pan, psn, majorKeyDerivation };
      const { mac } = browser.scriptMacSteps(hex(imkSmi!), card, 'VISA', { atc: hex(atc!) }, hex(message));
      expect(digits(mac)).toBe(expected['mac']);
    },
  );

  interface DukptVector {
    bdk: string;
    ksn: string;
    pan?: string;
    expected: {
      transactionKey?: string;
      workingKeys?: Record<string, string>;
      encryptedPinBlock?: string;
      dataRequestCbc?: string;
    };
  }
  test.each(vectors<DukptVector>('dukpt').filter(({ expected }) => expected.transactionKey !== undefined))(
    '$id: DUKPT keys',
    ({ bdk, ksn, pan, expected }) => {
      const derivation = browser.deriveTransaction({ bdk: browser.hex(bdk), ksn: browser.hex(ksn) });
      expect(digits(derivation.steps.at(-1)?.key ?? derivation.initialKey)).toBe(expected.transactionKey);
      const own = `/AES_${bdk.length * 4}`;
      const named = derivation.workingKeys.map(({ usage, key }) => [usage, digits(key)]);
      for (const [name, key] of Object.entries(expected.workingKeys ?? {}))
        if (!name.includes('/') || name.endsWith(own)) expect(named).toContainEqual([name.split('/')[0], key]);
      if (expected.encryptedPinBlock === undefined || pan === undefined) return;
      const readings = browser.readingsUnder(derivation, browser.hex(expected.encryptedPinBlock), pan);
      expect(readings.filter(({ plausible }) => plausible === 'PIN')).toHaveLength(1);
    },
  );

  interface PinBlockVector {
    format: 0 | 1 | 2 | 3 | 4;
    pan?: string;
    key?: string;
    expected: { pinBlock?: string; encryptedPinBlock?: string; pin?: string };
  }
  const isoBlocks = [0, 1, 2, 3, 4].map((format) => `ISO 9564-1 format ${format}`);
  test.each(vectors<PinBlockVector>('pinblock', ...isoBlocks).filter(({ expected }) => expected.pin !== undefined))(
    '$id: PIN block',
    ({ format, pan, key, expected }) => {
      const { hex } = browser;
      if (expected.pinBlock !== undefined)
        expect(browser.decodeSteps(format, { block: hex(expected.pinBlock), pan }).pin).toBe(expected.pin);
      if (key === undefined || expected.encryptedPinBlock === undefined) return;
      const cipher = format === 4 ? browser.aes(hex(key)) : browser.tdes(hex(key));
      expect(browser.decodeSteps(format, { block: hex(expected.encryptedPinBlock), pan, cipher }).pin).toBe(
        expected.pin,
      );
    },
  );

  interface CardVector {
    cvk: string;
    imk: string;
    majorKeyDerivation: string;
    pan: string;
    panSequenceNumber: string;
    expiry: string;
    serviceCode: string;
    atc: string;
    un: string;
    trackData: string;
    expected: Record<string, string>;
  }
  const isOptionA = ({ majorKeyDerivation }: CardVector) => majorKeyDerivation === 'EMV_OPTION_A';
  test.each(vectors<CardVector>('cardvalidation', 'CVV', 'CVV2', 'iCVV'))('$id: CVV', (vector) => {
    const { decimalized } = browser.cvvSteps(browser.hex(vector.cvk), vector);
    expect(decimalized.slice(0, 3)).toBe(vector.expected['value']);
  });
  test.each(vectors<CardVector>('cardvalidation', 'Visa dCVV'))('$id: dCVV', (vector) => {
    const { hex } = browser;
    const card = { ...vector, psn: vector.panSequenceNumber, atc: hex(vector.atc) };
    expect(browser.dcvvSteps(hex(vector.imk), card).value).toBe(vector.expected['value']);
  });
  test.each(vectors<CardVector>('cardvalidation', 'Mastercard CVC3 (dynamic CVC)').filter(isOptionA))(
    '$id: CVC3',
    (vector) => {
      const { hex } = browser;
      const { pan, panSequenceNumber: psn, trackData, un, atc, expected } = vector;
      const card = { pan, psn, trackData: hex(trackData), un: hex(un), atc: hex(atc) };
      expect(browser.cvc3Steps(hex(vector.imk), card).digits.slice(-3)).toBe(expected['value']);
    },
  );
  test.each(vectors<CardVector>('cardvalidation', 'Amex CSC version 1'))(
    '$id: CSC',
    ({ cvk, pan, expiry, expected }) => {
      const codes = browser.cardSecurityCodes(browser.hex(cvk), { pan, expiry });
      expect(codes.map(({ value }) => value)).toEqual([expected['csc5'], expected['csc4'], expected['csc3']]);
    },
  );

  interface PinVector {
    pvk: string;
    pan: string;
    pvki: number;
    pin: string;
    validationData: string;
    padCharacter: string;
    decimalizationTable: string;
    expected: { pvv?: string; naturalPin?: string; offset?: string };
  }
  test.each(vectors<PinVector>('pin', 'Visa PVV'))('$id: PVV', ({ pvk, expected, ...from }) => {
    expect(browser.pvvSteps(browser.hex(pvk), from).value).toBe(expected.pvv);
  });
  test.each(vectors<PinVector>('pin', 'IBM 3624').filter(({ pin, expected }) => pin && expected.offset))(
    '$id: IBM 3624',
    ({ pvk, expected, ...from }) => {
      const { naturalPin, offset } = browser.ibm3624Steps(browser.hex(pvk), from);
      expect([naturalPin, offset]).toEqual([expected.naturalPin, expected.offset]);
    },
  );

  interface MacVector {
    key: string;
    keyHash?: string;
    message: string;
    padding: string;
    expected: { mac: string };
  }
  const MACS = {
    'CMAC AES': 'CMAC_AES',
    'CMAC TDES': 'CMAC_TDES',
    'ISO 9797-1 algorithm 1': 'ISO9797_ALGORITHM1',
    'ISO 9797-1 algorithm 3': 'ISO9797_ALGORITHM3',
    HMAC: 'HMAC_',
  } as const;
  test.each(vectors<MacVector>('mac', ...Object.keys(MACS)))('$id: $algorithm', (vector) => {
    const name = MACS[vector.algorithm as keyof typeof MACS] + (vector.keyHash?.replace('-', '') ?? '');
    const padding = vector.padding === 'method2' ? 2 : 1;
    const { mac } = browser.macOf(name as 'CMAC_AES', browser.hex(vector.key), browser.hex(vector.message), padding);
    expect(digits(mac).slice(0, vector.expected.mac.length)).toBe(vector.expected.mac);
  });

  interface As2805Vector {
    kek: string;
    rnd: string;
    variantMask: string;
    workingKey: string;
    kpp: string;
    stan: string;
    amount: string;
    expected: Record<string, string>;
  }
  const VARIANTS = {
    '28C0': 'PIN_ENCRYPTION_KEY_VARIANT_28',
    '24C0': 'MESSAGE_AUTHENTICATION_KEY_VARIANT_24',
    '22C0': 'DATA_ENCRYPTION_KEY_VARIANT_22',
  } as const;
  test.each(vectors<As2805Vector>('as2805'))('$id: $algorithm', (vector) => {
    const { hex } = browser;
    const { expected } = vector;
    if (vector.algorithm.startsWith('AS2805 KEK validation')) {
      const mask = vector.algorithm.endsWith('82C0') ? 'VARIANT_MASK_82C0' : 'VARIANT_MASK_82';
      const sent = browser.validateKek(hex(vector.kek), mask, { randomKey: hex(vector.rnd) });
      expect(digits(sent.randomKeySend)).toBe(expected['randomKeySend']);
      const received = browser.validateKek(hex(vector.kek), mask, { randomKeySend: sent.randomKeySend });
      expect(digits(received.randomKeyReceive)).toBe(expected['randomKeyReceive']);
    } else if (vector.variantMask in VARIANTS) {
      const variant = VARIANTS[vector.variantMask as keyof typeof VARIANTS];
      const { cryptogram } = browser.workingKeySteps(hex(vector.kek), variant, { key: hex(vector.workingKey) });
      expect(digits(cryptogram)).toBe(expected['wrappedKey']);
      const { key } = browser.workingKeySteps(hex(vector.kek), variant, { cryptogram });
      expect(digits(key)).toBe(vector.workingKey);
    } else {
      expect(digits(browser.pinKeySteps(hex(vector.kpp), vector).key)).toBe(expected['kpe']);
    }
  });

  interface Tr31Vector {
    kbpk: string;
    keyBlock: string;
    expected: { key?: string };
  }
  test.each(
    vectors<Tr31Vector>('tr31').filter(({ keyBlock, expected }) => expected.key && /^[A-D]\d{4}..[AT]/.test(keyBlock)),
  )('$id: a key block is wrapped again', ({ kbpk: text, keyBlock, expected }) => {
    const { hex } = browser;
    const kbpk = { algorithm: keyBlock.startsWith('D') ? ('AES' as const) : ('TDES' as const), key: hex(text) };
    const { header, optionalBlocks, key } = browser.unwrapKeyBlock(kbpk, keyBlock);
    expect(digits(key)).toBe(expected.key);
    const again = browser.wrapKeyBlock({ kbpk, header, optionalBlocks, key });
    expect(digits(browser.unwrapKeyBlock(kbpk, again).key)).toBe(expected.key);
  });
});
