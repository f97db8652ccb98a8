/** The Data Encryption Standard (FIPS 46-3), which neither WebCrypto nor @noble/ciphers has. */

const S_BOXES = [
  'e4d12fb83a6c5907 0f74e2d1a6cb9538 41e8d62bfc973a50 fc8249175b3ea06d',
  'f18e6b34972dc05a 3d47f28ec01a69b5 0e7ba4d158c6932f d8a13f42b67c05e9',
  'a09e63f51dc7b428 d709346a285ecbf1 d6498f30b12c5ae7 1ad069874fe3b52c',
  '7de3069a1285bc4f d8b56f03472c1ae9 a690cb7df13e5284 3f06a1d8945bc72e',
  '2c417ab6853fd0e9 eb2c47d150fa3986 421bad78f9c5630e b8c71e2d6f09a453',
  'c1af92680d34e75b af427c9561de0b38 9ef528c3704a1db6 432c95fabe17608d',
  '4b2ef08d3c975a61 d0b7491ae35c2f86 14bdc37eaf680592 6bd814a7950fe23c',
  'd2846fb1a93e50c7 1fd8a374c56b0e92 7b419ce206adf358 21e74a8dfc90356b',
].map((rows) => rows.split(' ').map((row) => Array.from(row, (digit) => parseInt(digit, 16))));

/** Permutation P and permuted choices 1 and 2, as positions of the input's bits, from 1. */
const P = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
];
const PC1 = [
  57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55,
  47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
const PC2 = [
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30,
  40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const ROUNDS = 16;

/** True for the rounds in which the halves of the key are rotated by two positions. */
const turnsByTwo = (round: number) => ![0, 1, 8, 15].includes(round);

/** The S-boxes combined with P: eight tables, indexed by the six input bits. */
const SP = S_BOXES.map((rows, box) =>
  Int32Array.from({ length: 64 }, (_, six) => {
    const four = rows[((six >> 4) & 2) | (six & 1)]?.[(six >> 1) & 15] ?? 0;
    const word = four << (28 - 4 * box);
    return P.reduce((out, place, bit) => out | (((word >>> (32 - place)) & 1) << (31 - bit)), 0);
  }),
);

/** The six key bits of each S-box, for each round. */
export type Schedule = Uint8Array;

/** Expands a key. @param key 8 bytes, parity ignored */
export function desSchedule(key: Uint8Array): Schedule {
  const bits = [...key].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((shift) => (byte >> shift) & 1));
  const chosen = PC1.map((place) => bits[place - 1] ?? 0);
  let [c, d] = [chosen.slice(0, 28), chosen.slice(28)];
  const schedule = new Uint8Array(8 * ROUNDS);
  for (let round = 0; round < ROUNDS; round++) {
    const turn = turnsByTwo(round) ? 2 : 1;
    [c, d] = [c, d].map((half) => [...half.slice(turn), ...half.slice(0, turn)]) as [number[], number[]];
    const halves = [...c, ...d];
    PC2.forEach((place, bit) => {
      const index = 8 * round + Math.floor(bit / 6);
      schedule[index] = ((schedule[index] ?? 0) << 1) | (halves[place - 1] ?? 0);
    });
  }
  return schedule;
}

/** Encrypts or decrypts a block of 8 bytes in place. */
export function desBlock(schedule: Schedule, block: Uint8Array, direction: 'encrypt' | 'decrypt'): void {
  const view = new DataView(block.buffer, block.byteOffset, 8);
  let [left, right] = initialPermutation(view.getUint32(0), view.getUint32(4));
  for (let i = 0; i < ROUNDS; i++) {
    const at = 8 * (direction === 'encrypt' ? i : ROUNDS - 1 - i);
    [left, right] = [right, left ^ round(right, schedule, at)];
  }
  const [high, low] = finalPermutation(right, left);
  view.setUint32(0, high);
  view.setUint32(4, low);
}

/** The function f: the expansion E takes six bits at each of eight positions of the word rotated right by one. */
function round(right: number, schedule: Schedule, at: number): number {
  let word = (right >>> 1) | (right << 31);
  let out = 0;
  for (let box = 0; box < 8; box++) {
    out |= SP[box]?.[(word >>> 26) ^ (schedule[at + box] ?? 0)] ?? 0;
    word = (word << 4) | (word >>> 28);
  }
  return out;
}

/** Bit swaps between the halves, which together form the initial permutation: shift, mask, shifted half. */
const SWAPS = [
  [4, 0x0f0f0f0f, true],
  [16, 0x0000ffff, true],
  [2, 0x33333333, false],
  [8, 0x00ff00ff, false],
  [1, 0x55555555, true],
] as const;

function initialPermutation(left: number, right: number): [number, number] {
  return SWAPS.reduce<[number, number]>(swap, [left, right]);
}

function finalPermutation(left: number, right: number): [number, number] {
  return SWAPS.reduceRight<[number, number]>(swap, [left, right]);
}

function swap([left, right]: [number, number], [shift, mask, isLeft]: (typeof SWAPS)[number]): [number, number] {
  const bits = (((isLeft ? left : right) >>> shift) ^ (isLeft ? right : left)) & mask;
  return isLeft ? [left ^ (bits << shift), right ^ bits] : [left ^ bits, right ^ (bits << shift)];
}
