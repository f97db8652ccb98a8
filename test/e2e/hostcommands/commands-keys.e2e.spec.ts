import { OFF_BY_DEFAULT, send, testExchanges, useEveryCommand, type Exchange } from '../../support/every-command.js';
import { checkValue, fromLmk, keyOf, oddParity, underKey, underLmk, xor } from '../../support/payshield-oracle.js';

/** Commands with keys, whose replies the host computes from clear keys under the public test LMK. */
const service = useEveryCommand();

const clear = {
  zmk: keyOf('zmk'),
  tmk: keyOf('tmk'),
  zpk: keyOf('zpk'),
  single: keyOf('single', 8),
  cvk: keyOf('cvk'),
  bdk: keyOf('bdk'),
  tak: keyOf('tak'),
};
const zmk = underLmk('000', clear.zmk);
const tmk = underLmk('002', clear.tmk);
const zpk = underLmk('001', clear.zpk);
const bdk = underLmk('009', clear.bdk);
const short = checkValue(clear.zpk);
const long = checkValue(clear.zpk, 16);
const components = ['first', 'second', 'third'].map((name) => keyOf(`${name} component`));
const combined = components.reduce(xor);

describe('generation', () => {
  /** Expects a key of this type in a reply, of odd parity and with its check value where the reply has one. */
  function expectKey(type: string, field: string | undefined, value?: string): Buffer {
    const key = fromLmk(type, field!);
    expect(oddParity(key)).toEqual(key);
    if (value !== undefined) expect(value).toBe(checkValue(key));
    return key;
  }

  test('A0 generates a key under the LMK', async () => {
    const [, key, value] = /^A100(U.{32})(.{6})$/.exec(await send(service, 'A00001U')) ?? [];
    expectKey('001', key, value);
  });

  test.each([
    { fields: `U;0${zmk}X`, scheme: 'X' },
    { fields: `U0${zmk}U`, scheme: 'U' },
  ])('A0 generates a key under the LMK and, in scheme $scheme, a ZMK', async ({ fields, scheme }) => {
    const [, key, exported, value] =
      /^A100(U.{32})([UX].{32})(.{6})$/.exec(await send(service, `A01001${fields}`)) ?? [];
    expect(exported).toBe(underKey(clear.zmk, expectKey('001', key, value), scheme));
  });

  test.each([
    { name: 'HC generates single-length keys by default', command: `HC${tmk}`, type: '002', scheme: '' },
    { name: 'HC', command: `HC${tmk};UU0`, type: '002', scheme: 'U' },
    { name: 'HA generates single-length keys by default', command: `HA${tmk}`, type: '003', scheme: '' },
    { name: 'HA in another scheme under the TMK', command: `HA${tmk};XU0`, type: '003', scheme: 'X' },
  ])('$name: a key under the TMK and the LMK', async ({ command, type, scheme }) => {
    const reply = (await send(service, command)).slice(4);
    const key = expectKey(type, reply.slice(reply.length / 2));
    expect(reply.slice(0, reply.length / 2)).toBe(underKey(clear.tmk, key, scheme));
  });

  test.each([
    { name: 'FI: a ZEK', command: `FI0${zmk};UU1`, type: '00A' },
    { name: 'FI: a ZAK', command: `FI1${zmk};UU1`, type: '008' },
    { name: 'IA: a ZPK', command: `IA${zmk};UU1`, type: '001' },
    { name: 'FG: a PVK pair', command: `FG${zmk};UU1`, type: '002' },
  ])('$name under a ZMK and the LMK', async ({ command, type }) => {
    const [, exported, key, value] = /^..00(U.{32})(U.{32})(.{6})$/.exec(await send(service, command)) ?? [];
    expect(exported).toBe(underKey(clear.zmk, expectKey(type, key, value)));
  });

  test('AS generates a CVK pair and BI a BDK', async () => {
    const [, cvk] = /^AT00(U.{32})/.exec(await send(service, 'AS;0U1')) ?? [];
    expectKey('402', cvk);
    const [, key] = /^BJ00(U.{32})$/.exec(await send(service, 'BI;0U0')) ?? [];
    expectKey('009', key);
  });

  testExchanges(service, [
    [
      'A4 forms a key from three components',
      `A43001U${components.map((component) => underLmk('001', component)).join('')}`,
      `A500${underLmk('001', combined)}${checkValue(combined)}`,
    ],
    [
      'GG forms a ZMK from three components',
      `GG${components.map((component) => underLmk('000', component)).join('')};0U1`,
      `GH00${underLmk('000', combined)}${checkValue(combined)}`,
    ],
    [
      'GY forms a ZMK from three components',
      `GY3${components.map((component) => underLmk('000', component)).join('')};0U1`,
      `GZ00${underLmk('000', combined)}${checkValue(combined)}`,
    ],
    ['A4 refuses equal components, whose key is zero', `A42001U${zpk}${zpk}`, 'A511'],
    ['A4 refuses a single component', `A41001U${zpk}`, 'A503'],
    ['A0 refuses to derive a key', `A0A009U01${bdk}9876543210E00001`, 'A115'],
  ]);
});

