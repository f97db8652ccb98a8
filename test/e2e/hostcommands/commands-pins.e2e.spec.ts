import { send, testExchanges, useEveryCommand, type Exchange } from '../../support/every-command.js';
import { dukptPinKey, ibmOffset, keyOf, pinBlock, pvv, underLmk } from '../../support/payshield-oracle.js';

/** Commands with PINs, whose replies the host computes from clear keys under the public test LMK. */
const service = useEveryCommand();

const ACCOUNT = '123456789012';
const OTHER_ACCOUNT = '550000025321';
/** KSNs with the counters 5 and 1, the first with a BDK identifier of ten digits. */
const KSN20 = 'FFFF9876543210E00005';
const KSN16 = '9876543210E00001';
const IBM = { table: '0123456789012345', data: '926923000N12', account: ACCOUNT };
const IBM_FIELDS = `${IBM.table}${IBM.data}`;

const clear = {
  zpk: keyOf('zpk'),
  tripleZpk: keyOf('triple zpk', 24),
  tpk: keyOf('tpk'),
  pvk: keyOf('pvk'),
  singlePvk: keyOf('single pvk', 8),
  bdk: keyOf('bdk'),
  otherBdk: keyOf('other bdk'),
};
const zpk = underLmk('001', clear.zpk);
const tripleZpk = underLmk('001', clear.tripleZpk);
const tpk = underLmk('002', clear.tpk);
const pvk = underLmk('002', clear.pvk);
const singlePvk = underLmk('002', clear.singlePvk);
const bdk = underLmk('009', clear.bdk);
const otherBdk = underLmk('609', clear.otherBdk);
const transactionKey = dukptPinKey(clear.bdk, KSN20);
const otherTransactionKey = dukptPinKey(clear.otherBdk, KSN16);

const block = (key: Buffer, pin = '1234', account = ACCOUNT) => pinBlock(key, pin, account);
const offset = (pin: string) => ibmOffset(clear.singlePvk, IBM, pin);
const visa = (pin: string, index = '1', account = ACCOUNT) => index + pvv(clear.pvk, account, index, pin);

describe('PIN translation', () => {
  /** From a TPK to a ZPK; the rest is what follows the PIN block. */
  const ca = (rest: string, { from = tpk, to = zpk, most = '12', pin = block(clear.tpk) } = {}) =>
    `CA${from}${to}${most}${pin}${rest}`;
  const translated = `04${block(clear.zpk)}01`;

  testExchanges(service, [
    ['CA translates to a ZPK', ca(`0101${ACCOUNT}`), `CB00${translated}`],
    [
      'CA translates to a triple-length ZPK',
      ca(`0101${ACCOUNT}`, { to: tripleZpk }),
      `CB0004${block(clear.tripleZpk)}01`,
    ],
    [
      'CA takes hexadecimal in lower case',
      ca(`0101${ACCOUNT}`, { from: tpk.toLowerCase().replace('u', 'U'), pin: block(clear.tpk).toLowerCase() }),
      `CB00${translated}`,
    ],
    ['CA takes an LMK and a trailer', ca(`0101${ACCOUNT}%00\x19TRAILER`), `CB00${translated}\x19TRAILER`],
    [
      'CA translates to a DUKPT key',
      ca(`12${block(clear.tpk)}0101${ACCOUNT}`, { to: `*${bdk}A05${KSN20}`, most: '', pin: '' }),
      `CB0004${block(transactionKey)}01`,
    ],
    [
      'CA translates to a DUKPT key of a BDK of type 2',
      ca(`12${block(clear.tpk)}0101${ACCOUNT}`, { to: `~${otherBdk}605${KSN16}`, most: '', pin: '' }),
      `CB0004${block(otherTransactionKey)}01`,
    ],
    [
      'CC translates to another ZPK',
      `CC${zpk}${tripleZpk}12${block(clear.zpk)}0101${ACCOUNT}`,
      `CD0004${block(clear.tripleZpk)}01`,
    ],
    [
      'G0 translates from a DUKPT key',
      `G0${bdk}${zpk}A05${KSN20}${block(transactionKey)}0101${ACCOUNT}`,
      `G100${translated}`,
    ],
    [
      'G0 takes a KSN with 4 digits more than its descriptor says',
      `G0*${bdk}${zpk}605${KSN20}${block(transactionKey)}0101${ACCOUNT}`,
      `G100${translated}`,
    ],
    [
      'G0 translates from one DUKPT key to another',
      `G0${bdk}~${otherBdk}A05${KSN20}605${KSN16}${block(transactionKey)}0101${ACCOUNT}`,
      `G10004${block(otherTransactionKey)}01`,
    ],
    [
      'G0 takes the same account for the destination',
      `G0${bdk}${zpk}A05${KSN20}${block(transactionKey)}0101${ACCOUNT};${ACCOUNT}`,
      `G100${translated}`,
    ],
    [
      'CI translates from a DUKPT key',
      `CI${bdk}${zpk}605${KSN20}${block(transactionKey)}01${ACCOUNT}`,
      `CJ00${translated}`,
    ],
  ]);

  describe('refusals', () => {
    const formats = ['02', '04', '34', '35', '41', '99'].map((format): Exchange => [
      `CA refuses format ${format} with 23`,
      ca(`01${format}${ACCOUNT}`),
      'CB23',
    ]);
    testExchanges(service, [
      ...formats,
      ['CA refuses ISO 4 under a TDES key', ca('01481234123456789012;'), 'CB27'],
      ['CA refuses a change to ISO 1, which has no account', ca(`0105${ACCOUNT}`), 'CB23'],
      ['CA refuses a change to the format of Diebold', ca(`0103${ACCOUNT}`), 'CB23'],
      ['G0 refuses a change to ISO 1', `G0${bdk}${zpk}A05${KSN20}${block(transactionKey)}0105${ACCOUNT}`, 'G123'],
      ['CA refuses a PIN above the maximum length', ca(`0101${ACCOUNT}`, { most: '03' }), 'CB24'],
      ['CA refuses a PIN block of another account', ca('0101999999999999'), 'CB20'],
      ['CA refuses a digit too many', ca(`0101${ACCOUNT}7`), 'CB15'],
      ['CA refuses a trailer of 33 characters', ca(`0101${ACCOUNT}\x19${'T'.repeat(33)}`), 'CB15'],
      ['CA refuses a first key of another type', ca(`0101${ACCOUNT}`, { from: zpk }), 'CB10'],
      ['CA refuses a second key of another type', ca(`0101${ACCOUNT}`, { to: tpk }), 'CB11'],
      ['CA refuses an LMK that does not exist', ca(`0101${ACCOUNT}%07`), 'CB13'],
      ['CA refuses a key of the user storage', ca(`0101${ACCOUNT}`, { from: 'UK001' }), 'CB12'],
    ]);
  });

  test('CA translates to ISO 3, which CC translates back', async () => {
    const [, iso3] = /^CB0004(.{16})47$/.exec(await send(service, ca(`0147${ACCOUNT}`))) ?? [];
    expect(iso3).toMatch(/^[0-9A-F]{16}$/);
    expect(await send(service, `CC${zpk}${tripleZpk}12${iso3}4701${ACCOUNT}`)).toBe(
      `CD0004${block(clear.tripleZpk)}01`,
    );
  });
});

