import fc from 'fast-check';
import { rootCall } from '../../../test/support/call.js';
import { runCommand, testServices } from '../../../test/support/host-commands.js';
import { length4, raw, underTestLmk } from '../../../test/support/host-keys.js';
import { document, identityOf, USER } from '../../../test/support/policy.js';
import { hex, vectors } from '../../../test/support/vectors.js';
import { aes } from '../../crypto/aes.js';
import { padMethod2, toHex } from '../../crypto/bytes.js';
import { cmac } from '../../crypto/cmac.js';
import { HeldKey } from '../../crypto/held-key.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { macOf } from '../../payment/dataplane/mac/mac-algorithms.js';
import { HostCall } from '../command.js';
import type { FieldSettings } from '../layouts/request-fields.js';
import { DATA_COMMANDS } from './data-commands.js';
import { M8 } from './m6-m8.command.js';
import { chain, macInput } from './mac-fields.js';

const run = (text: string, hexLength: FieldSettings['hexLength'] = 'characters') =>
  runCommand(DATA_COMMANDS, text, { hexLength });

const CLEAR = '7962D9ECE03D1ACD4C76089DCE131543';
const TAK = 'U19D25F349FD03CC3556BB05F65283CA1';
const ZAK = underTestLmk('008', CLEAR);
const DATA = '72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2';

// A published request under the public test LMK.
test('generates and verifies the MAC of a published request', async () => {
  expect(await run(`M601032003${TAK}0040${DATA}`)).toBe('M7005F1448EE');
  expect(await run(`M801032003${TAK}0040${DATA}5F1448EE`)).toBe('M900');
  expect(await run(`M801032003${TAK}0040${DATA}5f1448ee%00`)).toBe('M900');
});

test('counts characters or bytes of hexadecimal data, or detects which the host counts', async () => {
  expect(await run(`M601032003${TAK}0020${DATA}`, 'bytes')).toBe('M7005F1448EE');
  for (const length of ['0040', '0020']) {
    expect(await run(`M601032003${TAK}${length}${DATA}`, 'auto')).toBe('M7005F1448EE');
    expect(await run(`M601032003${TAK}${length}${DATA}%00\x19end`, 'auto')).toBe('M7005F1448EE\x19end');
    expect(await run(`M801032003${TAK}${length}${DATA}5F1448EE`, 'auto')).toBe('M900');
    expect(await run(`M801032003${TAK}${length}${DATA}5F1448EF`, 'auto')).toBe('M901');
  }
  expect(await run(`M601032003${TAK}0020${DATA}`)).toBe('M715');
  expect(await run(`M601032003${TAK}0040${DATA}`, 'bytes')).toBe('M715');
  expect(await run(`M601032003${TAK}0030${DATA}`, 'auto')).toBe('M715');
  // Text and binary data has no digits to count.
  expect(await run(`M602032003${TAK}0003abc`, 'bytes')).toBe(await run(`M602032003${TAK}0003abc`));
});

test('reads binary data with any bytes', async () => {
  const message = raw('19253031190D0A00FF2530');
  const mac = (await run(`M600032003${TAK}000B${message}`)).slice(4);
  expect(await run(`M601032003${TAK}0016${toHex(Buffer.from(message, 'latin1'))}`)).toBe(`M700${mac}`);
  expect(await run(`M800032003${TAK}000B${message}${mac}%00\x19`)).toBe('M900\x19');
});

interface MacVector {
  key: string;
  message: string;
  padding: 'none' | 'method1' | 'method2';
  expected: { mac: string };
}
const METHODS = { none: '0', method1: '1', method2: '2' };

test.each([
  ...vectors<MacVector>('mac', 'ISO 9797-1 algorithm 1', 'ISO 9797-1 algorithm 3'),
  ...vectors<MacVector>('mac', 'CMAC TDES').filter(({ message }) => message.length > 0),
])('matches $algorithm $id: $source', async ({ algorithm, key, message, padding, expected: { mac } }) => {
  const algorithmId = algorithm === 'CMAC TDES' ? '6' : algorithm.slice(-1);
  const fields = (size: string) =>
    `01${size}${algorithmId}${METHODS[padding]}008${underTestLmk('008', key)}${length4(message.length)}${message}`;
  expect(await run(`M6${fields('1')}`)).toBe(`M700${mac}`);
  expect(await run(`M6${fields('0')}`)).toBe(`M700${mac.slice(0, 8)}`);
  expect(await run(`M8${fields('1')}${mac}`)).toBe('M900');
});

