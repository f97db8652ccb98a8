import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { testPki } from '../../test/support/tr34.js';
import { hex, vectors } from '../../test/support/vectors.js';
import { formatHeader } from '../crypto/tr31/key-block.js';
import type { OptionalBlock } from '../crypto/tr31/optional-blocks.js';
import { oid, sequence, set, TAG, encode } from '../crypto/asn1.js';
import { keyblock } from './keyblock.js';

interface BlockVector {
  keyBlock: string;
  expected: { key: string; optionalBlocks: { id: string }[] };
}
interface TokenVector {
  inputs: { wrappedKeyBlock: string; randomNonce: string | null };
  expected: { accept: boolean; clearKey?: string; keyBlockHeader?: string };
}

const blocks = vectors<BlockVector>('tr31');
const tokens = vectors<TokenVector>('tr34');
const blockOf = (id: string) => blocks.find((vector) => vector.id === id)!.keyBlock;
const tokenOf = (id: string) => tokens.find((vector) => vector.id === id)!.inputs.wrappedKeyBlock;

async function run(args: string[], input: string | Buffer = '') {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await keyblock(args, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr });
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) };
}

const linesOf = (output: string) => output.split('\n').map((line) => line.trim().replace(/ {2,}/g, ' | '));

describe('tr31 inspect', () => {
  test.each(blocks)('$id: prints every field and optional block, and no key', async ({ keyBlock, expected }) => {
    const { exitCode, stdout, stderr } = await run(['tr31', 'inspect', keyBlock]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const lines = linesOf(stdout);
    expect(lines[0]).toMatch(new RegExp(`^TR-31 key block, ${keyBlock.length} characters\\. Not verified`));
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^0 \\| key block version ID \\| ${keyBlock[0]} \\| `)),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^5 \\| key usage \\| ${keyBlock.slice(5, 7)} \\| `)),
    );
    for (const { id } of expected.optionalBlocks)
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^\\d+ \\| ${id} \\| \\d+ \\| `)));
    expect(stdout).not.toContain(expected.key);
  });

  test('prints offsets, lengths and meanings', async () => {
    const { stdout } = await run(['tr31', 'inspect', '-'], `  ${blockOf('tr31-v029').replace(/.{64}/g, '$&\r\n')}\n`);
    const start = 'TR-31 key block, 144 characters. Not verified: verification needs the key block protection key.';
    expect(linesOf(stdout)).toEqual([
      start,
      '',
      'Header',
      'OFFSET | FIELD | VALUE | MEANING',
      '0 | key block version ID | B | TDEA Key Derivation Binding Method',
      '1 | key block length | 0144 | 144 characters',
      '5 | key usage | D0 | Symmetric Key for Data Encryption',
      '7 | algorithm | T | Triple DEA (TDEA)',
      '8 | mode of use | B | Both Encrypt & Decrypt / Wrap & Unwrap',
      '9 | key version number | 00 | Key versioning is not used for this key',
      '11 | exportability | E | Exportable under a KEK in a form meeting the requirements of ANSI X9.24 Parts 1 or 2',
      '12 | number of optional blocks | 04 | 4 optional blocks',
      '14 | key context | 0 | Determined by the wrapping key',
      '15 | reserved | 0 | Always 0',
      '',
      'Optional blocks',
      'OFFSET | ID | LENGTH | MEANING',
      '16 | KC | 12 | Key Check Value of the Wrapped Key',
      'BFA880: the leftmost 3 bytes of an encrypted block of zeros',
      '28 | KP | 12 | Key Check Value of the KBPK',
      'FE8EFC: the leftmost 3 bytes of an encrypted block of zeros',
      '40 | TS | 19 | Time Stamp',
      '20240131235959Z: 2024-01-31 23:59:59 UTC',
      '59 | PB | 5 | Padding Block',
      'filler of 1 character, without meaning',
      '',
      'Encrypted key, offset 64',
      '64 digits: 32 bytes, 4 blocks of TDES in CBC',
      'under a key derived from the key block protection key by derivation',
      'clear: length of the key in bits (2 bytes), key, random padding',
      'length of the key: obfuscated, 8, 16 or 24 bytes; visible only after unwrapping',
      '',
      'MAC, offset 128',
      'C7B4303B0CE63F9F: 8 bytes, the CMAC (TDES) over header, optional blocks and clear key',
      '',
    ]);
  });

  test.each([
    ['tr31-v001', '8 or 16 bytes; the padding is too short to hide a key of 24'],
    ['tr31-v011', 'at most 126 bytes; visible only after unwrapping'],
    ['tr31-v041', 'obfuscated, 16, 24 or 32 bytes; visible only after unwrapping'],
  ])('%s: states the key length as %s', async (id, words) => {
    expect((await run(['tr31', 'inspect', blockOf(id)])).stdout).toContain(`length of the key: ${words}`);
  });

  /** Builds a well-formed block with these optional blocks; its encrypted part is meaningless. */
  const blockWith = (optionalBlocks: OptionalBlock[], usage = 'D0', payload = 48) => {
    const header = {
      versionId: 'D',
      keyUsage: usage,
      algorithm: 'A',
      modeOfUse: 'B',
      keyVersionNumber: 'c2',
      exportability: '7',
      keyContext: '2',
    } as const;
    return formatHeader(header, optionalBlocks, payload) + '0'.repeat(2 * payload + 32);
  };
  const certificate = testPki().kdh!.certificate.der.toString('base64');
  const chained = `00${certificate.length.toString(16).toUpperCase().padStart(4, '0')}${certificate}`;
  test.each([
    ['AL', '0100', ['0100: ephemeral']],
    ['AL', '0101', ['0101: static']],
    ['BI', '00FFFF987654', ['00: key set ID of TDES DUKPT, FFFF987654 (5 bytes)']],
    ['BI', '0112345678', ['01: BDK ID of AES DUKPT, 12345678 (4 bytes)']],
    ['CT', `00${certificate}`, ['00: an X.509 certificate, 767 bytes', 'serial number | C8', 'key | RSA, 2048 bits']],
    ['CT', `02${chained}${chained}`, ['02: a chain of 2 certificates', '00: an X.509 certificate, 767 bytes']],
    ['CT', '01AAAA', ['01: an EMV certificate, 3 bytes']],
    ['CT', '00AAAA', ['00: an X.509 certificate, 3 bytes', 'it cannot be read: it must be DER']],
    [
      'DA',
      '01P0TE5Z0AXN',
      [
        'P0TE5: PIN Encryption; Triple DEA (TDEA); Encrypt / Wrap Only; not defined in X9.143',
        'Z0AXN: not defined in X9.143; AES; Key used to derive other key(s); Non-exportable by the receiver of the key block, or from storage',
      ],
    ],
    ['HM', '21', ['21: SHA-256']],
    ['IK', '1234567890123456', ['1234567890123456: BDK ID 12345678, derivation ID 90123456']],
    ['KC', '01184F28EA46', ['184F28EA46: the leftmost 5 bytes of the CMAC of a block of zeros']],
    ['PK', '00AB', ['AB: the leftmost 1 byte of an encrypted block of zeros']],
    [
      'KS',
      'FFFF9876543210E00008',
      ['FFFF9876543210E00008, 10 bytes', 'as a KSN of TDES DUKPT: key set ID FFFF987654, device ID 102535, counter 8'],
    ],
    ['KS', 'ABCD', ['ABCD, 2 bytes']],
    ['LB', 'issuer "7"', [String.raw`"issuer \"7\""`]],
    ['LB', '', ['no data']],
    ['TC', '2024-01-31T23:59:59.07Z', ['2024-01-31T23:59:59.07Z: 2024-01-31 23:59:59.07 UTC']],
    ['WP', '003', ['003: Asymmetric lesser: wrapped by a weaker asymmetric key']],
    ['42', 'anything', ['"anything"']],
    ['ZZ', 'anything', ['"anything"']],
    ['LB', 'x'.repeat(300), [`16 | LB | 310 | Label`, `"${'x'.repeat(300)}"`]],
  ])('describes optional block %s with %j', async (id, data, expected) => {
    const { exitCode, stdout } = await run(['tr31', 'inspect', blockWith([{ id, data }])]);
    expect(exitCode).toBe(0);
    expect(linesOf(stdout)).toEqual(expect.arrayContaining(expected));
  });

  test('warns about a well-formed block that the service will refuse', async () => {
    const { exitCode, stdout } = await run(['tr31', 'inspect', blockWith([], 'M6', 16)]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('This block will not be opened: Mode of use B does not go with key usage M6.');
    expect(stdout).toContain('length of the key: no key of this algorithm fits in 14 bytes');
    expect((await run(['tr31', 'inspect', blockOf('tr31-v001')])).stdout).toContain('Version A is deprecated');
    const component = blockOf('tr31-v029').replace(/^(.{9})../, '$1c2');
    expect((await run(['tr31', 'inspect', component])).stdout).toContain('This block holds a component of a key');
  });

  const good = blockOf('tr31-v029');
  const altered = (offset: number, value: string) => good.slice(0, offset) + value + good.slice(offset + value.length);
  test.each([
    ['', 0, 'The input is empty.'],
    ['X', 0, 'It can be A, B, C or D.'],
    ['B0002P0TE00E0000', 1, 'The block has 16 characters: write that number'],
    [
      good.slice(0, -1),
      1,
      'The block has 143 characters: write that number, or look for missing or additional characters.',
    ],
    [altered(0, 'E'), 0, 'It can be A, B, C or D.'],
    [altered(5, 'ZZ'), 5, 'or 2 digits for a proprietary usage.'],
    [altered(7, 'X'), 7, 'It can be A, D, E, H, R, S or T, or a digit for a proprietary algorithm.'],
    [altered(8, 'Z'), 8, 'It can be B, C, D, E, G, N, S, T, V, X or Y, or a digit'],
    [altered(9, '+0'), 9, '00 for a key without versions'],
    [altered(11, 'X'), 11, 'It can be E, N or S, or a digit'],
    [altered(12, 'ZZ'), 12, 'number of optional blocks "ZZ" must be 2 digits'],
    [altered(14, '9'), 14, 'It can be 0, 1 or 2.'],
    [altered(18, 'FF'), 18, 'the optional block of length "FF" ends after the key block'],
    [altered(20, '99'), 16, 'the data of optional block KC must be 00 and a check value'],
    [altered(140, 'c'), 140, 'upper-case hexadecimal'],
    [`R0144${good.slice(5)}`, 0, 'It can be A, B, C or D.'],
    [`RB014${good.slice(5)}`, 0, 'key block version ID has the value "R"'],
    [`R${good}`, 0, 'the key scheme letter "R" of an HSM precedes the key block: leave it out'],
  ])('refuses %j at offset %i', async (input, offset, words) => {
    const { exitCode, stdout, stderr } = await run(['tr31', 'inspect', '-'], input);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^Malformed key block at offset ${offset}: `));
    expect(stderr).toContain(words);
  });

  test('marks the position of the error', async () => {
    const { stderr } = await run(['tr31', 'inspect', altered(64, '\u001b')]);
    const [, excerpt, mark] = stderr.split('\n');
    expect(excerpt![mark!.indexOf('^')]).toBe('?');
    expect(excerpt).toBe(`  ${good.slice(34, 64)}?${good.slice(65, 94)}`);
  });
});