describe('PIN verification', () => {
  const da = (pin: string, claimed: string, key = singlePvk) =>
    `DA${tpk}${key}12${block(clear.tpk, pin)}0104${ACCOUNT}${IBM_FIELDS}${claimed}`;
  const ea = (pin: string, length: string, claimed: string, table = IBM.table) =>
    `EA${zpk}${singlePvk}12${block(clear.zpk, pin)}01${length}${ACCOUNT}${table}${IBM.data}${claimed}`;
  const ec = (between: string) => `EC${zpk}${pvk}${block(clear.zpk)}01${ACCOUNT}${between}`;
  const dc = (key: string, claimed: string) => `DC${tpk}${key}${block(clear.tpk)}01${ACCOUNT}${claimed}`;
  const go = (mode: string, claimed: string, key = singlePvk) =>
    `GO${mode}${bdk}${key}A05${KSN20}${block(transactionKey)}0104${ACCOUNT}${IBM_FIELDS}${claimed}`;
  const gq = (claimed: string) => `GQ0${bdk}${pvk}A05${KSN20}${block(transactionKey)}01${ACCOUNT}${claimed}`;
  const ck = (claimed: string) =>
    `CK${bdk}${singlePvk}605${KSN20}${block(transactionKey)}04${ACCOUNT}${IBM_FIELDS}${claimed}`;
  const cm = (claimed: string) => `CM${bdk}${pvk}605${KSN20}${block(transactionKey)}${ACCOUNT}${claimed}`;
  const offsetOfDouble = ibmOffset(clear.pvk, IBM, '1234');

  testExchanges(service, [
    ['DA verifies an offset', da('1234', offset('1234')), 'DB00'],
    ['DA refuses the offset of another PIN', da('1234', offset('1235')), 'DB01'],
    ['DA warns of a double-length PVK', da('1234', offsetOfDouble, pvk), 'DB02'],
    ['EA verifies an offset of 6 digits', ea('123456', '06', offset('123456')), 'EB00'],
    ['EA verifies 4 of 6 digits', ea('123456', '04', offset('1234')), 'EB00'],
    ['EA refuses another PIN', ea('123456', '06', offset('123457')), 'EB01'],
    ['EA refuses an offset shorter than the check length', ea('123456', '06', offset('1234')), 'EB15'],
    ['EA refuses a check length of 3', ea('1234', '03', offset('1234')), 'EB15'],
    ['DC verifies a PVV', dc(pvk, visa('1234')), 'DD00'],
    ['DC refuses the PVV of another PIN', dc(pvk, visa('1235')), 'DD01'],
    ['EC verifies a PVV', ec(visa('1234')), 'ED00'],
    ['EC refuses the PVV of another PIN', ec(visa('1235')), 'ED01'],
    ['EC verifies a PVV of another account', ec(`;${OTHER_ACCOUNT}${visa('1234', '1', OTHER_ACCOUNT)}`), 'ED00'],
    ['EC refuses the index 7', ec(visa('1234', '7')), 'ED15'],
    ['GO verifies an offset', go('0', offset('1234')), 'GP00'],
    ['GO refuses the offset of another PIN', go('0', offset('1235')), 'GP01'],
    ['GO warns of a double-length PVK', go('0', offsetOfDouble, pvk), 'GP02'],
    [
      'GO verifies a PIN under a BDK of type 2',
      `GO0~${otherBdk}${singlePvk}605${KSN16}${block(otherTransactionKey)}0104${ACCOUNT}${IBM_FIELDS}${offset('1234')}`,
      'GP00',
    ],
    ['GO refuses its mode with a MAC', go('111', offset('1234')), 'GP15'],
    ['GQ verifies a PVV', gq(visa('1234')), 'GR00'],
    ['GQ refuses the PVV of another PIN', gq(visa('1233')), 'GR01'],
    ['CK verifies an offset', ck(offset('1234')), 'CL00'],
    ['CK refuses the offset of another PIN', ck(offset('1235')), 'CL01'],
    ['CM verifies a PVV', cm(visa('1234')), 'CN00'],
    ['CM refuses the PVV of another PIN', cm(visa('1235')), 'CN01'],
  ]);

  describe('weak decimalisation tables', () => {
    testExchanges(
      service,
      ['0000000000000000', '0123456700000000', '0123456000000000'].map((table): Exchange => [
        `EA refuses ${table} with 25`,
        ea('1234', '04', offset('1234'), table),
        'EB25',
      ]),
    );
    const rest = `04${ACCOUNT}0000000000000000${IBM.data}`;
    testExchanges(service, [
      ['EA refuses an encrypted table', ea('1234', '04', offset('1234'), '709F26B22464E96A'), 'EB25'],
      ['DE refuses a table of zeros', `DE${singlePvk}12345${rest}`, 'DF25'],
      ['EE refuses a table of zeros', `EE${singlePvk}1234FFFFFFFF${rest}`, 'EF25'],
      ['BK refuses a table of zeros', `BK002${tpk}${singlePvk}${block(clear.tpk)}01${rest}`, 'BL25'],
      [
        'DU refuses a table of zeros',
        `DU002${tpk}${singlePvk}${block(clear.tpk)}01${rest}${offset('1234')}${block(clear.tpk, '4321')}`,
        'DV25',
      ],
      [
        'GO refuses a table of zeros',
        `GO0${bdk}${singlePvk}A05${KSN20}${block(transactionKey)}01${rest}${offset('1234')}`,
        'GP25',
      ],
      [
        'CK refuses a table of zeros',
        `CK${bdk}${singlePvk}A05${KSN20}${block(transactionKey)}${rest}${offset('1234')}`,
        'CL25',
      ],
    ]);
  });
});