// ISO/IEC 9797-1:2011 annex B, padding method 3: the length in bits as the first block.
test('begins with the length of the message in padding method 3', async () => {
  const message = '4E6F77206973207468652074696D6520666F72206974';
  const padded = `00000000000000B0${message}0000`;
  for (const algorithm of ['1', '3'])
    expect(await run(`M6011${algorithm}3008${ZAK}002C${message}`)).toBe(
      await run(`M6011${algorithm}0008${ZAK}0040${padded}`),
    );
});

const NAMES = { '1': 'ISO9797_ALGORITHM1', '3': 'ISO9797_ALGORITHM3', '6': 'CMAC' } as const;

test('computes in parts what GenerateMac computes over the whole message', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('1', '3', '6'),
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      async (algorithm, blocks, last) => {
        const parts = blocks.map((bytes) => Buffer.alloc(8 * bytes.length, Buffer.from(bytes)));
        const { scheme } = macOf({ Algorithm: NAMES[algorithm] });
        const padding = algorithm === '6' ? '0' : '1';
        const method = `0${algorithm}${padding}008${ZAK}`;
        const field = (data: Buffer) => length4(data.length) + data.toString('latin1');

        let iv = '';
        for (const [index, part] of parts.entries())
          iv = (await run(`M6${index === 0 ? '1' : '2'}0${method}${iv}${field(part)}`)).slice(4);
        const end = Buffer.from(last);
        const reply = await run(`M630${method}${iv}${field(end)}`);

        const whole = scheme.mac(hex(CLEAR), Buffer.concat([...parts, end]), 4, 'TDES_2KEY');
        expect(reply).toBe(`M700${toHex(whole)}`);
        expect(await run(`M830${method}${iv}${field(end)}${toHex(whole)}`)).toBe('M900');
      },
    ),
    { numRuns: 30 },
  );
});

test('pads the last part by method 2, even if no data is left', async () => {
  const iv = (await run(`M611132008${ZAK}0010${DATA.slice(0, 16)}`)).slice(4);
  const whole = await run(`M601132008${ZAK}0010${DATA.slice(0, 16)}`);
  expect(await run(`M631132008${ZAK}${iv}0000`)).toBe(whole);
});

describe('with AES', () => {
  const clear = hex('2B7E151628AED2A6ABF7158809CF4F3C');
  const held = new HeldKey(clear);
  const key: WorkingKey = { arn: '', kcv: '', algorithm: 'AES_128', use: (compute) => compute(held) };
  const CMAC = { algorithm: 'CMAC', padding: '0' } as const;

  test('chains blocks of 16 bytes', () => {
    const message = Buffer.from('40 bytes that are two blocks and a half.');
    const iv = chain(CMAC, key, message.subarray(0, 16));
    const next = chain(CMAC, key, message.subarray(16, 32), iv);
    const { scheme, message: end, iv: last } = macInput(CMAC, key, message.subarray(32), next);
    using cipher = aes(clear);
    expect(key.use((lent) => toHex(scheme.mac(lent, end, 8, 'AES_128', last)))).toBe(toHex(cmac(cipher, message, 8)));
  });

  test('refuses an IV of 8 bytes and parts that are not whole blocks', () => {
    const refusal = (code: string) => expect.objectContaining({ name: 'HostError', code }) as Error;
    expect(() => chain(CMAC, key, Buffer.alloc(16), Buffer.alloc(8))).toThrow(refusal('15'));
    expect(() => chain(CMAC, key, Buffer.alloc(24))).toThrow(refusal('80'));
  });
});

test('verifies neither a changed MAC nor a changed message', async () => {
  const mac = hex('5F1448EE');
  await fc.assert(
    fc.asyncProperty(fc.nat(31), fc.nat(255), async (macBit, dataBit) => {
      const flip = (bytes: Buffer, bit: number) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (0x80 >> (bit & 7));
        return toHex(changed);
      };
      expect(await run(`M801032003${TAK}0040${DATA}${flip(mac, macBit)}`)).toBe('M901');
      expect(await run(`M801032003${TAK}0040${flip(hex(DATA), dataBit)}5F1448EE`)).toBe('M901');
    }),
    { numRuns: 50 },
  );
});

