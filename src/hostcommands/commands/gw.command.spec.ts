import fc from 'fast-check';
import { runCommand, TEST_SETTINGS } from '../../../test/support/host-commands.js';
import { underTestLmk } from '../../../test/support/host-keys.js';
import { hex, vectors } from '../../../test/support/vectors.js';
import { toHex } from '../../crypto/bytes.js';
import { tdesWorkingKey } from '../../crypto/dukpt/tdes.js';
import { retailMac } from '../../crypto/retail-mac.js';
import { RequestFields } from '../layouts/request-fields.js';
import { DATA_COMMANDS } from './data-commands.js';
import { GW } from './gw.command.js';

const run = (text: string) => runCommand(DATA_COMMANDS, text);

const CLEAR = '0123456789ABCDEFFEDCBA9876543210';
const BDK = underTestLmk('009', CLEAR);
const KSN = 'FFFF9876543210E00001';
const length = (data: Buffer) => String(data.length).padStart(4, '0');
const macOf = (ksn: string, data: Buffer, bdk = CLEAR) =>
  toHex(retailMac(tdesWorkingKey({ bdk: hex(bdk), ksn: hex(ksn), usage: 'MAC_REQUEST' }), data));

interface DukptVector {
  bdk: string;
  ksn: string;
  variant: string;
  message: string;
  expected: { mac: string };
}

test.each(
  vectors<DukptVector>('mac', 'DUKPT TDES, ISO 9797-1 algorithm 3').filter(({ variant }) => variant === 'REQUEST'),
)('matches $id: $source', async ({ bdk, ksn, message, expected: { mac } }) => {
  const key = underTestLmk('009', bdk);
  const data = hex(message);
  const fields = `${length(data)}${data.toString('latin1')}`;
  const reply = await run(`GW41${key}A05${ksn}${fields}`);
  expect(reply.slice(0, 4 + mac.length)).toBe(`GX00${mac}`);
  expect(await run(`GW11${key}A05${ksn}${reply.slice(4)}${fields}`)).toBe('GX00');
});

test('computes the MAC of VerifyMac, of any data, padded with zeros', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 60 }),
      fc.nat(0x1fffff),
      fc.nat(63),
      async (bytes, n, bit) => {
        const data = Buffer.from(bytes);
        const counter = (0xe00000 + n).toString(16).toUpperCase();
        const ksn = `FFFF9876543210${counter}`;
        const mac = macOf(ksn, data);
        const fields = `${length(data)}${data.toString('latin1')}`;
        expect(await run(`GW41${BDK}A05${ksn}${fields}%00`)).toBe(`GX00${mac}`);
        expect(await run(`GW11${BDK}A05${ksn}${mac}${fields}`)).toBe('GX00');
        const changed = hex(mac);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (0x80 >> (bit & 7));
        expect(await run(`GW11${BDK}A05${ksn}${toHex(changed)}${fields}`)).toBe('GX01');
      },
    ),
    { numRuns: 40 },
  );
});

test('takes a KSN with or without the F on its left that the descriptor does not count', async () => {
  const data = Buffer.from('0005 is no length here');
  const fields = `${length(data)}${data.toString('latin1')}`;
  const mac = macOf(KSN, data);
  for (const ksn of [`A05${KSN}`, `605${KSN}`, `605${KSN.slice(4)}`]) {
    expect(await run(`GW41${BDK}${ksn}${fields}%00\x19trailer`)).toBe(`GX00${mac}\x19trailer`);
    expect(await run(`GW11${BDK}${ksn}${mac}${fields}`)).toBe('GX00');
  }
});

// Recorded shape of a request; its key block is under an LMK that isn't public.
test('reads a recorded request with a key block', () => {
  const block = '00072B0TN00E0001566678078B5337915F4860C92F3FF2D6A6B11E8786F22DC8032EB758';
  const data = hex('ABCDEF1234');
  const text = `S${block}A05FFFF00000000000000000005${data.toString('latin1')}%01`;
  const fields = new RequestFields(Buffer.from(`GW41${text}`, 'latin1'), 2, TEST_SETTINGS);
  expect(GW.parse(fields)).toMatchObject({
    bdk: { scheme: 'S', value: block },
    ksn: 'FFFF0000000000000000',
    claimed: undefined,
    data,
  });
  expect(fields.lmk()).toBe('01');
});

const DATA = '0008ABCDEFGH';
test.each([
  ['another mode', `GW01${BDK}A05${KSN}${DATA}`, 'GX15'],
  ['another method', `GW42${BDK}A05${KSN}${DATA}`, 'GX15'],
  ['no data', `GW41${BDK}A05${KSN}0000`, 'GX80'],
  ['a length in hexadecimal digits', `GW41${BDK}A05${KSN}000A1234567890`, 'GX15'],
  ['a length beyond the data', `GW41${BDK}A05${KSN}0009ABCDEFGH`, 'GX15'],
  ['a length before the end of the data', `GW41${BDK}A05${KSN}0007ABCDEFGH`, 'GX15'],
  ['a descriptor that fits no KSN', `GW41${BDK}FFF${KSN}${DATA}`, 'GX15'],
  ['the KSN of an AES key', `GW41${BDK}808${KSN}0000${DATA}`, 'GX15'],
  ['a KSN that is cut off', `GW41${BDK}A05${KSN.slice(1)}`, 'GX15'],
  ['no MAC', `GW11${BDK}A05${KSN}${DATA}`, 'GX15'],
  ['a key of another type', `GW41${underTestLmk('003', CLEAR)}A05${KSN}${DATA}`, 'GX10'],
  ['a single-length key', `GW41${underTestLmk('009', CLEAR.slice(16))}A05${KSN}${DATA}`, 'GX27'],
  ['a triple-length key', `GW41${underTestLmk('009', `${CLEAR}89ABCDEF01234567`)}A05${KSN}${DATA}`, 'GX27'],
])('refuses %s', async (_, request, reply) => {
  expect(await run(request)).toBe(reply);
});
