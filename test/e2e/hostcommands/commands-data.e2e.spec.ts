import { createHash } from 'node:crypto';
import { altered } from '../../support/altered.js';
import { cardKey, commonSessionKey, padded, retailMac, verificationValue } from '../../support/card-oracle.js';
import { hex4, message, send, testExchanges, useEveryCommand, type Exchange } from '../../support/every-command.js';
import {
  dukptDataKey,
  dukptMacKey,
  keyOf,
  macOf,
  pinBlock,
  tdes,
  tdesIn,
  underLmk,
  upper,
  xor,
} from '../../support/payshield-oracle.js';
import { hex } from '../../support/vectors.js';

/** Commands with cards, MACs and data, whose replies the host computes from clear keys under the public test LMK. */
const service = useEveryCommand();

const KSN = 'FFFF9876543210E00005';
const IV = '0011223344556677';
/** 33 bytes, i.e. no whole number of blocks, and the four blocks of it. */
const TEXT: Buffer = Buffer.from('The quick brown fox jumps over!!x');
const BLOCKS = TEXT.subarray(0, 32);

const clear = {
  cvk: keyOf('cvk'),
  tak: keyOf('tak'),
  singleTak: keyOf('single tak', 8),
  zak: keyOf('zak'),
  zek: keyOf('zek'),
  tek: keyOf('tek', 24),
  bdk: keyOf('bdk'),
  mkac: keyOf('mk-ac'),
};
const cvk = underLmk('402', clear.cvk);
const tak = underLmk('003', clear.tak);
const singleTak = underLmk('003', clear.singleTak);
const zak = underLmk('008', clear.zak);
const zek = underLmk('00A', clear.zek);
const tek = underLmk('30B', clear.tek);
const bdk = underLmk('009', clear.bdk);
const mkac = underLmk('109', clear.mkac);
const zpk = underLmk('001', keyOf('zpk'));

const latin1 = (bytes: Buffer) => bytes.toString('latin1');

describe('card verification values', () => {
  const PAN = '4123456789012345';
  const cvv = verificationValue(clear.cvk, `${PAN}8701101`).slice(0, 3);
  const otherCvv = `${cvv.slice(0, 2)}${(Number(cvv[2]) + 1) % 10}`;

  testExchanges(service, [
    ['CW returns a CVV', `CW${cvk}${PAN};8701101`, `CX00${cvv}`],
    ['CW refuses a PAN of 20 digits', `CW${cvk}${PAN}1234;8701101`, 'CX15'],
    ['CY verifies a CVV', `CY${cvk}${cvv}${PAN};8701101`, 'CZ00'],
    ['CY refuses another CVV', `CY${cvk}${otherCvv}${PAN};8701101`, 'CZ01'],
    ['CY refuses a PAN of 11 digits', `CY${cvk}${cvv}${PAN.slice(0, 11)};8701101`, 'CZ15'],
  ]);
});