const BLOCK = '0123456789ABCDEF';
test.each([
  ['another mode', `M641032003${TAK}0010${BLOCK}`, 'M702'],
  ['another input format', `M603032003${TAK}0010${BLOCK}`, 'M703'],
  ['another size', `M601232003${TAK}0010${BLOCK}`, 'M715'],
  ['another algorithm', `M601022003${TAK}0010${BLOCK}`, 'M704'],
  ['another padding', `M601034003${TAK}0010${BLOCK}`, 'M709'],
  ['a padding of CMAC', `M601162008${ZAK}0010${BLOCK}`, 'M709'],
  ['padding method 3 in parts', `M611033003${TAK}0010${BLOCK}`, 'M709'],
  ['a key type that computes no MACs', `M601032001${TAK}0010${BLOCK}`, 'M705'],
  ['CMAC under a TAK', `M601060003${TAK}0010${BLOCK}`, 'M705'],
  ['a ZAK as a TAK', `M601032003${ZAK}0010${BLOCK}`, 'M710'],
  ['the retail MAC under a single-length key', `M601032003${underTestLmk('003', BLOCK)}0010${BLOCK}`, 'M727'],
  ['half a block without padding', `M601030003${TAK}0008${BLOCK.slice(8)}`, 'M780'],
  ['half a block in the first part', `M611032003${TAK}0008${BLOCK.slice(8)}`, 'M780'],
  ['no data', `M601031003${TAK}0000`, 'M780'],
  ['no data in the first part', `M611032003${TAK}0000`, 'M780'],
  ['no data for method 1 in the last part', `M631031003${TAK}${BLOCK}0000`, 'M780'],
  ['an odd number of digits', `M601032003${TAK}000F${BLOCK.slice(1)}`, 'M780'],
  ['data that is not hexadecimal', `M601032003${TAK}0010${BLOCK.replace('F', 'G')}`, 'M715'],
  ['data that ends too early', `M601032003${TAK}FFFF${BLOCK}`, 'M715'],
  ['more than the data', `M601032003${TAK}0010${BLOCK}00`, 'M715'],
  ['an IV that is too short', `M621032003${TAK}${BLOCK.slice(8)}0010${BLOCK}`, 'M715'],
  ['no MAC', `M801032003${TAK}0010${BLOCK}`, 'M915'],
  ['a MAC of the other size', `M801132003${TAK}0040${DATA}5F1448EE`, 'M915'],
])('refuses %s', async (_, request, reply) => {
  expect(await run(request)).toBe(reply);
});

// Recorded shape of a request with text; its key is under an LMK that isn't public.
test('reads a recorded request', async () => {
  const request = 'M602031003U5FFE8014DA383D44C24AB41E37DB252F001E';
  expect(await run(`${request}${'x'.repeat(30)}`)).toBe('M710');
  expect(await run(`${request}${'x'.repeat(29)}`)).toBe('M715');
});

test('a caller who may only verify gets no chaining values, which are MACs without padding', () => {
  const root = rootCall('VerifyMac');
  const allow = { Effect: 'Allow', Action: 'payment-cryptography:VerifyMac', Resource: '*' };
  const statements = identityOf(document([allow]));
  const identity = { type: 'User', name: 'switch', userId: 'AIDA', statements } as const;
  const call = { ...root, principal: { ...root.principal, arn: USER, principalArn: USER, identity } };
  const host = new HostCall(call, '00', testServices());
  const key = { name: 'MAC key', scheme: 'U', text: TAK, value: TAK.slice(1) } as const;
  const method = { algorithm: 'ISO9797_ALGORITHM3', padding: '2', length: 4, keyType: '003', key } as const;
  const data = hex(DATA);
  expect(M8.execute({ part: '0', method, data, claimed: hex('5F1448EE') }, host)).toEqual({ fields: [] });
  expect(() => M8.execute({ part: '1', method, data }, host)).toThrow(expect.objectContaining({ code: '29' }) as Error);
});

test('padding method 2 is that of the API, which leaves it to the caller', async () => {
  const mac = await run(`M601131003${TAK}0050${toHex(padMethod2(hex(DATA), 8))}`);
  expect(await run(`M601132003${TAK}0040${DATA}`)).toBe(mac);
});
