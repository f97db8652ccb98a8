import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto';
import { unwrapPadded } from '../../dist/crypto/aes-key-wrap.js';
import { aes } from '../../dist/crypto/aes.js';
import { encrypt } from '../../dist/crypto/cipher-modes.js';
import { cmac } from '../../dist/crypto/cmac.js';
import { cvv } from '../../dist/crypto/cvv.js';
import { tdes } from '../../dist/crypto/des.js';
import { aesWorkingKey } from '../../dist/crypto/dukpt/aes.js';
import { tdesWorkingKey } from '../../dist/crypto/dukpt/tdes.js';
import { applicationCryptogram, arpcMethod1 } from '../../dist/crypto/emv/application-cryptogram.js';
import { iccMasterKey } from '../../dist/crypto/emv/icc-master-key.js';
import { applicationCryptogramKey } from '../../dist/crypto/emv/session-key.js';
import { hmac } from '../../dist/crypto/hmac.js';
import { naturalPin } from '../../dist/crypto/ibm3624.js';
import { encryptPinBlock, translatePinBlock } from '../../dist/crypto/pin-block.js';
import { pvv } from '../../dist/crypto/pvv.js';
import { retailMac } from '../../dist/crypto/retail-mac.js';
import { unwrapKeyBlock } from '../../dist/crypto/tr31/unwrap.js';
import { wrapKeyBlock } from '../../dist/crypto/tr31/wrap.js';

const MEASURE_MS = 4;

const bytes = (count, seed) => Buffer.from(Array.from({ length: count }, (_, i) => (37 * i + seed) & 0xff));
const [key16, other16, key32] = [bytes(16, 1), bytes(16, 2), bytes(32, 3)];
const message = bytes(64, 4);
const pan = '4000001234567899';
const pin = '1234';

/** Block operations on existing OpenSSL objects; single DES counts as TDES, which is how OpenSSL 3 computes it. */
const BLOCK = {
  tdes: block(createCipheriv('des-ede', key16, null), 8),
  tdesInverse: block(createDecipheriv('des-ede', key16, null), 8),
  aes128: block(createCipheriv('aes-128-ecb', key16, null), 16),
  aes256: block(createCipheriv('aes-256-ecb', key32, null), 16),
  aes256Inverse: block(createDecipheriv('aes-256-ecb', key32, null), 16),
};

/** Cost of a new key: creating and releasing OpenSSL's objects for the key and the cipher. */
const KEY = {
  tdes: () => createCipheriv('des-ede', createSecretKey(key16), null).setAutoPadding(false).final(),
  tdesInverse: () => createDecipheriv('des-ede', createSecretKey(key16), null).setAutoPadding(false).final(),
  aes128: () => createCipheriv('aes-128-ecb', createSecretKey(key16), null).setAutoPadding(false).final(),
  aes256: () => createCipheriv('aes-256-ecb', createSecretKey(key32), null).setAutoPadding(false).final(),
  aes256Inverse: () => createDecipheriv('aes-256-ecb', createSecretKey(key32), null).setAutoPadding(false).final(),
  hmac: () => createHmac('sha256', createSecretKey(key32)).update(message).digest(),
};

function block(cipher, blockBytes) {
  const data = bytes(blockBytes, 5);
  cipher.setAutoPadding(false);
  return () => cipher.update(data);
}

const encryptedPin = withCipher(tdes(key16), (cipher) => encryptPinBlock(cipher, 0, { pin, pan }));

function translate(from, to, format) {
  return translatePinBlock(encryptedPin, { cipher: from, format: 0, pan }, { cipher: to, format, pan });
}

/** A version B block with a two-key TDES key, masked to 24 bytes, and a version D block with an AES-128 key. */
const header = { keyUsage: 'P0', modeOfUse: 'E', keyVersionNumber: '00', exportability: 'E', keyContext: '0' };
const TR31_B = {
  kbpk: { algorithm: 'TDES', key: key16 },
  header: { ...header, versionId: 'B', algorithm: 'T' },
  key: other16,
};
const TR31_D = {
  kbpk: { algorithm: 'AES', key: key32 },
  header: { ...header, versionId: 'D', algorithm: 'A' },
  key: other16,
};
const [blockB, blockD] = [wrapKeyBlock(TR31_B), wrapKeyBlock(TR31_D)];

