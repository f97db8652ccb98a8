import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LOCKS } from '../../../../src/database/locks.js';
import { type AuditDays, auditDays, daysAgo } from '../../../support/audit-days.js';
import { until } from '../../../support/process.js';

const CLI = fileURLToPath(new URL('../../../../dist/bundle/cli.js', import.meta.url));
const KILLER = new URL('../../../support/kill-at.js', import.meta.url).href;

let days: AuditDays;
beforeAll(async () => {
  days = await auditDays([3, 2]);
});
afterAll(() => days.remove());

/** Runs a command in a process that is killed at a step. @returns false if it ended before the step */
async function isKilled(at: number, args: readonly string[]): Promise<boolean> {
  const env = { PATH: process.env['PATH'], ...days.env, KILL_AT: String(at) };
  const child = spawn(process.execPath, ['--import', KILLER, CLI, ...args], { env, stdio: 'ignore' });
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal === null) expect(exitCode).toBe(0);
  return signal === 'SIGKILL';
}

/**
 * Runs a command again and again from the present state, killed one step later each time until it ends before the step.
 * Repeats it each time, and verifies what it leaves.
 *
 * @returns the number of steps
 */
async function killAtEveryStep(args: readonly string[]): Promise<number> {
  const restore = await days.keep();
  for (let at = 1; ; at++) {
    const wasKilled = await isKilled(at, args);
    await until(isUnlocked);
    if (wasKilled) expect(await days.keyblock(...args)).toMatchObject({ exitCode: 0 });
    await expectIntact();
    if (!wasKilled) return at - 1;
    await restore();
  }
}

/** Tells whether PostgreSQL has noticed that the command has ended. */
async function isUnlocked(): Promise<boolean> {
  const held = await days.database.query<object[]>(
    `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = $1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [LOCKS.auditSegments],
  );
  return held.length === 0;
}

async function expectIntact(): Promise<void> {
  expect(await days.keyblock('audit', 'verify')).toMatchObject({ exitCode: 0 });
  const exports = ['--export', days.directory, '--public-key', days.publicKey];
  const { exitCode, stdout } = await days.keyblock('audit', 'verify', ...exports);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining(': ok, ')]);
  expect(readdirSync(days.directory).filter((name) => name.endsWith('.partial'))).toEqual([]);
}

/** Returns what `audit segments` lists, without times. */
async function segments(): Promise<object[]> {
  const { stdout } = await days.keyblock('audit', 'segments', '--json');
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line) => {
    const { Number, Day, Pruned } = JSON.parse(line) as { Number: number; Day: string; Pruned?: string };
    return { Number, Day, isPruned: Pruned !== undefined };
  });
}

test('an export that is killed at any step can be repeated', async () => {
  const exporting = ['audit', 'export', '--to', days.directory];
  expect(await days.keyblock(...exporting, '--day', daysAgo(3))).toMatchObject({ exitCode: 0 });
  // Files of two chains, a manifest, its signature, and the transactions that note the segment.
  expect(await killAtEveryStep(exporting)).toBeGreaterThan(20);
  expect(await segments()).toEqual([
    { Number: 1, Day: daysAgo(3), isPruned: false },
    { Number: 2, Day: daysAgo(2), isPruned: false },
  ]);
});

test('a prune of what was exported that is killed at any step can be repeated', async () => {
  const pruning = ['audit', 'prune', '--keep', '2d', '--export', days.directory, '--yes'];
  expect(await killAtEveryStep(pruning)).toBeGreaterThan(10);
  expect(await segments()).toEqual([
    { Number: 1, Day: daysAgo(3), isPruned: true },
    { Number: 2, Day: daysAgo(2), isPruned: false },
  ]);
});
