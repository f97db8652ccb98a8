import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type AuditDays, auditDays, daysAgo } from '../../test/support/audit-days.js';
import { hashOf } from './chain.js';
import { MANIFEST, type Manifest, SIGNATURE } from './manifest.js';
import { auditKeyId, AuditSigningKey } from './signing-key.js';

/** Exported days 5, 4 and 2 days ago, of which each spec tampers with a copy. */
let days: AuditDays;
const copy = join(tmpdir(), `keyblock-copy-${process.pid}`);
const [DAY_1, DAY_2, DAY_3] = [daysAgo(5), daysAgo(4), daysAgo(2)];

beforeAll(async () => {
  days = await auditDays([5, 4, 2]);
  expect(await days.keyblock('audit', 'export', '--to', days.directory)).toMatchObject({ exitCode: 0 });
});
afterAll(() => days.remove());
beforeEach(() => {
  cpSync(days.directory, copy, { recursive: true });
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

const verify = (publicKey = days.publicKey, directory = copy) =>
  days.keyblock('audit', 'verify', '--export', directory, '--public-key', publicKey);

const fileOf = (day: string, i = 0) => join(copy, day, manifestOf(day).files[i]!.name);
const manifestOf = (day: string) => JSON.parse(readFileSync(join(copy, day, MANIFEST), 'utf8')) as Manifest;

test('an export verifies with the public key alone', async () => {
  const { exitCode, stdout } = await verify();
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toEqual(
    [DAY_1, DAY_2, DAY_3].map(
      (day, i) =>
        expect.stringMatching(
          `^${day}: segment ${i + 1}: ok, 800 events of 2 chains, signed by [0-9a-f]{32}$`,
        ) as string,
    ),
  );
  expect(exitCode).toBe(0);
  expect(readdirSync(join(days.directory, DAY_1)).sort()).toEqual([
    'chain-1-1-400.jsonl.gz',
    'chain-2-1-400.jsonl.gz',
    MANIFEST,
    SIGNATURE,
  ]);
});

test('its files are the events as they are in the table, and openssl verifies its signature', async () => {
  const [row] = await days.database.query<[{ events: string }]>(
    `SELECT string_agg(events, E'\\n' ORDER BY first) AS events FROM audit_log WHERE chain = 1 AND day = $1`,
    [DAY_2],
  );
  expect(gunzipSync(readFileSync(fileOf(DAY_2))).toString()).toBe(`${row.events}\n`);
  const openssl = ['pkeyutl', '-verify', '-pubin', '-inkey', days.publicKey, '-rawin'];
  const files = ['-in', join(copy, DAY_2, MANIFEST), '-sigfile', join(copy, DAY_2, SIGNATURE)];
  expect(execFileSync('openssl', [...openssl, ...files]).toString()).toContain('Verified Successfully');
});

test('an export whose oldest days were removed verifies from there on', async () => {
  rmSync(join(copy, DAY_1), { recursive: true });
  expect(await verify()).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(`^${DAY_2}: segment 2: ok`) });
});

/** Replaces the manifest of a day, signed by a key that nobody trusts. */
function resign(day: string, change: (manifest: Manifest) => void): void {
  const { publicKey: object, privateKey } = generateKeyPairSync('ed25519');
  const publicKey = object.export({ format: 'der', type: 'spki' });
  const id = auditKeyId(publicKey);
  const key = new AuditSigningKey([{ id, number: 1, publicKey, signature: null }], privateKey);
  const manifest = manifestOf(day);
  change(manifest);
  manifest.signingKey = id;
  manifest.signingKeys = [{ id, number: 1, publicKey: publicKey.toString('base64'), signature: null }];
  const bytes = Buffer.from(JSON.stringify(manifest));
  writeFileSync(join(copy, day, MANIFEST), bytes);
  writeFileSync(join(copy, day, SIGNATURE), key.sign(bytes));
}

function flip(file: string, at = 40): void {
  const bytes = readFileSync(file);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(file, bytes);
}

function edit(day: string, change: (manifest: Manifest) => void): void {
  const manifest = manifestOf(day);
  change(manifest);
  writeFileSync(join(copy, day, MANIFEST), JSON.stringify(manifest));
}