describe('PIN changes and reference values of PIN blocks', () => {
  const cu = (old: string) =>
    `CU001${zpk}${pvk}${block(clear.zpk)}01${ACCOUNT}${visa(old)}${block(clear.zpk, '98765')}`;
  const du = (old: string) =>
    `DU001${zpk}${singlePvk}${block(clear.zpk)}0104${ACCOUNT}${IBM_FIELDS}${offset(old)}${block(clear.zpk, '9876')}`;
  const fw = (type: string, pinKey = zpk) => `FW${type}${pinKey}${pvk}${block(clear.zpk)}01${ACCOUNT}1`;

  testExchanges(service, [
    ['CU returns the PVV of the new PIN', cu('1234'), `CV00${pvv(clear.pvk, ACCOUNT, '1', '9876')}`],
    ['CU refuses a wrong old PIN', cu('1235'), 'CV01'],
    ['DU returns the offset of the new PIN', du('1234'), `DV00${offset('9876')}`],
    ['DU refuses a wrong old PIN', du('1235'), 'DV01'],
    ['FW returns a PVV', fw('001'), `FX00${pvv(clear.pvk, ACCOUNT, '1', '1234')}`],
    ['FW refuses the key type FFF, which is for key blocks', fw('FFF'), 'FX28'],
    ['FW refuses the key type of a TAK', fw('003'), 'FX28'],
    ['FW refuses a ZPK as a TPK', fw('002'), 'FX10'],
    [
      'BK returns an offset of 6 digits',
      `BK001${zpk}${singlePvk}${block(clear.zpk, '123456')}0106${ACCOUNT}${IBM_FIELDS}`,
      `BL00${offset('123456')}`,
    ],
  ]);
});