const KWP_ICV2 = Buffer.from('A65959A6', 'hex');
const kwpWrapping = createCipheriv('id-aes256-wrap-pad', createSecretKey(key32), KWP_ICV2);
const wrapped = Buffer.concat([kwpWrapping.update(message.subarray(0, 32)), kwpWrapping.final()]);

/** Counters with five one-bits, which need as many derivations as an average counter among the first thousand. */
const TDES_KSN = Buffer.from('FFFF9876543210E0001F', 'hex');
const AES_KSN = Buffer.from('12345678901234560000001F', 'hex');

/**
 * `blocks` counts the block operations that the standard requires, with reusable ones counted once: a CMAC has one for
 * its subkeys and one per message block. `keys` counts the keys that these operations use, by direction. `held` runs
 * the construction with ciphers created beforehand, where the API accepts ciphers.
 */
export const CONSTRUCTIONS = [
  {
    // 1 for the subkeys of the KBPK, 2 for each of the two keys, 4 for the payload, CMAC over 16 bytes of header and 32
    // of payload.
    name: 'TR-31 unwrap B, TDES 2-key',
    blocks: { tdes: 12, tdesInverse: 4 },
    keys: { tdes: 2, tdesInverse: 1 },
    cold: () => unwrapKeyBlock(TR31_B.kbpk, blockB),
  },
  { name: 'TR-31 wrap B, TDES 2-key', blocks: { tdes: 16 }, keys: { tdes: 3 }, cold: () => wrapKeyBlock(TR31_B) },
  {
    // As above with 16-byte blocks: 5 for the two keys, 2 for the payload, CMAC over 3 blocks.
    name: 'TR-31 unwrap D, AES-256',
    blocks: { aes256: 9, aes256Inverse: 2 },
    keys: { aes256: 2, aes256Inverse: 1 },
    cold: () => unwrapKeyBlock(TR31_D.kbpk, blockD),
  },
  { name: 'TR-31 wrap D, AES-256', blocks: { aes256: 11 }, keys: { aes256: 3 }, cold: () => wrapKeyBlock(TR31_D) },
  {
    name: 'PIN block 0 to 0',
    blocks: { tdesInverse: 1, tdes: 1 },
    keys: { tdesInverse: 1, tdes: 1 },
    cold: () => withCipher(tdes(key16), (from) => withCipher(tdes(other16), (to) => translate(from, to, 0))),
    held: (
      (from, to) => () =>
        translate(from, to, 0)
    )(tdes(key16), tdes(other16)),
  },
  {
    name: 'PIN block 0 to 4, AES-128',
    blocks: { tdesInverse: 1, aes128: 2 },
    keys: { tdesInverse: 1, aes128: 1 },
    cold: () => withCipher(tdes(key16), (from) => withCipher(aes(other16), (to) => translate(from, to, 4))),
    held: (
      (from, to) => () =>
        translate(from, to, 4)
    )(tdes(key16), aes(other16)),
  },
  { name: 'PVV', blocks: { tdes: 1 }, keys: { tdes: 1 }, cold: () => pvv(key16, { pan, pvki: 1, pin }) },
  {
    name: 'IBM 3624 natural PIN',
    blocks: { tdes: 1 },
    keys: { tdes: 1 },
    cold: () =>
      naturalPin(key16, { validationData: pan, padCharacter: 'F', decimalizationTable: '0123456789012345' }, 4),
  },
  {
    name: 'CVV',
    blocks: { tdes: 3, tdesInverse: 1 },
    keys: { tdes: 2 },
    cold: () => cvv(key16, { pan, expiry: '2912', serviceCode: '101' }),
  },
  {
    // 2 for the ICC master key, 2 for the session key, 40 bytes of transaction data and 2 to complete the retail MAC.
    name: 'ARQC, option A, EMV common',
    blocks: { tdes: 10, tdesInverse: 1 },
    keys: { tdes: 4 },
    cold: () => arqc(message.subarray(0, 40)),
  },
  {
    name: 'ARPC method 1',
    blocks: { tdes: 1 },
    keys: { tdes: 1 },
    cold: () => arpcMethod1(key16, { arqc: message.subarray(0, 8), arc: message.subarray(8, 10) }),
  },
  {
    name: 'Retail MAC, 64 bytes',
    blocks: { tdes: 9, tdesInverse: 1 },
    keys: { tdes: 2 },
    cold: () => retailMac(key16, message),
  },
  {
    name: 'CMAC, 64 bytes, AES-256',
    blocks: { aes256: 5 },
    keys: { aes256: 1 },
    cold: () => withCipher(aes(key32), (cipher) => cmac(cipher, message)),
    held: (
      (cipher) => () =>
        cmac(cipher, message)
    )(aes(key32)),
  },
  {
    name: 'HMAC-SHA-256, 64 bytes',
    blocks: {},
    keys: { hmac: 1 },
    cold: () => hmac('SHA256', key32, message),
  },
  {
    // 6 for each block of 8 bytes.
    name: 'AES-KWP unwrap, 32 bytes',
    blocks: { aes256Inverse: 24 },
    keys: { aes256Inverse: 1 },
    cold: () => unwrapPadded(key32, wrapped),
  },
  {
    name: 'OFB, 64 bytes, AES-128',
    blocks: { aes128: 4 },
    keys: { aes128: 1 },
    cold: () => encrypt({ cipher: 'AES', mode: 'OFB', key: key16 }, message),
  },
  {
    // 2 for the initial key and 2 for each one-bit.
    name: 'TDES DUKPT, PIN key',
    blocks: { tdes: 12 },
    keys: { tdes: 12 },
    cold: () => tdesWorkingKey({ bdk: key16, ksn: TDES_KSN, usage: 'PIN' }),
  },
  {
    // One each for the initial key, every one-bit and the working key.
    name: 'AES DUKPT, PIN key, AES-128',
    blocks: { aes128: 7 },
    keys: { aes128: 7 },
    cold: () => aesWorkingKey({ bdk: key16, ksn: AES_KSN, usage: 'PIN_ENCRYPTION', keyType: 'AES_128' }),
  },
];