const folder = (day: string) => join(copy, day);
const swapped = (one: string, other: string) => {
  renameSync(one, `${one}.old`);
  renameSync(other, one);
  renameSync(`${one}.old`, other);
};

test.each<[what: string, tamper: () => void, ...faults: [day: string, fault: string][]]>([
  [
    'a byte of a file is flipped',
    () => flip(fileOf(DAY_2)),
    [DAY_2, 'chain-1-401-800.jsonl.gz was modified: its SHA-256'],
  ],
  ['a file is missing', () => rmSync(fileOf(DAY_2, 1)), [DAY_2, 'chain-3-1-400.jsonl.gz is missing']],
  [
    'a file is added',
    () => writeFileSync(join(copy, DAY_2, 'chain-9-1-1.jsonl.gz'), gzipSync('{}')),
    [DAY_2, 'chain-9-1-1.jsonl.gz is not in the manifest'],
  ],
  ['a file is cut off', () => truncateSync(fileOf(DAY_2), 300), [DAY_2, 'has 300 bytes, and ']],
  ['files are swapped', () => swapped(fileOf(DAY_2), fileOf(DAY_2, 1)), [DAY_2, 'chain-1-401-800.jsonl.gz ']],
  [
    'a manifest is changed',
    () => edit(DAY_2, (manifest) => (manifest.files[0]!.count -= 1)),
    [DAY_2, 'manifest.json was modified: its signature'],
  ],
  [
    'a manifest is reformatted',
    () => edit(DAY_2, () => undefined),
    [DAY_2, 'manifest.json was modified'],
    [DAY_3, 'the manifest of the day before could not be read'],
  ],
  [
    'a signature is changed',
    () => flip(join(copy, DAY_2, SIGNATURE)),
    [DAY_2, 'its signature in manifest.sig does not match'],
  ],
  ['a signature is missing', () => rmSync(join(copy, DAY_2, SIGNATURE)), [DAY_2, 'manifest.sig is missing']],
  [
    'a manifest is signed by another key',
    () => resign(DAY_2, () => undefined),
    [DAY_2, 'which is neither given nor signed by a given one'],
  ],
  [
    'a manifest is missing',
    () => rmSync(join(copy, DAY_2, MANIFEST)),
    [DAY_2, 'manifest.json is missing'],
    [DAY_3, 'the manifest of the day before could not be read'],
  ],
  [
    'a manifest is not JSON',
    () => writeFileSync(join(copy, DAY_2, MANIFEST), '{'),
    [DAY_2, 'manifest.json is not JSON'],
  ],
  [
    'a day is missing',
    () => rmSync(folder(DAY_2), { recursive: true }),
    [DAY_3, 'segment 2 is missing before segment 3'],
  ],
  [
    'days are swapped',
    () => swapped(folder(DAY_1), folder(DAY_2)),
    [DAY_1, `its manifest is that of ${DAY_2}`],
    [DAY_2, `its manifest is that of ${DAY_1}`],
  ],
  [
    'a day appears twice',
    () => cpSync(folder(DAY_2), folder(daysAgo(3)), { recursive: true }),
    [daysAgo(3), `its manifest is that of ${DAY_2}`],
  ],
  [
    'a day has the number of another',
    () => resign(DAY_3, (manifest) => (manifest.number = 2)),
    [DAY_3, 'neither given nor signed'],
  ],
])('%s: it is detected and named', async (_, tamper, ...faults) => {
  tamper();
  const { exitCode, stdout, stderr } = await verify();
  expect(exitCode).toBe(1);
  for (const [day, fault] of faults)
    expect(stdout).toMatch(new RegExp(`^${day}.*: FAULT: .*${fault.replaceAll('.', '\\.')}`, 'm'));
  expect(stderr).toMatch(/^Not intact: \d of \d days\.$/m);
  // Days before the first fault are intact.
  const [first] = faults[0]!;
  for (const day of readdirSync(copy).filter((each) => each < first)) expect(stdout).toContain(`${day}: segment `);
  expect(stdout.split(first)[0]).not.toContain('FAULT');
});

