import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path of the module in Debian's package softhsm2. */
export const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so';
export const PIN = 'user-pin-1234';
const SO_PIN = 'so-pin-12345678';
const INCLUDES = fileURLToPath(new URL('../../node_modules/pkcs11js/includes/pkcs11', import.meta.url));
const KEYS_ON = fileURLToPath(new URL('keys-on-token.js', import.meta.url));
const SHIM = fileURLToPath(new URL('shim.c', import.meta.url));

/** Tokens of SoftHSM2 in a folder of their own. */
export interface SoftHsm {
  /** The folder with the tokens. */
  tokens: string;
  /** Environment variables that let a process see the tokens. */
  env: { SOFTHSM2_CONF: string };
  /** Initializes a token. @returns its serial number */
  init: (label: string, pin?: string) => string;
  /** Returns the labels of all keys on a token, read by a separate process. */
  keysOn: (token: string) => string[];
  /** Imports an RSA key of 2048 bits. */
  importRsaKey: (token: string, label: string) => void;
  remove: () => void;
}

export function newSoftHsm(): SoftHsm {
  const folder = mkdtempSync(join(tmpdir(), 'keyblock-softhsm-'));
  const tokens = join(folder, 'tokens');
  mkdirSync(tokens);
  const env = { SOFTHSM2_CONF: join(folder, 'softhsm2.conf') };
  writeFileSync(env.SOFTHSM2_CONF, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const util = (...args: string[]) =>
    execFileSync('softhsm2-util', args, { env: { ...process.env, ...env }, encoding: 'utf8' });
  return {
    tokens,
    env,
    init: (label, pin = PIN) => {
      util('--init-token', '--free', '--label', label, '--so-pin', SO_PIN, '--pin', pin);
      const slot = util('--show-slots')
        .split(/^Slot /m)
        .find((text) => new RegExp(`Label:\\s+${label}\\s*$`, 'm').test(text));
      return /Serial number:\s+(\w+)/.exec(slot ?? '')![1]!;
    },
    keysOn: (token) => {
      const options = { env: { ...process.env, ...env }, encoding: 'utf8' } as const;
      return JSON.parse(execFileSync(process.execPath, [KEYS_ON, SOFTHSM, token, PIN], options)) as string[];
    },
    importRsaKey: (token, label) => {
      const file = join(folder, 'rsa.pem');
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }));
      util('--import', file, '--token', token, '--label', label, '--id', 'A1B2', '--pin', PIN);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * Compiles a module that forwards every call to SoftHSM2, but misbehaves according to the file in SHIM_ORDERS: see shim.c.
 */
export function compileShim(folder: string): string {
  const file = join(folder, 'shim.so');
  if (!existsSync(file)) execFileSync('cc', ['-shared', '-fPIC', '-o', file, '-I', INCLUDES, SHIM, '-ldl']);
  return file;
}

/** True on a machine with SoftHSM2. In CI its absence fails the tests instead of skipping them. */
export const hasSoftHsm = existsSync(SOFTHSM);

/** Describes tests that need SoftHSM2: skipped where it is absent, but not in CI. */
export function describeWithSoftHsm(title: string, tests: () => void): void {
  const mustRun = hasSoftHsm || process.env['CI'] !== undefined;
  if (!mustRun) process.stderr.write(`Skipped, because softhsm2 is not installed: ${title}\n`);
  (mustRun ? describe : describe.skip)(title, tests);
}
