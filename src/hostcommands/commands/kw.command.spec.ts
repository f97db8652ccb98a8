import fc from 'fast-check';
import { runCommand, TEST_SETTINGS } from '../../../test/support/host-commands.js';
import { raw, underTestLmk } from '../../../test/support/host-keys.js';
import { hex, vectors } from '../../../test/support/vectors.js';
import { padMethod2, toHex } from '../../crypto/bytes.js';
import { applicationCryptogram, arpcMethod1 } from '../../crypto/emv/application-cryptogram.js';
import { withTransactionKeys } from '../../payment/dataplane/emv/auth-request-cryptogram.js';
import type { ListenerSettings } from '../command.js';
import { RequestFields } from '../layouts/request-fields.js';
import { DATA_COMMANDS } from './data-commands.js';
import { KW } from './kw.command.js';

/** Runs a command whose fields are text and, as Buffers, bytes. Returns code and error, and the fields in hexadecimal. */
async function run(parts: readonly (string | Buffer)[], settings: Partial<ListenerSettings> = {}): Promise<string> {
  const text = parts.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))).join('');
  const reply = await runCommand(DATA_COMMANDS, text, settings);
  return reply.slice(0, 4) + toHex(Buffer.from(reply.slice(4), 'latin1'));
}
const data = (bytes: Buffer) => [bytes.length.toString(16).toUpperCase().padStart(2, '0'), bytes, ';'];
const ZEROS = Buffer.alloc(16);

interface CryptogramVector {
  imk: string;
  majorKeyDerivation: 'EMV_OPTION_A' | 'EMV_OPTION_B';
  pan: string;
  panSequenceNumber: string;
  sessionKeyDerivation: string;
  atc: string;
  transactionData: string;
  paddedTransactionData: string;
  arc?: string;
  csu?: string;
  proprietaryAuthData?: string;
  expected: { arqc: string; arpc: string };
}

/** Returns the fields from the scheme to the ATC. */
function fieldsOf(vector: CryptogramVector): (string | Buffer)[] {
  const { imk, pan, panSequenceNumber: psn, atc } = vector;
  const isTree = vector.sessionKeyDerivation === 'EMV2000';
  const isOptionB = vector.majorKeyDerivation === 'EMV_OPTION_B';
  const scheme = (isTree ? 0 : 2) + (isOptionB ? 1 : 0);
  const digits = isOptionB ? pan + psn : (pan + psn).slice(-16).padStart(16, '0');
  const card = hex(digits.length % 2 === 0 ? digits : `0${digits}`);
  return [
    `${scheme}${underTestLmk('109', imk)}`,
    ...(isTree ? [ZEROS] : []),
    ...(isOptionB ? [String(card.length).padStart(2, '0'), card, ';'] : [card]),
    ...(isTree ? ['1'] : []),
    hex(atc),
  ];
}

test.each(
  vectors<CryptogramVector>('emv', 'ARQC and ARPC').filter(({ sessionKeyDerivation }) =>
    ['EMV_COMMON', 'EMV2000'].includes(sessionKeyDerivation),
  ),
)('matches $sessionKeyDerivation $majorKeyDerivation $id: $source', async (vector) => {
  const { transactionData, paddedTransactionData, arc, csu, proprietaryAuthData = '', expected } = vector;
  const fields = fieldsOf(vector);
  const arqc = hex(expected.arqc);
  const sent = data(hex(paddedTransactionData));
  const response = csu
    ? [hex(csu), (proprietaryAuthData.length / 2).toString(16), hex(proprietaryAuthData)]
    : [hex(arc as string)];
  const [both, only] = csu ? ['3', '4'] : ['1', '2'];
  const arpc = csu ? `${expected.arpc}00000000` : expected.arpc;

  expect(await run(['KW0', ...fields, ...sent, arqc])).toBe('KX00');
  expect(await run([`KW${both}`, ...fields, ...sent, arqc, ...response])).toBe(`KX00${arpc}`);
  expect(await run([`KW${only}`, ...fields, arqc, ...response, '%00'])).toBe(`KX00${arpc}`);
  const unpadded = hex(transactionData);
  if (toHex(padMethod2(unpadded, 8)) === paddedTransactionData && unpadded.length % 8 !== 0)
    expect(await run(['KW0', ...fields, ...data(unpadded), arqc], { padsEmvData: true })).toBe('KX00');
});

const IMK = '0123456789ABCDEFFEDCBA9876543210';
const MK_AC = underTestLmk('109', IMK);
const CARD = hex('1234567890123401');
const ATC = hex('001C');
const DATA = Buffer.alloc(40, 7);
const ARC = hex('3030');

