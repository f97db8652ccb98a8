import fc from 'fast-check';
import { runCommand, TEST_SETTINGS, testServices } from '../../../test/support/host-commands.js';
import { raw, underTestLmk } from '../../../test/support/host-keys.js';
import { hex, vectors } from '../../../test/support/vectors.js';
import { padMethod2, toHex } from '../../crypto/bytes.js';
import { applicationCryptogram, arpcMethod1 } from '../../crypto/emv/application-cryptogram.js';
import { iccMasterKey } from '../../crypto/emv/icc-master-key.js';
import { secureMessagingKey } from '../../crypto/emv/session-key.js';
import { retailMac } from '../../crypto/retail-mac.js';
import { transactionOf, withTransactionKeys } from '../../payment/dataplane/emv/auth-request-cryptogram.js';
import type { HostKeys, HostServices, ListenerSettings } from '../command.js';
import { RequestFields } from '../layouts/request-fields.js';
import { DATA_COMMANDS } from './data-commands.js';
import { KQ } from './kq.command.js';

/** Runs a command whose fields are text and, as Buffers, bytes. Returns code and error, and the fields in hexadecimal. */
async function run(
  parts: readonly (string | Buffer)[],
  settings: Partial<ListenerSettings> = {},
  services: Partial<HostServices> = {},
): Promise<string> {
  const text = parts.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))).join('');
  const reply = await runCommand(DATA_COMMANDS, text, settings, services);
  return reply.slice(0, 4) + toHex(Buffer.from(reply.slice(4), 'latin1'));
}
const data = (bytes: Buffer) => [bytes.length.toString(16).toUpperCase().padStart(2, '0'), bytes, ';'];
const panOf = (pan: string, psn: string) => hex((pan + psn).slice(-16).padStart(16, '0'));

interface CryptogramVector {
  imk: string;
  pan: string;
  panSequenceNumber: string;
  sessionKeyDerivation: string;
  atc?: string;
  un?: string;
  transactionData: string;
  padding: 'method1' | 'method2';
  arc?: string;
  arpcKey?: 'SESSION' | 'ICC_MASTER';
  expected: { iccKey: string; sessionKey: string; arqc: string; arpc?: string };
}
const SCHEMES: Record<string, string> = { VISA: '0', MASTERCARD: '1', AMEX: '2' };
const cards = vectors<CryptogramVector>('emv', 'ARQC and ARPC', 'ARQC').filter(
  ({ sessionKeyDerivation }) => sessionKeyDerivation in SCHEMES,
);

test.each(cards)('matches $sessionKeyDerivation $id: $source', async (vector) => {
  const {
    imk,
    pan,
    panSequenceNumber,
    sessionKeyDerivation,
    atc = '0000',
    un = '00000000',
    arpcKey,
    expected,
  } = vector;
  const scheme = SCHEMES[sessionKeyDerivation] as string;
  const unpadded = hex(vector.transactionData);
  const sent = vector.padding === 'method2' ? padMethod2(unpadded, 8) : unpadded;
  const card = [underTestLmk('109', imk), panOf(pan, panSequenceNumber), hex(atc), hex(un)];
  const arqc = hex(expected.arqc);
  const arc = hex(vector.arc ?? '3030');
  expect(await run([`KQ0${scheme}`, ...card, ...data(sent), arqc])).toBe('KR00');
  // One vector has M/Chip's ARPC under the session key, which its cards don't accept.
  const answer = (arpcKey !== 'SESSION' && expected.arpc) || toHex(arpcMethod1(hex(expected.iccKey), { arqc, arc }));
  expect(await run([`KQ1${scheme}`, ...card, ...data(sent), arqc, arc])).toBe(`KR00${answer}`);
  expect(await run([`KQ2${scheme}`, ...card, arqc, arc, '%00'])).toBe(`KR00${answer}`);
  if (vector.padding === 'method2' && unpadded.length % 8 !== 0)
    expect(await run([`KQ0${scheme}`, ...card, ...data(unpadded), arqc], { padsEmvData: true })).toBe('KR00');
});

const IMK = '0123456789ABCDEFFEDCBA9876543210';
const MK_AC = underTestLmk('109', IMK);
const SMI = 'FEDCBA98765432100123456789ABCDEF';
const MK_SMI = underTestLmk('209', SMI);
const PAN = { pan: '12345678901234', psn: '01' };
const CARD = hex(PAN.pan + PAN.psn);
const ATC = hex('001C');
const UN = hex('00000899');
const DATA = hex('00000000170000000000000008400080008000084016051700000000093800000B03011203000000');
const ARC = hex('3030');