describe('tr34 inspect', () => {
  test.each(tokens)('prints $id', async ({ inputs, expected }) => {
    const { exitCode, stdout, stderr } = await run(['tr34', 'inspect', inputs.wrappedKeyBlock]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`${inputs.wrappedKeyBlock.length / 2} bytes of DER, given as hexadecimal.`);
    expect(stdout).toMatch(/Header|Key block header/);
    if (expected.clearKey !== undefined) expect(stdout).not.toContain(expected.clearKey);
  });

  const token = tokenOf('tr34-import-2pass-tdes2key-k0');
  test('prints offsets that point at the fields', async () => {
    const { stdout } = await run(['tr34', 'inspect', token]);
    const lines = linesOf(stdout);
    expect(lines).toEqual(
      expect.arrayContaining([
        'form | X9 TR-34-2012',
        "passes | two-pass: the receiver's nonce",
        'issuer | CN=TEST Desktop HSM CA visible, O=TEST ONLY visible',
        'nonce | offset 896, 8 bytes | E7A9CC5BFD1A7FDC',
        '5 | key usage | K0 | Key Encryption or Wrapping',
        'cipher | DES-EDE3-CBC',
        'ephemeral key | offset 319, 256 bytes | RSAES-OAEP with SHA-256, RSA of 2048 bits',
      ]),
    );
    expect(token.slice(2 * 896, 2 * 904)).toBe('E7A9CC5BFD1A7FDC');
  });

  test('prints a one-pass token and a token with a CRL', async () => {
    const aws = await run(['tr34', 'inspect', tokenOf('tr34-aws-cli-real-token')]);
    expect(linesOf(aws.stdout)).toContain('signing time | 2023-06-09T23:39:46.000Z');
    const cms = await run(['tr34', 'inspect', tokenOf('tr34-import-2019-cms-aes128-k0-crl')]);
    expect(linesOf(cms.stdout)).toContain(
      'CRLs | offset 893, 422 bytes, of CN=TEST Desktop HSM CA visible, O=TEST ONLY visible',
    );
  });

  const der = hex(token);
  const base64 = der.toString('base64').replace(/.{64}/g, '$&\n');
  test.each([
    ['DER', der, 'DER'],
    ['hexadecimal in lines', token.toLowerCase().replace(/.{60}/g, '$& \n'), 'hexadecimal'],
    ['base64', base64, 'base64'],
    ['PEM', `-----BEGIN CMS-----\n${base64}\n-----END CMS-----\n`, 'PEM (CMS)'],
  ])('recognizes %s', async (_, input, encoding) => {
    const { exitCode, stdout } = await run(['tr34', 'inspect', '-'], input);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`1261 bytes of DER, given as ${encoding}.`);
  });

  test.each([
    ['', 'The input is empty.'],
    ['*', 'character 0 is not base64. Give DER, hexadecimal, base64, or PEM'],
    ['30820', '5 characters are neither whole bytes in hexadecimal nor whole base64.'],
    [
      token.slice(0, 600),
      'Malformed token at byte 0: The encoding must be complete DER: 961 bytes are missing at the end.',
    ],
    [`${token}00`, 'Malformed token at byte 1261: '],
    [`31${token.slice(2)}`, 'A token begins with the byte 30. Is this a token, and is it complete?'],
    [token.replace('0609608648016503040201', '0609608648016503040203'), 'byte 28: digestAlgorithms has an unsupported'],
    [`-----BEGIN CMS-----\n${base64}`, 'is not base64'],
    ['ff'.repeat(20_000), 'A token may have at most 16384 bytes'],
  ])('refuses input %# with a reason', async (input, words) => {
    const { exitCode, stdout, stderr } = await run(['tr34', 'inspect', '-'], input);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(words);
  });

  test('prints names with any content', async () => {
    const issuer = sequence(
      set(sequence(oid('2.5.4.3'), encode(0x0c, Buffer.from('Zoë')))),
      set(sequence(oid('2.5.4.10'), encode(0x0c, Buffer.from('a\u001b[2J, b')))),
      set(
        sequence(oid('2.5.4.97'), encode(0x13, Buffer.from('X'))),
        sequence(oid('2.5.4.6'), encode(0x1e, Buffer.from('0055', 'hex'))),
      ),
    );
    const original = hex('3081A3').toString('hex').toUpperCase();
    const at = token.indexOf(original);
    const party = sequence(issuer, encode(TAG.INTEGER, Buffer.from([7])));
    const filler = encode(TAG.OCTET_STRING, Buffer.alloc(166 - party.length - 3));
    const padded = sequence(issuer, encode(TAG.INTEGER, Buffer.from([7])), filler)
      .toString('hex')
      .toUpperCase();
    expect(padded).toHaveLength(2 * 166);
    const changed = token.slice(0, at) + padded + token.slice(at + padded.length);
    const { stdout } = await run(['tr34', 'inspect', changed]);
    expect(linesOf(stdout)).toContain('issuer | CN=Zoë, O=#611b5b324a2c2062, 2.5.4.97=X + C=#0055');
  });
});