describe('PINs under the LMK', () => {
  /** The PIN 1234 under the LMK. */
  let pin: string;
  beforeAll(async () => {
    const reply = await send(service, `BA1234F${ACCOUNT}`);
    expect(reply).toMatch(/^BB00[0-9]{5}$/);
    pin = reply.slice(4);
  });

  const rest = `04${ACCOUNT}${IBM_FIELDS}`;
  const doubleOffset = ibmOffset(clear.pvk, IBM, '1234');
  test.each<[name: string, command: string, reply: string]>([
    ['NG decrypts the PIN', `NG${ACCOUNT}{pin}`, 'NH001234F'],
    ['NG refuses another account', `NG000000000000{pin}`, 'NH14'],
    ['JC translates it from a TPK', `JC${tpk}${block(clear.tpk)}01${ACCOUNT}`, 'JD00{pin}'],
    ['JE translates it from a ZPK', `JE${zpk}${block(clear.zpk)}01${ACCOUNT}`, 'JF00{pin}'],
    ['JG translates it to a ZPK', `JG${zpk}01${ACCOUNT}{pin}`, `JH00${block(clear.zpk)}`],
    ['JG refuses ISO 1', `JG${zpk}05${ACCOUNT}{pin}`, 'JH23'],
    ['BC compares it with a PIN under a TPK', `BC${tpk}${block(clear.tpk)}01${ACCOUNT}{pin}`, 'BD00'],
    ['BC refuses another PIN', `BC${tpk}${block(clear.tpk, '1235')}01${ACCOUNT}{pin}`, 'BD01'],
    ['BE compares it with a PIN under a ZPK', `BE${zpk}${block(clear.zpk)}01${ACCOUNT}{pin}`, 'BF00'],
    ['BE refuses another PIN', `BE${zpk}${block(clear.zpk, '1235')}01${ACCOUNT}{pin}`, 'BF01'],
    ['DE returns its offset', `DE${singlePvk}{pin}${rest}`, `DF00${offset('1234')}`],
    ['DE warns of a double-length PVK', `DE${pvk}{pin}${rest}`, `DF02${doubleOffset}`],
    ['EE derives it from its offset', `EE${singlePvk}${offset('1234')}${rest}`, 'EF00{pin}'],
    ['EE warns of a double-length PVK', `EE${pvk}${doubleOffset}${rest}`, 'EF02{pin}'],
    ['DG returns its PVV', `DG${pvk}{pin}${ACCOUNT}1`, `DH00${pvv(clear.pvk, ACCOUNT, '1', '1234')}`],
    ['BG keeps it under an LMK with the same PIN length', `BG${ACCOUNT}{pin}`, 'BH00{pin}'],
  ])('%s', async (_name, command, reply) => {
    expect(await send(service, command.replace('{pin}', pin))).toBe(reply.replace('{pin}', pin));
  });

  test('QK translates a PIN to another account', async () => {
    const [, translated] = /^QL00([0-9]{5})$/.exec(await send(service, `QK${pin}${ACCOUNT}${OTHER_ACCOUNT}`)) ?? [];
    expect(await send(service, `NG${OTHER_ACCOUNT}${translated}`)).toBe('NH001234F');
  });

  test('BG translates a PIN to the PIN length of another LMK', async () => {
    const [, longer] = /^BH00([0-9]{7})$/.exec(await send(service, `BG${ACCOUNT}${pin}%03`)) ?? [];
    expect(await send(service, `NG${ACCOUNT}${longer}%03`)).toBe('NH001234FFF');
  });

  test.each([
    { length: '', lmk: '', digits: 4 },
    { length: '04', lmk: '', digits: 4 },
    { length: '05', lmk: '%03', digits: 5 },
    { length: '06', lmk: '%03', digits: 6 },
  ])('JA$length$lmk generates a PIN of $digits digits', async ({ length, lmk, digits }) => {
    const generated = (await send(service, `JA${ACCOUNT}${length}${lmk}`)).slice(4);
    const decrypted = await send(service, `NG${ACCOUNT}${generated}${lmk}`);
    expect(decrypted).toMatch(new RegExp(`^NH00[0-9]{${digits}}F{${generated.length - digits}}$`));
  });

  test('JA refuses a PIN longer than those of the LMK', async () => {
    expect(await send(service, `JA${ACCOUNT}05`)).toBe('JB24');
  });
});