const derivations = {
  '0': { Visa: { PrimaryAccountNumber: PAN.pan, PanSequenceNumber: PAN.psn } },
  '1': {
    Mastercard: {
      PrimaryAccountNumber: PAN.pan,
      PanSequenceNumber: PAN.psn,
      ApplicationTransactionCounter: toHex(ATC),
      UnpredictableNumber: toHex(UN),
    },
  },
  '2': { Amex: { PrimaryAccountNumber: PAN.pan, PanSequenceNumber: PAN.psn } },
};
const arqcOf = (scheme: keyof typeof derivations, bytes = DATA) =>
  withTransactionKeys(hex(IMK), transactionOf('EMV_OPTION_A', derivations[scheme]), (key) =>
    applicationCryptogram(key, bytes),
  );
const CARD_FIELDS = [MK_AC, CARD, ATC, UN];

test('verifies what VerifyAuthRequestCryptogram verifies, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('0', '1', '2'),
      fc.uint8Array({ minLength: 1, maxLength: 255 }),
      fc.nat(63),
      fc.nat(63),
      async (scheme, bytes, bit, dataBit) => {
        const sent = Buffer.from(bytes);
        const arqc = arqcOf(scheme, sent);
        const flipped = (buffer: Buffer, position: number) => {
          const changed = Buffer.from(buffer);
          const index = (position >> 3) % buffer.length;
          changed[index] = (changed[index] as number) ^ (0x80 >> (position & 7));
          return changed;
        };
        expect(await run([`KQ0${scheme}`, ...CARD_FIELDS, ...data(sent), arqc])).toBe('KR00');
        expect(await run([`KQ0${scheme}`, ...CARD_FIELDS, ...data(sent), flipped(arqc, bit)])).toBe('KR01');
        expect(await run([`KQ1${scheme}`, ...CARD_FIELDS, ...data(flipped(sent, dataBit)), arqc, ARC])).toBe('KR01');
      },
    ),
    { numRuns: 40 },
  );
});

test('returns the correct ARQC after a wrong one only where that is authorised', async () => {
  const wrong = Buffer.alloc(8);
  const command = ['KQ11', ...CARD_FIELDS, ...data(DATA), wrong, ARC];
  expect(await run(command)).toBe('KR01');
  expect(await run(command, { authorised: new Set(['pin.clear']) })).toBe('KR01');
  expect(await run(command, { authorised: new Set(['arqc.diagnostics']) })).toBe(`KR01${toHex(arqcOf('1'))}`);
});

test('pads data for its hosts as a card does by method 2, but never for Visa, which pads with zeros', async () => {
  const unpadded = DATA.subarray(0, 37);
  const settings = { padsEmvData: true };
  const padded = padMethod2(unpadded, 8);
  expect(await run(['KQ01', ...CARD_FIELDS, ...data(unpadded), arqcOf('1', padded)], settings)).toBe('KR00');
  expect(await run(['KQ02', ...CARD_FIELDS, ...data(unpadded), arqcOf('2', padded)], settings)).toBe('KR00');
  expect(await run(['KQ01', ...CARD_FIELDS, ...data(DATA), arqcOf('1')], settings)).toBe('KR00');
  expect(await run(['KQ00', ...CARD_FIELDS, ...data(unpadded), arqcOf('0', unpadded)], settings)).toBe('KR00');
  expect(await run(['KQ01', ...CARD_FIELDS, ...data(unpadded), arqcOf('1', padded)])).toBe('KR01');
});

