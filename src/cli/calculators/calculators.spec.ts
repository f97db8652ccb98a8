import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { vectors } from '../../../test/support/vectors.js';
import { keyblock } from '../keyblock.js';

async function run(args: string[], input = '') {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await keyblock(args, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr });
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) };
}
/** Runs a command line with the key on standard input. */
const withKey = (key: string, line: string) => run(line.split(' '), `${key}\n`);
const json = ({ stdout }: { stdout: string }) => JSON.parse(stdout) as Record<string, unknown>;

const KEY = '0123456789ABCDEFFEDCBA9876543210';
const PVK = 'C8199237EA5857BC40EF9DA2B5E96BBF';
const IMK = '263D9EEA20259B7CC2612AADD5EF19CD';
const CARD =
  '--pan 5413330089020011 --psn 01 --atc 00A7 --un 5A3C91E7 --iad 0114A50003020000000000000000000000FF --data ' +
  '9F02060000000125009F03060000000000009F1A020752950500000080005F2A0207529A032611279C01009F37045A3C91E7820239009F360200A7';

describe('a test key', () => {
  test('is read from standard input, with blanks, and no warning is printed', async () => {
    expect(await withKey('0123 4567 89AB CDEF FEDC BA98 7654 3210', 'kcv --find 08D7B4')).toEqual({
      exitCode: 0,
      stdout: 'ALGORITHM  METHOD  CHECK VALUE\nTDES       ECB     08D7B4\n',
      stderr: '',
    });
  });

  test('in an option is remarked on, unless quiet', async () => {
    const remark = expect.stringMatching(/^The key is now in your shell's history/) as string;
    expect(await run(['kcv', '--key', KEY])).toMatchObject({ exitCode: 0, stderr: remark });
    expect(await run(['kcv', '--key', KEY, '--quiet'])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test.each([
    ['an odd number of digits', ['kcv'], '012'],
    ['a letter', ['kcv'], 'XY'],
    ['nothing', ['kcv'], ''],
    ['two keys', ['kcv', '--key', KEY, '--key-file', '/dev/null', '--quiet'], KEY],
    ['a file that does not exist', ['kcv', '--key-file', '/does/not/exist'], ''],
    ['a key of a wrong length', ['kcv'], '01'],
  ])('is refused: %s', async (_, args, input) => {
    const { exitCode, stdout, stderr } = await run(args, input);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).not.toContain(KEY);
  });
});

test('kcv answers no for a value that no method gives', async () => {
  expect(await withKey(KEY, 'kcv --find 000000')).toMatchObject({
    exitCode: 1,
    stdout: 'No method gives 000000 with this key.\n',
  });
});

describe('dukpt', () => {
  const line = '--ksn FFFF9876543210E00006';
  test('derives working keys', async () => {
    expect(await withKey(KEY, `dukpt derive ${line} --usage PIN`)).toEqual({
      exitCode: 0,
      stdout: '5E415CB0BAF9F0C3D0C14B63FB62FFBC\n',
      stderr: '',
    });
    expect(json(await withKey(KEY, `dukpt derive ${line} --json`))).toMatchObject({
      WorkingKeys: expect.arrayContaining([
        { Usage: 'DATA_REQUEST', Key: 'BAF444BBC5D02752D6CEC9C51226AF53' },
      ]) as unknown,
    });
  });

  test('explains the derivation of the keys', async () => {
    const { stdout } = await withKey(KEY, `dukpt explain ${line}`);
    for (const words of [
      'FFFF987654',
      '6AC2 92FA A131 5B4D 858A B3A3 D7D5 933A',
      'counter 4',
      'counter 6',
      'MAC_REQUEST',
    ])
      expect(stdout).toContain(words);
    expect(json(await withKey(KEY, `dukpt explain ${line} --json`))).toMatchObject({ Algorithm: 'TDES', Counter: 6 });
  });

  test.each(['dukpt derive', 'dukpt derive --ksn 00', `dukpt derive ${line} --usage PAN`])(
    'refuses %s',
    async (args) => {
      expect(await withKey(KEY, args)).toMatchObject({ exitCode: 2, stdout: '' });
    },
  );
});

describe('pinblock', () => {
  const card = '--pan 4012345678909';
  test.each(['0', '3', '4'])('encodes and decodes format %s', async (format) => {
    const { stdout } = await withKey(KEY, `pinblock encode --format ${format} --pin 1234 ${card}`);
    const decoded = await withKey(KEY, `pinblock decode --format ${format} --block ${stdout.trim()} ${card}`);
    expect(decoded).toEqual({ exitCode: 0, stdout: '1234\n', stderr: '' });
  });

  test('decodes the published block of ANSI X9.24', async () => {
    const line = `pinblock decode --block 1B9C1845EB993A7A --pan 4012345678909`;
    expect((await withKey('042666B49184CF5C68DE9628D0397B36', `${line} --format 0`)).stdout).toBe('1234\n');
    expect((await withKey('042666B49184CF5C68DE9628D0397B36', line)).stdout).toContain('the 12 digits before');
  });

  test('needs no key for clear blocks', async () => {
    const block = (await run(`pinblock encode --format 0 --pin 1234 ${card} --clear`.split(' '))).stdout.trim();
    expect(block).toBe('041274EDCBA9876F');
    expect((await run(`pinblock decode --block ${block} ${card} --clear --json`.split(' '))).stdout).toContain(
      '"Pin":"1234"',
    );
  });

  test.each([
    ['format 5', `pinblock encode --format 5 --pin 1234 ${card}`, 2],
    ['a PIN of 3 digits', `pinblock encode --format 0 --pin 123 ${card}`, 2],
    ['format 0 without a PAN', 'pinblock encode --format 0 --pin 1234', 2],
    ['a clear block of format 4', `pinblock encode --format 4 --pin 1234 ${card} --clear`, 2],
    ['a block of another key', `pinblock decode --format 0 --block 1B9C1845EB993A7A ${card}`, 2],
    ['a block of no format', 'pinblock decode --block FFFFFFFFFFFFFFFF --clear', 1],
  ])('refuses %s', async (_, line, exitCode) => {
    expect((await withKey(KEY, line)).exitCode).toBe(exitCode);
  });
});

describe('card values', () => {
  const card = '--pan 4123456789012345';
  test('computes and finds a CVV', async () => {
    expect((await withKey(KEY, `cvv ${card} --expiry 8701 --service-code 101`)).stdout).toBe('561\n');
    const found = await withKey(KEY, `cvv ${card} --expiry 0187 --find 561`);
    expect(found).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/8701 +101/) as string });
    expect((await withKey(KEY, `cvv ${card} --expiry 0187 --find 99999`)).exitCode).toBe(1);
  });

  test('computes and verifies a PVV', async () => {
    const line = 'pvv --pan 4550000025321 --pvki 1 --pin 1234';
    expect(await withKey(PVK, line)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d{4}\n$/) as string,
    });
    const { stdout } = await withKey(PVK, line);
    expect(json(await withKey(PVK, `${line} --verify ${stdout.trim()} --json`))).toMatchObject({ Verified: true });
    expect((await withKey(PVK, `${line} --verify 0000`)).exitCode).toBe(1);
  });

  test.each([
    `cvv ${card} --expiry 8701`,
    `cvv ${card} --expiry 8701 --service-code 1`,
    `cvv ${card} --expiry 8701 --service-code 101 --length 6`,
    'pvv --pan 4550000025321 --pvki 7 --pin 1234',
    'pvv --pan 4550000025321 --pvki x --pin 1234',
  ])('refuses %s', async (line) => {
    expect(await withKey(KEY, line)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

interface MacVector {
  key: string;
  message: string;
  expected: { mac: string };
}

describe('mac', () => {
  test('computes and verifies', async () => {
    const line = 'mac --algorithm ISO9797_ALGORITHM3 --padding 2 --data 3132333435363738';
    const { stdout } = await withKey(KEY, line);
    expect(stdout).toMatch(/^[0-9A-F]{16}\n$/);
    expect((await withKey(KEY, `${line} --verify ${stdout.trim()}`)).exitCode).toBe(0);
    expect((await withKey(KEY, `${line} --verify ${stdout.slice(0, 8)}`)).exitCode).toBe(0);
    expect((await withKey(KEY, `${line} --verify 00000000`)).exitCode).toBe(1);
  });

  test.each(vectors<MacVector>('mac', 'CMAC AES').filter(({ message }) => message !== ''))(
    '$id: computes a CMAC',
    async ({ key, message, expected }) => {
      const { stdout } = await withKey(key, `mac --algorithm CMAC_AES --data ${message}`);
      expect(stdout.trim().slice(0, expected.mac.length)).toBe(expected.mac);
    },
  );

  // RFC 4493, example 2, and RFC 4231, test case 2.
  test.each([
    [
      'CMAC_AES',
      '2b7e151628aed2a6abf7158809cf4f3c',
      '6bc1bee22e409f96e93d7e117393172a',
      '070A16B46B4D4144F79BDD9DD04A287C',
    ],
    [
      'HMAC_SHA256',
      '4a656665',
      '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
      '5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843',
    ],
  ])('computes %s', async (algorithm, key, data, mac) => {
    expect((await withKey(key, `mac --algorithm ${algorithm} --data ${data}`)).stdout).toBe(`${mac}\n`);
    expect((await withKey(key, `mac --algorithm ${algorithm} --data ${data} --length 4`)).stdout).toBe(
      `${mac.slice(0, 8)}\n`,
    );
  });

  test.each([
    '--algorithm MD5 --data 00',
    '--algorithm CMAC_AES --data 0',
    '--algorithm CMAC_AES --data 00 --length 3',
  ])('refuses %s', async (line) => {
    expect(await withKey(KEY, `mac ${line}`)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

describe('arqc', () => {
  test('computes a cryptogram', async () => {
    expect((await withKey(IMK, `arqc compute ${CARD}`)).stdout).toBe('3BDBEBF8E13C9EBB\n');
    expect((await withKey(IMK, `arqc compute ${CARD} --session-key Mastercard`)).stdout).toBe('D51F0A3FE93D7BAB\n');
  });

  test('finds out why a cryptogram differs', async () => {
    const { exitCode, stdout } = await withKey(
      IMK,
      `arqc explain ${CARD} --session-key Mastercard --arqc 3BDBEBF8E13C9EBB`,
    );
    expect(exitCode).toBe(0);
    expect(stdout).toContain('The cryptogram matches with SessionKey EmvCommon.');
    expect(stdout).toContain('set SessionKeyDerivationAttributes to EmvCommon');
    expect(stdout).toContain('cryptogram version 14');
  });

  test('says when nothing matches, and when all is as expected', async () => {
    const none = await withKey(KEY, `arqc explain ${CARD} --arqc 3BDBEBF8E13C9EBB --json`);
    expect(none.exitCode).toBe(1);
    expect(json(none)).toMatchObject({ Extended: true, Matches: [] });
    expect((await withKey(IMK, `arqc explain ${CARD} --arqc 3BDBEBF8E13C9EBB`)).stdout).toContain(
      'matches as expected',
    );
  });

  test.each([
    `arqc compute ${CARD} --session-key Other`,
    `arqc compute ${CARD} --padding 3`,
    `arqc compute ${CARD} --iad-part some`,
    `arqc compute ${CARD} --atc 00`,
    'arqc compute --pan 5413330089020011 --atc 0001 --data 9F02',
    `arqc explain ${CARD} --arqc 00`,
  ])('refuses %s', async (line) => {
    expect(await withKey(IMK, line)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

describe('tr31', () => {
  test.each(
    vectors<{ kbpk: string; keyBlock: string; expected: { key: string } }>('tr31').filter(
      ({ expected }) => expected.key,
    ),
  )('$id: unwraps', async ({ kbpk, keyBlock, expected }) => {
    const { exitCode, stdout } = await run(['tr31', 'unwrap', '--block', keyBlock], kbpk);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${expected.key}\n` });
  });

  test('wraps what it unwraps, and refuses another key', async () => {
    const { stdout } = await withKey(KEY, `tr31 wrap --header B0000P0TE00E0000 --wrap ${PVK}`);
    expect((await withKey(KEY, `tr31 unwrap --block ${stdout.trim()}`)).stdout).toBe(`${PVK}\n`);
    expect((await withKey(PVK, `tr31 unwrap --block ${stdout.trim()}`)).exitCode).toBe(1);
    expect((await withKey(KEY, `tr31 wrap --header X0000P0TE00E0000 --wrap ${PVK}`)).exitCode).toBe(2);
  });
});

describe('completion', () => {
  test('completes commands and options in bash', async () => {
    const { stdout } = await run(['completion', 'bash']);
    const completed = (words: string[]) =>
      execFileSync('bash', [
        '-c',
        `${stdout}\nCOMP_WORDS=(${words.join(' ')} ""); COMP_CWORD=${words.length}; _keyblock; echo "\${COMPREPLY[@]}"`,
      ])
        .toString()
        .trim()
        .split(' ');
    expect(completed(['keyblock'])).toEqual(expect.arrayContaining(['tr31', 'dukpt', 'start', '--help']));
    expect(completed(['keyblock', 'dukpt'])).toEqual(expect.arrayContaining(['derive', 'explain']));
    expect(completed(['keyblock', 'dukpt', '--json', 'derive'])).toEqual(
      expect.arrayContaining(['--ksn', '--key-file']),
    );
  });

  test.each(['zsh', 'fish'])('prints a script for %s', async (shell) => {
    expect((await run(['completion', shell])).stdout).toMatch(/keyblock/);
  });

  test('refuses another shell', async () => {
    expect(await run(['completion', 'tcsh'])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

describe('docs/calculators.md', () => {
  const document = readFileSync('docs/calculators.md', 'utf8').replaceAll('\\\n', '');
  /** An output may end with `...` instead of its last lines. */
  const shown = [...document.matchAll(/^\$ echo (\S+) \| npx keyblock (.+)\n((?:(?!\$ |```).*\n)+)/gm)].map(
    ([, key = '', line = '', output = '']) => ({ key, line: line.split(/\s+/), output }),
  );

  test('has a command in each of its transcripts', () => {
    expect(shown).toHaveLength(document.match(/^\$ /gm)!.length);
  });

  test.each(shown)('shows what $line.0 $line.1 prints', async ({ key, line, output }) => {
    const [beginning = '', isCut] = output.split(/^\.\.\.\n/m);
    const { exitCode, stdout } = await run(line, `${key}\n`);
    expect([exitCode, isCut === undefined ? stdout : stdout.slice(0, beginning.length)]).toEqual([0, beginning]);
  });
});