describe('MACs', () => {
  type Algorithm = keyof typeof macOf;
  const USUAL = {
    ...{ command: 'M6', mode: '0', format: '0', size: '1', algorithm: '1', padding: '1' },
    ...{ key: `003${tak}`, iv: '', data: TEXT, claimed: '' },
  };
  /** Writes M6 or M8; by default M6 for a MAC of 16 digits by algorithm 1 with padding method 1. */
  function macRequest(members: Partial<typeof USUAL>): Buffer {
    const { command, mode, format, size, algorithm, padding, key, iv, data, claimed } = { ...USUAL, ...members };
    const sent = format === '1' ? Buffer.from(upper(data)) : data;
    return message(command, mode, format, size, algorithm, padding, key, iv, hex4(sent.length), sent, claimed);
  }
  const mac = (algorithm: Algorithm, padding: string, key = clear.tak, data = TEXT) =>
    upper(macOf[algorithm](key, data, padding));

  testExchanges(
    service,
    ['0', '1', '2'].flatMap((format): Exchange[] => [
      [`M6 with input format ${format}`, macRequest({ format }), `M700${mac('1', '1')}`],
      [
        `M6 with input format ${format}, for 8 digits by algorithm 3`,
        macRequest({ format, size: '0', algorithm: '3', padding: '2' }),
        `M700${mac('3', '2').slice(0, 8)}`,
      ],
    ]),
  );
  const cmacKey = `008${zak}`;
  testExchanges(service, [
    ['M6 by padding method 3', macRequest({ algorithm: '3', padding: '3' }), `M700${mac('3', '3')}`],
    [
      'M6 without padding',
      macRequest({ algorithm: '3', padding: '0', data: BLOCKS }),
      `M700${mac('3', '0', clear.tak, BLOCKS)}`,
    ],
    ['M6 without padding refuses a part of a block', macRequest({ algorithm: '3', padding: '0' }), 'M780'],
    ['M6 by CMAC', macRequest({ algorithm: '6', padding: '0', key: cmacKey }), `M700${mac('6', '0', clear.zak)}`],
    [
      'M6 by CMAC over whole blocks',
      macRequest({ algorithm: '6', padding: '0', key: cmacKey, data: BLOCKS }),
      `M700${mac('6', '0', clear.zak, BLOCKS)}`,
    ],
    [
      'M6 by algorithm 1 with a single-length key',
      macRequest({ key: `003${singleTak}` }),
      `M700${mac('1', '1', clear.singleTak)}`,
    ],
    ['M6 by algorithm 3 refuses a single-length key', macRequest({ algorithm: '3', key: `003${singleTak}` }), 'M727'],
    ['M8 verifies a MAC', macRequest({ command: 'M8', claimed: mac('1', '1') }), 'M900'],
    ['M8 refuses another MAC', macRequest({ command: 'M8', claimed: altered(mac('1', '1')) }), 'M901'],
    ['M6 refuses the mode 9', macRequest({ mode: '9' }), 'M702'],
    ['M6 refuses the input format 7', macRequest({ format: '7' }), 'M703'],
    ['M6 refuses the algorithm 5', macRequest({ algorithm: '5' }), 'M704'],
    ['M6 refuses the key type of a ZPK', macRequest({ key: `001${tak}` }), 'M705'],
    ['M6 refuses the padding 7', macRequest({ padding: '7' }), 'M709'],
    ['M6 refuses a ZPK as a TAK', macRequest({ key: `003${zpk}` }), 'M710'],
  ]);

  test.each([
    { algorithm: '1', padding: '1', key: `003${tak}`, whole: mac('1', '1') },
    { algorithm: '3', padding: '1', key: `003${tak}`, whole: mac('3', '1') },
    { algorithm: '6', padding: '0', key: cmacKey, whole: mac('6', '0', clear.zak) },
  ])('M6 and M8 by algorithm $algorithm in three parts', async ({ whole, ...method }) => {
    const part = async (mode: string, data: Buffer, iv: string) => {
      const [, next] =
        /^M700([0-9A-F]{16})$/.exec(await send(service, macRequest({ ...method, mode, data, iv }))) ?? [];
      return next!;
    };
    const first = await part('1', TEXT.subarray(0, 16), '');
    const middle = await part('2', TEXT.subarray(16, 24), first);
    const last = { ...method, mode: '3', data: TEXT.subarray(24), iv: middle };
    expect(await send(service, macRequest(last))).toBe(`M700${whole}`);
    const short = { ...last, command: 'M8', size: '0' };
    expect(await send(service, macRequest({ ...short, claimed: whole.slice(0, 8) }))).toBe('M900');
    expect(await send(service, macRequest({ ...short, claimed: altered(whole.slice(0, 8)) }))).toBe('M901');
  });

  const x919 = mac('3', '1').slice(0, 8);
  const translate = (claimed: string) =>
    message('MY00', `111003${tak}`, `032008${zak}`, hex4(TEXT.length), TEXT, claimed);
  const dukptMac = upper(retailMac(dukptMacKey(clear.bdk, KSN), TEXT));
  const gw = (claimed: string) => message('GW11', bdk, `605${KSN}`, claimed, '0033', TEXT);
  testExchanges(service, [
    [
      'C2 returns a MAC of X9.9',
      message('C20000', singleTak, hex4(33), TEXT),
      `C300${mac('1', '1', clear.singleTak).slice(0, 8)}`,
    ],
    ['C2 returns a MAC of X9.19', message('C20010', tak, hex4(33), TEXT), `C300${x919}`],
    ['C4 verifies a MAC of X9.19', message('C40010', tak, hex4(33), TEXT, x919), 'C500'],
    ['C4 refuses another MAC', message('C40010', tak, hex4(33), TEXT, altered(x919)), 'C501'],
    ['MY replaces a MAC', translate(mac('1', '1')), `MZ00${mac('3', '2', clear.zak).slice(0, 8)}`],
    ['MY refuses another MAC', translate(altered(mac('1', '1'))), 'MZ01'],
    ['GW returns a MAC under a DUKPT key', message('GW41', bdk, `A05${KSN}`, '0033', TEXT), `GX00${dukptMac}`],
    ['GW verifies a MAC under a DUKPT key', gw(dukptMac), 'GX00'],
    ['GW refuses another MAC', gw(altered(dukptMac)), 'GX01'],
  ]);
});