describe('the MAC of discretionary data', () => {
  const discretionary = hex('0A01020304050000');
  const session = secureMessagingKey('VISA', iccMasterKey(hex(SMI), { majorKeyDerivation: 'EMV_OPTION_A', ...PAN }), {
    atc: ATC,
  });
  const mac = retailMac(session, discretionary, 4);
  const arqc = arqcOf('0');
  const command = (mode: string, claimed: Buffer, given = arqc) => [
    `KQ${mode}0`,
    MK_AC,
    MK_SMI,
    CARD,
    ATC,
    UN,
    ...data(DATA),
    given,
    ...(mode === '4' ? [ARC] : []),
    claimed,
    '08',
    discretionary,
  ];

  test('is verified beside the ARQC', async () => {
    const arpc = toHex(
      arpcMethod1(iccMasterKey(hex(IMK), { majorKeyDerivation: 'EMV_OPTION_A', ...PAN }), { arqc, arc: ARC }),
    );
    expect(await run(command('3', mac))).toBe('KR00');
    expect(await run(command('4', mac))).toBe(`KR00${arpc}`);
  });

  test('is refused if it is wrong, after a wrong ARQC', async () => {
    for (const mode of ['3', '4']) {
      for (let bit = 0; bit < 32; bit++) {
        const changed = Buffer.from(mac);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (0x80 >> (bit & 7));
        expect(await run(command(mode, changed))).toBe('KR06');
      }
      expect(await run(command(mode, mac, Buffer.alloc(8)))).toBe('KR01');
      expect(await run(command(mode, Buffer.alloc(4), Buffer.alloc(8)))).toBe('KR01');
    }
  });

  test('needs the permission to verify MACs on the MK-SMI', async () => {
    const { keys } = testServices();
    const operations: string[] = [];
    const find: HostKeys['find'] = (host, field, needs) => {
      operations.push(host.call.operation);
      return keys.find(host, field, needs);
    };
    expect(await run(command('3', mac), {}, { keys: { find } })).toBe('KR00');
    expect(operations).toEqual(['VerifyAuthRequestCryptogram', 'VerifyMac']);
  });

  test('is refused for another scheme, without data, and under a wrong key', async () => {
    expect(await run(['KQ31', MK_AC, MK_SMI, CARD])).toBe('KR03');
    expect(await run([...command('3', mac).slice(0, -2), '00'])).toBe('KR82');
    const parts = command('3', mac);
    parts[2] = MK_AC;
    expect(await run(parts)).toBe('KR11');
  });
});

// Recorded shapes of requests; their keys are under LMKs that aren't public.
test('reads recorded requests', async () => {
  const key = 'U562B7C197A58D28851F15517CDABA60E';
  const command = [
    `KQ00${key}`,
    raw('7804020000000000'),
    raw('0018'),
    raw('84F01F9D'),
    '28',
    Buffer.alloc(40, 0x3b),
    ';',
  ];
  expect(await run([...command, raw('0A994C22203060C4')])).toBe('KR10');
  const text = ['KQ10S00072E0TN00S00012574E37226ADAA76E5B8F2C4F14AD34F1F054EF52CB56BE2F4D03BEA', ...command.slice(1)];
  const bytes = Buffer.from(
    [...text, raw('46E98E9B85E9C640'), '00', '%01'].map((part) => part.toString('latin1')).join(''),
    'latin1',
  );
  const fields = new RequestFields(bytes, 2, TEST_SETTINGS);
  expect(KQ.parse(fields)).toMatchObject({ arqc: hex('46E98E9B85E9C640'), arc: ARC, data: Buffer.alloc(40, 0x3b) });
  expect(fields.lmk()).toBe('01');
});

const ARQC = Buffer.alloc(8);
test.each<[string, (string | Buffer)[], string]>([
  ['another mode', ['KQ50', MK_AC, CARD, ATC, UN, ...data(DATA), ARQC], 'KR04'],
  ['another scheme', ['KQ03', MK_AC, CARD, ATC, UN, ...data(DATA), ARQC], 'KR05'],
  ['a PAN that is not BCD', ['KQ00', MK_AC, hex('123456789012340A'), ATC, UN, ...data(DATA), ARQC], 'KR15'],
  ['no transaction data', ['KQ00', MK_AC, CARD, ATC, UN, '00;', ARQC], 'KR81'],
  ['a length that is not hexadecimal', ['KQ00', MK_AC, CARD, ATC, UN, '2G', DATA, ';', ARQC], 'KR15'],
  ['no semicolon', ['KQ00', MK_AC, CARD, ATC, UN, '28', DATA, ARQC], 'KR15'],
  ['an ARQC of 7 bytes', ['KQ00', MK_AC, CARD, ATC, UN, ...data(DATA), ARQC.subarray(1)], 'KR15'],
  ['an ARQC of 9 bytes', ['KQ00', MK_AC, CARD, ATC, UN, ...data(DATA), Buffer.alloc(9)], 'KR15'],
  ['no ARC', ['KQ10', MK_AC, CARD, ATC, UN, ...data(DATA), ARQC], 'KR15'],
  ['transaction data in mode 2', ['KQ20', MK_AC, CARD, ATC, UN, ...data(DATA), ARQC, ARC], 'KR15'],
  ['a key of another type', ['KQ00', MK_SMI, CARD, ATC, UN, ...data(DATA), ARQC], 'KR10'],
  [
    'a triple-length key',
    ['KQ00', underTestLmk('109', `${IMK}89ABCDEF01234567`), CARD, ATC, UN, ...data(DATA), ARQC],
    'KR27',
  ],
])('refuses %s', async (_, parts, reply) => {
  expect(await run(parts)).toBe(reply);
});