test('derives the session key of EMV 2000 in both trees, from any initial value', async () => {
  const trees = { '0': { branchFactor: 2, height: 16 }, '1': { branchFactor: 4, height: 8 } };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<keyof typeof trees>('0', '1'),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.uint8Array({ minLength: 2, maxLength: 2 }),
      fc.nat(63),
      async (shape, initial, counter, bit) => {
        const [iv, atc] = [Buffer.from(initial), Buffer.from(counter)];
        const card = { majorKeyDerivation: 'EMV_OPTION_A', pan: '12345678901234', psn: '01' } as const;
        const session = { atc, tree: { ...trees[shape], iv } };
        const [arqc, arpc] = withTransactionKeys(hex(IMK), { scheme: 'EMV2000', card, session }, (key) => {
          const cryptogram = applicationCryptogram(key, DATA);
          return [cryptogram, arpcMethod1(key, { arqc: cryptogram, arc: ARC })];
        });
        const fields = [`0${MK_AC}`, iv, CARD, shape, atc, ...data(DATA)];
        expect(await run(['KW1', ...fields, arqc, ARC])).toBe(`KX00${toHex(arpc)}`);
        const changed = Buffer.from(arqc);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (0x80 >> (bit & 7));
        expect(await run(['KW1', ...fields, changed, ARC])).toBe('KX01');
        expect(await run(['KW0', ...fields, changed], { authorised: new Set(['arqc.diagnostics']) })).toBe(
          `KX01${toHex(arqc)}`,
        );
      },
    ),
    { numRuns: 25 },
  );
});

// Recorded shape of a request; its key is under an LMK that isn't public.
test('reads a recorded request', () => {
  const transaction = hex('0'.repeat(144));
  const text =
    `KW02U418E7E54279CEA4D298485F9F8F4AFD2${raw('7804020000001800')}${raw('0003')}48` +
    `${transaction.toString('latin1')};${raw('F67B7E07A55DF243')}`;
  const fields = new RequestFields(Buffer.from(text, 'latin1'), 2, TEST_SETTINGS);
  expect(KW.parse(fields)).toMatchObject({
    transaction: { scheme: 'EMV_COMMON_SESSION_KEY', session: { atc: hex('0003') } },
    data: transaction,
    arqc: hex('F67B7E07A55DF243'),
  });
  expect(fields.remaining).toBe(0);
});

const ARQC = Buffer.alloc(8);
const CSU = Buffer.alloc(4);
const LONG = hex('01234567890123456701');
test.each<[string, (string | Buffer)[], string]>([
  ['another mode', ['KW52', MK_AC, CARD, ATC, ...data(DATA), ARQC], 'KX04'],
  ['another scheme', ['KW04', MK_AC, CARD, ATC, ...data(DATA), ARQC], 'KX05'],
  ['another tree', ['KW00', MK_AC, ZEROS, CARD, '2', ATC, ...data(DATA), ARQC], 'KX52'],
  ['a PAN that is not BCD', ['KW02', MK_AC, hex('1234567890123F01'), ATC, ...data(DATA), ARQC], 'KX15'],
  ['option B for a PAN of 16 digits', ['KW03', MK_AC, '09', LONG.subarray(1), ';', ATC, ...data(DATA), ARQC], 'KX15'],
  ['option B without a semicolon', ['KW03', MK_AC, '10', LONG, ATC, ...data(DATA), ARQC], 'KX15'],
  ['no transaction data', ['KW02', MK_AC, CARD, ATC, '00;', ARQC], 'KX80'],
  ['an ARQC that is cut off', ['KW02', MK_AC, CARD, ATC, ...data(DATA), ARQC.subarray(1)], 'KX15'],
  ['no ARC', ['KW12', MK_AC, CARD, ATC, ...data(DATA), ARQC], 'KX15'],
  ['no proprietary data length', ['KW42', MK_AC, CARD, ATC, ARQC, CSU], 'KX15'],
  ['9 bytes of proprietary data', ['KW42', MK_AC, CARD, ATC, ARQC, CSU, '9', Buffer.alloc(9)], 'KX80'],
  ['fewer proprietary data than said', ['KW42', MK_AC, CARD, ATC, ARQC, CSU, '8', Buffer.alloc(7)], 'KX15'],
  ['a wrong ARQC', ['KW32', MK_AC, CARD, ATC, ...data(DATA), ARQC, CSU, '0'], 'KX01'],
  ['a key of another type', ['KW02', underTestLmk('209', IMK), CARD, ATC, ...data(DATA), ARQC], 'KX10'],
])('refuses %s', async (_, parts, reply) => {
  expect(await run(parts)).toBe(reply);
});