describe('import and export', () => {
  const evenParity = xor(clear.zpk, Buffer.alloc(16, 1));
  const equalHalves = Buffer.concat([clear.single, clear.single]);
  testExchanges(service, [
    ['A6 imports', `A6001${zmk}${underKey(clear.zmk, clear.zpk, 'X')}U`, `A700${zpk}${short}`],
    ['A6 corrects even parity and warns', `A6001${zmk}${underKey(clear.zmk, evenParity, 'X')}U`, `A701${zpk}${short}`],
    ['A6 refuses two equal halves', `A6001${zmk}${underKey(clear.zmk, equalHalves, 'X')}U`, 'A775'],
    ['A6 refuses a field too many', `A6001${zmk}${zpk}U1`, 'A715'],
    ['A8 exports in scheme U', `A8001${zmk}${zpk}U`, `A900${underKey(clear.zmk, clear.zpk)}${short}`],
    ['A8 exports in scheme X', `A8001${zmk}${zpk}X`, `A900${underKey(clear.zmk, clear.zpk, 'X')}${short}`],
    ['A8 refuses a ZPK as the ZMK', `A8001${zpk}${zpk}U`, 'A910'],
  ]);

  /** Older commands: import and export of a key of a type, with the flag that some of them begin with. */
  const OLDER = [
    { what: 'a CVK pair', into: 'AW', out: 'AU', type: '402', key: clear.cvk, flag: '' },
    { what: 'a BDK', into: 'DW', out: 'DY', type: '009', key: clear.bdk, flag: '' },
    { what: 'a ZPK', into: 'FA', out: 'GC', type: '001', key: clear.zpk, flag: '' },
    { what: 'a TPK', into: 'FC', out: 'FE', type: '002', key: clear.tmk, flag: '' },
    { what: 'a ZEK', into: 'FK', out: 'FM', type: '00A', key: clear.tak, flag: '0' },
    { what: 'a ZAK', into: 'FK', out: 'FM', type: '008', key: clear.tak, flag: '1' },
    { what: 'a TAK', into: 'MI', out: 'MG', type: '003', key: clear.tak, flag: '' },
  ];
  const replyOf = (code: string) => `${code[0]}${String.fromCharCode(code.charCodeAt(1) + 1)}00`;
  testExchanges(
    service,
    OLDER.flatMap(({ what, into, out, type, key, flag }): Exchange[] => {
      const local = underLmk(type, key);
      const sent = underKey(clear.zmk, key, 'X');
      const value = checkValue(key);
      return [
        [`${into} imports ${what}`, `${into}${flag}${zmk}${sent};0U1`, `${replyOf(into)}${local}${value}`],
        [`${out} exports ${what}`, `${out}${flag}${zmk}${local};X01`, `${replyOf(out)}${sent}${value}`],
      ];
    }),
  );
  testExchanges(service, [
    [
      'FA returns 16 digits of the check value',
      `FA${zmk}${underKey(clear.zmk, clear.zpk, 'X')};XU0`,
      `FB00${zpk}${long}`,
    ],
    [
      'BY imports a ZMK',
      `BY${zmk}${underKey(clear.zmk, clear.tmk, 'X')};0U1`,
      `BZ00${underLmk('000', clear.tmk)}${checkValue(clear.tmk)}`,
    ],
    [
      'AE exports a TPK under a TMK',
      `AE${tmk}${underLmk('002', clear.cvk)};X00`,
      `AF00${underKey(clear.tmk, clear.cvk, 'X')}`,
    ],
    [
      'AG exports a TAK under a TMK',
      `AG${tmk}${underLmk('003', clear.tak)};X01`,
      `AH00${underKey(clear.tmk, clear.tak, 'X')}${checkValue(clear.tak)}`,
    ],
    ['B0 changes the scheme', `B0001${zpk}X`, `B100${underLmk('001', clear.zpk, 'X')}`],
    ['BW translates to another LMK', `BW011${zpk};0U0%03`, `BX00${zpk}`],
    ['BW translates a key whose type it names', `BWFF1${zpk};001;0U0%03`, `BX00${zpk}`],
    ['BW refuses the LMK that the key is under', `BW011${zpk};0U0`, 'BX44'],
  ]);

  test.each([
    ['A8 exports a ZPK as a TR-31 block', `A8001${zmk}${zpk}R#P0T2E00E00`, /^A900RB\d{4}P0TE00E/],
    [
      'A8 exports a CVK as a TR-31 block',
      `A8402${zmk}${underLmk('402', clear.cvk)}R#C0T2N00E00`,
      /^A900RB\d{4}C0TN00E/,
    ],
  ])('%s, which ends in the check value', async (_name, command, reply) => {
    const exported = await send(service, command);
    expect(exported).toMatch(reply);
    expect(exported.slice(-6)).toBe(command.includes('#C0') ? checkValue(clear.cvk) : short);
  });
});