function arqc(data) {
  const iccKey = iccMasterKey(key16, { majorKeyDerivation: 'EMV_OPTION_A', pan, psn: '00' });
  const sessionKey = applicationCryptogramKey('EMV_COMMON_SESSION_KEY', iccKey, { atc: data.subarray(0, 2) });
  const cryptogram = applicationCryptogram(sessionKey, data);
  iccKey.fill(0);
  sessionKey.fill(0);
  return cryptogram;
}

function withCipher(cipher, use) {
  try {
    return use(cipher);
  } finally {
    cipher[Symbol.dispose]();
  }
}

/**
 * Measures one call in microseconds of CPU time, averaged over a few milliseconds; excludes other load on the machine.
 */
export function microseconds(call, measureMs = MEASURE_MS) {
  const start = process.cpuUsage();
  let calls = 0;
  let elapsed = 0;
  while (elapsed < measureMs * 1000) {
    for (let i = 0; i < 50; i++) call();
    calls += 50;
    const { user, system } = process.cpuUsage(start);
    elapsed = user + system;
  }
  return elapsed / calls;
}

/**
 * Measures a construction and its bare operations in microseconds of CPU time: bare, cold and held back to back, so
 * that all meet the same load on the machine.
 */
export function measure({ blocks, keys, cold, held }) {
  return {
    blocks: sum(blocks, BLOCK),
    keys: sum(keys, KEY),
    cold: microseconds(cold),
    held: held && microseconds(held),
  };
}

function sum(counts, costs) {
  return Object.entries(counts).reduce((total, [name, count]) => total + count * microseconds(costs[name]), 0);
}
