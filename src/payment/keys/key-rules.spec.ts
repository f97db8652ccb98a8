import {
  KEY_ALGORITHMS,
  KEY_CLASSES,
  KEY_MODES,
  KEY_USAGES,
  type KeyAlgorithm,
  type KeyClass,
  type KeyMode,
  type KeyUsage,
} from './key-attributes.js';
import { checkCombination, kcvAlgorithmOf, modeNames, modesOfUse } from './key-rules.js';

/**
 * A second copy of the table of key attributes, abbreviated: usage, class (S symmetric, A pair, P public), algorithms,
 * mode sets. E Encrypt, D Decrypt, W Wrap, U Unwrap, G Generate, S Sign, V Verify, X DeriveKey, N NoRestrictions.
 */
const TABLE = `
  B0 S T2,T3,A1,A2,A3       X,N
  C0 S T2,T3,A1,A2,A3       G,V,GV,N
  D0 S T2,T3,A1,A2,A3       EDWU,EW,DU,N
  E0 S T2,T3,A1,A2,A3       X,N
  E1 S T2,T3,A1,A2,A3       X,N
  E2 S T2,T3,A1,A2,A3       X,N
  E4 S T2,T3,A1,A2,A3       X,N
  E5 S T2,T3,A1,A2,A3       X,N
  E6 S T2,T3,A1,A2,A3       X,N
  K0 S T2,T3,A1,A2,A3       EDWU,EW,DU,N
  K1 S T2,T3,A1,A2,A3       EDWU,EW,DU,N
  M0 S T2,T3                G,V,GV
  M1 S T2,T3                G,V,GV,N
  M3 S T2,T3                G,V,GV,N
  M6 S T2,T3,A1,A2,A3       G,V,GV,N
  M7 S H1,H2,H3,H4          G,V,GV,N
  P0 S T2,T3,A1,A2,A3       EDWU,EW,DU,N
  P1 S T2,T3                EDWU,EW,DU,N
  V1 S T2,T3,A1,A2,A3       G,V,GV,N
  V2 S T2,T3,A1,A2,A3       G,V,GV,N
  D1 A R2,R3,R4             EDWU,EW,DU
  D1 P R2,R3,R4             EW
  S0 A R2,R3,R4             S,V
  S0 P R2,R3,R4,C2,C3,C5    V
  K2 A R2,R3,R4             EDWU,EW,DU
  K2 P R2,R3,R4             EW
  K3 A C2,C3,C5             X`;

const ALGORITHMS: Record<string, string> = {
  T2: 'TDES_2KEY',
  T3: 'TDES_3KEY',
  A1: 'AES_128',
  A2: 'AES_192',
  A3: 'AES_256',
  H1: 'HMAC_SHA224',
  H2: 'HMAC_SHA256',
  H3: 'HMAC_SHA384',
  H4: 'HMAC_SHA512',
  R2: 'RSA_2048',
  R3: 'RSA_3072',
  R4: 'RSA_4096',
  C2: 'ECC_NIST_P256',
  C3: 'ECC_NIST_P384',
  C5: 'ECC_NIST_P521',
};
const CLASSES: Record<string, string> = { S: 'SYMMETRIC_KEY', A: 'ASYMMETRIC_KEY_PAIR', P: 'PUBLIC_KEY' };
const LETTERS = Array.from('EDWUGSVXN');

const allowed = new Set(
  TABLE.trim()
    .split('\n')
    .flatMap((line) => {
      const [usage, letter, algorithms, modes] = line.trim().split(/\s+/) as [string, string, string, string];
      return algorithms
        .split(',')
        .flatMap((algorithm) =>
          modes.split(',').map((set) => [usage, CLASSES[letter], ALGORITHMS[algorithm], set].join()),
        );
    }),
);

const EVERY_SET = Array.from({ length: 1 << LETTERS.length }, (_, set) =>
  LETTERS.filter((_letter, bit) => set & (1 << bit)).join(''),
);
const USUAL_SETS = [...new Set([...allowed].map((key) => key.split(',')[3]!))];

function canBe(usage: KeyUsage, keyClass: KeyClass, algorithm: KeyAlgorithm, letters: string): boolean {
  const names = Array.from(letters, (letter) => KEY_MODES[LETTERS.indexOf(letter)]!);
  try {
    checkCombination({
      KeyUsage: usage,
      KeyClass: keyClass,
      KeyAlgorithm: algorithm,
      KeyModesOfUse: modesOfUse(names),
    });
    return true;
  } catch (error) {
    if ((error as Error).name !== 'ValidationException') throw error;
    return false;
  }
}

test('exactly the combinations of usage, class and algorithm in the table are valid', () => {
  const found = new Set<string>();
  for (const usage of KEY_USAGES)
    for (const keyClass of KEY_CLASSES)
      for (const algorithm of KEY_ALGORITHMS)
        for (const letters of USUAL_SETS)
          if (canBe(usage, keyClass, algorithm, letters))
            found.add([usage.slice(5, 7), keyClass, algorithm, letters].join());
  expect(found).toEqual(allowed);
  expect(found.size).toBe(315);
});

test('of all 512 sets of modes, exactly those in the table are valid', () => {
  const found = new Set<string>();
  const classes = new Set([...allowed].map((key) => key.split(',').slice(0, 3).join()));
  for (const [code, keyClass, algorithm] of [...classes].map((key) => key.split(','))) {
    const usage = KEY_USAGES.find((name) => name.slice(5, 7) === code)!;
    for (const letters of EVERY_SET)
      if (canBe(usage, keyClass as KeyClass, algorithm as KeyAlgorithm, letters))
        found.add([code, keyClass, algorithm, letters].join());
  }
  expect(found).toEqual(allowed);
});

test('there are 24 usages and 15 algorithms', () => {
  expect(new Set(KEY_USAGES).size).toBe(24);
  expect(new Set(KEY_ALGORITHMS).size).toBe(15);
});

test('modes are returned in one order, whatever the order of the input', () => {
  const mixed: KeyMode[] = ['Verify', 'Generate'];
  expect(modeNames(modesOfUse(mixed))).toEqual(['Generate', 'Verify']);
  expect(Object.keys(modesOfUse(mixed))).toEqual([...KEY_MODES]);
});

test.each([
  ['TDES_2KEY', undefined, 'ANSI_X9_24'],
  ['TDES_3KEY', 'CMAC', 'CMAC'],
  ['AES_128', undefined, 'CMAC'],
  ['AES_256', 'CMAC', 'CMAC'],
  ['HMAC_SHA224', undefined, 'HMAC'],
  ['RSA_2048', undefined, 'SHA_1'],
  ['ECC_NIST_P521', 'SHA_1', 'SHA_1'],
] as const)('the check value of %s, with %s requested, is computed by %s', (algorithm, asked, by) => {
  expect(kcvAlgorithmOf(algorithm, asked)).toBe(by);
});

test.each([
  ['TDES_2KEY', 'HMAC'],
  ['TDES_2KEY', 'SHA_1'],
  ['AES_128', 'ANSI_X9_24'],
  ['AES_128', 'HMAC'],
  ['HMAC_SHA256', 'CMAC'],
  ['RSA_2048', 'CMAC'],
] as const)('the check value of %s cannot be computed by %s', (algorithm, asked) => {
  expect(() => kcvAlgorithmOf(algorithm, asked)).toThrow(/^KeyCheckValueAlgorithm .* is invalid .*: use /);
});