describe('check values', () => {
  testExchanges(service, [
    ['BU returns 16 digits', `BU011${zpk}`, `BV00${long}`],
    ['BU returns 6 digits', `BU011${zpk};001`, `BV00${short}`],
    ['BU takes the type of the key', `BUFF1${zpk};001;001`, `BV00${short}`],
    ['BU refuses the length flag of a single-length key', `BU010${zpk}`, 'BV05'],
    ['BU refuses the pair 99', `BU991${zpk}`, 'BV04'],
    ['BU refuses a key of another pair', `BU021${zpk}`, 'BV10'],
    ['KA returns 16 digits', `KA${zpk}01`, `KB00${long}`],
    ['KA refuses the pair 99', `KA${zpk}99`, 'KB21'],
  ]);
});

describe('diagnostics and unknown commands', () => {
  testExchanges(service, [
    ['B2 echoes', 'B20004PING', 'B300PING'],
    ['B2 refuses a length beyond the data', 'B20005PING', 'B315'],
    ['NO tells the PCI flag', 'NO01', 'NP000'],
    ['NO tells buffer, connection and sockets', 'NO00', 'NP003110000000-KB0100000'],
    ['N0 refuses 257 bytes', 'N0257', 'N101'],
    ['NK runs commands in order', 'NK0020010B20004PING0005N0257', 'NL000008B300PING0004N101'],
  ]);

  test.each(['L0', 'MA', 'MC', 'KU', 'JU', 'PE', 'LO', 'KY', 'RA', 'ab', '\x00\x01'])(
    '%j is unknown',
    async (command) => {
      const reply = command[0]! + String.fromCharCode(command.charCodeAt(1) + 1);
      expect(await send(service, command)).toBe(`${reply}68`);
    },
  );

  test.each(OFF_BY_DEFAULT)('%s is off by default', async (command) => {
    expect((await service.ask(command)).slice(2)).toBe('68');
  });

  test('NC tells the check value of the LMK, and N0 returns random bytes', async () => {
    expect(await send(service, 'NC')).toMatch(/^ND00[0-9A-F]{16}0000-KB01$/);
    expect(await send(service, 'N0008')).toMatch(/^N100[^]{8}$/);
  });
});