describe('data', () => {
  const inHex = (data: Buffer) => `${hex4(2 * data.length)}${upper(data)}`;
  const ecb = tdes(clear.zek, BLOCKS);
  const cbc = (key: Buffer) => tdesIn('cbc', key, BLOCKS, hex(IV));
  const cfb = tdesIn('cfb', clear.zek, TEXT, hex(IV));
  const cfb8 = tdesIn('cfb8', clear.zek, TEXT, hex(IV));
  /** The reply with the IV of the next message and the ciphertext. */
  const chained = (reply: string, iv: Buffer, data: Buffer) => `${reply}00${upper(iv)}${inHex(data)}`;
  const enciphered = (key: Buffer) => chained('M1', cbc(key).subarray(-8), cbc(key));

  testExchanges(service, [
    ['M0 encrypts bytes in ECB', message('M00000', `00A${zek}`, hex4(32), BLOCKS), `M1000020${latin1(ecb)}`],
    ['M0 encrypts in ECB', `M0001100A${zek}${inHex(BLOCKS)}`, `M100${inHex(ecb)}`],
    ['M0 encrypts in CBC', `M0011100A${zek}${IV}${inHex(BLOCKS)}`, enciphered(clear.zek)],
    ['M0 encrypts under a triple-length TEK', `M0011130B${tek}${IV}${inHex(BLOCKS)}`, enciphered(clear.tek)],
    ['M0 encrypts in CFB8', `M0021100A${zek}${IV}${inHex(TEXT)}`, chained('M1', cfb8.subarray(-8), cfb8)],
    ['M0 encrypts in CFB64', `M0031100A${zek}${IV}${inHex(TEXT)}`, chained('M1', cfb.subarray(-8), cfb)],
    [
      'M0 encrypts under a DUKPT key',
      `M00011009${bdk}A05${KSN}${inHex(BLOCKS)}`,
      `M100${inHex(tdes(dukptDataKey(clear.bdk, KSN), BLOCKS))}`,
    ],
    ['M2 decrypts in ECB', `M2001100A${zek}${inHex(ecb)}`, `M300${inHex(BLOCKS)}`],
    [
      'M2 decrypts in CBC',
      `M2011100A${zek}${IV}${inHex(cbc(clear.zek))}`,
      chained('M3', cbc(clear.zek).subarray(-8), BLOCKS),
    ],
    [
      'M4 translates from ECB to CBC',
      `M400011100A${zek}30B${tek}${IV}${inHex(ecb)}`,
      chained('M5', cbc(clear.tek).subarray(-8), cbc(clear.tek)),
    ],
    ['HE encrypts a block', `HE${tak}${IV}`, `HF00${upper(tdes(clear.tak, hex(IV)))}`],
    ['HG decrypts a block', `HG${tak}${upper(tdes(clear.tak, hex(IV)))}`, `HH00${IV}`],
  ]);

  testExchanges(
    service,
    [
      ['01', 'sha1'],
      ['05', 'sha224'],
      ['06', 'sha256'],
      ['07', 'sha384'],
      ['08', 'sha512'],
    ].map(([id, name]): Exchange => [
      `GM hashes by ${name}`,
      `GM${id}00003abc`,
      `GN00${latin1(createHash(name!).update('abc').digest())}`,
    ]),
  );

  describe('refusals', () => {
    const pinUnderZpk = `0010${pinBlock(keyOf('zpk'), '1234', '123456789012')}`;
    testExchanges(
      service,
      ['000', '001', '002', '003', '008', '10C', '109', '402', '70D'].map((type): Exchange => [
        `M2 refuses the key type ${type} with 05`,
        `M20011${type}${zpk}${pinUnderZpk}`,
        'M305',
      ]),
    );
    testExchanges(service, [
      ['M2 refuses a ZPK as a ZEK', `M2001100A${zpk}${pinUnderZpk}`, 'M310'],
      ['M0 refuses a part of a block', `M0001100A${zek}${inHex(BLOCKS.subarray(1))}`, 'M180'],
      ['M0 refuses a character that is not hexadecimal', `M0001100A${zek}0004GGGG`, 'M135'],
      ['GM refuses the hash 99', 'GM9900003abc', 'GN05'],
    ]);
  });
});