describe('whoever has the signing key', () => {
  /** Replaces the manifest of a day, signed by a key that the verifier trusts. */
  let keys: string;
  function signed(day: string, change: (manifest: Manifest) => void): void {
    resign(day, change);
    const [{ publicKey }] = manifestOf(day).signingKeys as [Manifest['signingKeys'][0]];
    keys = join(copy, 'keys.pem');
    writeFileSync(
      keys,
      `${readFileSync(days.publicKey, 'utf8')}-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----\n`,
    );
  }
  /** Replaces the events of a file, and what the manifest states of the file. */
  const withEvents = (day: string, change: (lines: string[]) => string[] | Buffer) =>
    signed(day, ({ files: [file] }) => {
      const path = fileOf(day);
      const changed = change(gunzipSync(readFileSync(path)).toString().trimEnd().split('\n'));
      const bytes = Buffer.isBuffer(changed) ? changed : gzipSync(`${changed.join('\n')}\n`);
      writeFileSync(path, bytes);
      Object.assign(file!, { size: bytes.length, sha256: hashOf(bytes) });
    });

  test.each<[what: string, tamper: () => void, fault: string]>([
    ['duplicate a number', () => signed(DAY_3, (manifest) => (manifest.number = 2)), 'segment 2 comes after segment 2'],
    [
      'skip a number',
      () => signed(DAY_3, (manifest) => (manifest.number = 5)),
      'segments 3 to 4 are missing before segment 5',
    ],
    [
      'replace the previous manifest',
      () => signed(DAY_3, (manifest) => (manifest.previous = '0'.repeat(64))),
      'follows a manifest of segment 2 that differs',
    ],
    [
      'mix deployments',
      () => signed(DAY_3, (manifest) => (manifest.deployment = 'x')),
      'the export of another deployment',
    ],
    [
      'edit an event',
      () => withEvents(DAY_3, (lines) => lines.with(7, lines[7]!.replace('2 days ago', 'yesterday'))),
      'event 809 does not have the hash of event 808',
    ],
    [
      'edit the last event',
      () => withEvents(DAY_3, (lines) => lines.with(-1, lines.at(-1)!.replace('2 days ago', 'yesterday'))),
      'does not have the events that the manifest states',
    ],
    ['remove an event', () => withEvents(DAY_3, (lines) => lines.toSpliced(9, 1)), 'event 810 is missing'],
    [
      'remove the first event',
      () => withEvents(DAY_3, (lines) => lines.slice(1)),
      'does not have the events that the manifest states',
    ],
    [
      'cut the compressed data',
      () => withEvents(DAY_3, () => readFileSync(fileOf(DAY_3)).subarray(0, 500)),
      "can't be decompressed: unexpected end of file",
    ],
    [
      "leave out a chain's events",
      () => signed(DAY_3, ({ files: [file] }) => (file!.first += 1)),
      'does not continue chain 1, which the previous days end at event 800',
    ],
  ])("can't %s unnoticed", async (_, tamper, fault) => {
    tamper();
    const { exitCode, stdout } = await verify(keys);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`${DAY_2}: segment 2: ok`);
    expect(stdout).toMatch(new RegExp(`^${DAY_3}.*: FAULT: .*${fault}`, 'm'));
  });
});

test('the key that succeeds another is trusted by its signature in the manifest', async () => {
  const fresh = await auditDays([3]);
  const export_ = () => fresh.keyblock('audit', 'export', '--to', fresh.directory);
  await export_();
  const rotated = await fresh.keyblock('audit', 'rotate-signing-key', '--yes');
  expect(rotated.stdout.match(/^Key \d, id /gm)).toEqual(['Key 1, id ', 'Key 2, id ']);
  await fresh.database.query(
    `UPDATE audit_log SET day = day - 2 WHERE day = (clock_timestamp() AT TIME ZONE 'UTC')::date`,
  );
  expect(await export_()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('segment 2') });
  const verified = await verify(fresh.publicKey, fresh.directory);
  expect(verified).toMatchObject({ exitCode: 0 });
  expect(new Set(verified.stdout.match(/signed by .*/g))).toHaveProperty('size', 2);
  await fresh.remove();
});