describe('EMV', () => {
  /** Rightmost 16 digits of PAN and sequence number. */
  const CARD = '3456789012345600';
  const card = hex(CARD);
  const atc = hex('0018');
  const un = hex('84F01F9D');
  const arc = Buffer.from('00');
  const transaction = Buffer.alloc(40, 7);
  const data = message('28', transaction, ';');
  const zeros = (length: number) => Buffer.alloc(length);

  const iccKey = cardKey(clear.mkac, 'A', CARD.slice(0, 14), '00');
  const mchipKey = commonSessionKey(iccKey, message(atc, zeros(2), un));
  const sessionKey = commonSessionKey(iccKey, message(atc, zeros(6)));
  const cryptogram = retailMac(iccKey, transaction);
  const mchipCryptogram = retailMac(mchipKey, transaction);
  const sessionCryptogram = retailMac(sessionKey, transaction);
  /** ARPC by method 1 of EMV Book 2 (8.2.1). */
  const arpc = (key: Buffer, arqc: Buffer) => latin1(tdes(key, xor(arqc, message(arc, zeros(6)))));
  /** ARPC by method 2 of EMV Book 2 (8.2.2), of 4 bytes, which the reply fills to 8. */
  const csu = hex('01020304');
  const arpc2 = latin1(
    message(retailMac(sessionKey, padded(message(sessionCryptogram, csu))).subarray(0, 4), zeros(4)),
  );

  testExchanges(service, [
    ['KQ verifies an ARQC of Visa', message('KQ00', mkac, card, atc, un, data, cryptogram), 'KR00'],
    ['KQ refuses another ARQC', message('KQ00', mkac, card, atc, un, data, zeros(8)), 'KR01'],
    [
      'KQ verifies an ARQC of Visa and returns the ARPC',
      message('KQ10', mkac, card, atc, un, data, cryptogram, arc),
      `KR00${arpc(iccKey, cryptogram)}`,
    ],
    [
      'KQ returns the ARPC of Visa alone',
      message('KQ20', mkac, card, atc, un, cryptogram, arc),
      `KR00${arpc(iccKey, cryptogram)}`,
    ],
    ['KQ verifies an ARQC of Mastercard', message('KQ01', mkac, card, atc, un, data, mchipCryptogram), 'KR00'],
    [
      'KQ verifies an ARQC of Mastercard and returns the ARPC under the master key of the card',
      message('KQ11', mkac, card, atc, un, data, mchipCryptogram, arc),
      `KR00${arpc(iccKey, mchipCryptogram)}`,
    ],
    ['KQ refuses the mode 9', `KQ90${mkac}`, 'KR04'],
    ['KQ refuses the scheme 9', `KQ09${mkac}`, 'KR05'],
    ['KQ refuses a MAC with the scheme of Mastercard', `KQ31${mkac}`, 'KR03'],
    ['KQ refuses data of no bytes', message('KQ00', mkac, card, atc, un, '00;', cryptogram), 'KR81'],
    [
      'KQ refuses a PAN with another character',
      message('KQ00', mkac, hex('3456789012345A00'), atc, un, data, cryptogram),
      'KR15',
    ],
    ['KW verifies an ARQC', message('KW02', mkac, card, atc, data, sessionCryptogram), 'KX00'],
    ['KW refuses another ARQC', message('KW02', mkac, card, atc, data, zeros(8)), 'KX01'],
    [
      'KW returns the ARPC by method 1',
      message('KW12', mkac, card, atc, data, sessionCryptogram, arc),
      `KX00${arpc(sessionKey, sessionCryptogram)}`,
    ],
    [
      'KW returns the ARPC by method 2',
      message('KW32', mkac, card, atc, data, sessionCryptogram, csu, '0'),
      `KX00${arpc2}`,
    ],
  ]);
});
