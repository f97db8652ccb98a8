import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AuditDays, auditDays } from '../../../support/audit-days.js';

const CLI = fileURLToPath(new URL('../../../../dist/bundle/cli.js', import.meta.url));
const KILLER = new URL('../../../support/kill-at.js', import.meta.url).href;

/** A day is exported from 3 days ago. Each of the days before is pruned once, killed one step later than the day before it. */
const DAYS = Array.from({ length: 16 }, (_, i) => 18 - i);

let days: AuditDays;
beforeAll(async () => {
  days = await auditDays(DAYS, 20);
}, 120_000);
afterAll(() => days.remove());

/** Runs a command in a process that is killed at a step. @returns false if it ended before the step */
async function isKilled(at: number, ...args: string[]): Promise<boolean> {
  const env = { PATH: process.env['PATH'], ...days.env, KILL_AT: String(at) };
  const child = spawn(process.execPath, ['--import', KILLER, CLI, ...args], { env, stdio: 'ignore' });
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal === null) expect(exitCode).toBe(0);
  return signal === 'SIGKILL';
}

async function expectIntact(): Promise<void> {
  expect(await days.keyblock('audit', 'verify')).toMatchObject({ exitCode: 0 });
  const { exitCode, stdout } = await days.keyblock(
    'audit',
    'verify',
    '--export',
    days.directory,
    '--public-key',
    days.publicKey,
  );
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining(': ok, ')]);
}

test('an export that is killed at any step, and a prune at one of its first, can be repeated', async () => {
  const exporting = ['audit', 'export', '--to', days.directory];
  let killed = 0;
  // The last day is exported, killed at one step after the other; then the export is undone.
  const all = await days.keyblock(...exporting);
  expect(all.exitCode).toBe(0);
  const [last = ''] = readdirSync(days.directory).sort().slice(-1);
  const undo = async () => {
    rmSync(join(days.directory, last), { recursive: true });
    await days.database.query('DELETE FROM audit_segments WHERE day = $1', [last]);
    await days.database.query(
      'UPDATE audit_segment_set SET segments = s.number, mac = $1 FROM (SELECT max(number) AS number FROM audit_segments) AS s',
      [await setMac()],
    );
  };
  for (let at = 1; ; at++) {
    await undo();
    if (!(await isKilled(at, ...exporting))) break;
    killed += 1;
    expect(await days.keyblock(...exporting)).toMatchObject({ exitCode: 0 });
    expect(readdirSync(days.directory).filter((name) => name.endsWith('.partial'))).toEqual([]);
    await expectIntact();
  }
  expect(killed).toBeGreaterThan(20);

  killed = 0;
  for (const ago of DAYS) {
    const pruning = ['audit', 'prune', '--keep', `${ago - 1}d`, '--export', days.directory, '--yes'];
    if (!(await isKilled(killed + 1, ...pruning))) break;
    killed += 1;
    expect(await days.keyblock(...pruning)).toMatchObject({ exitCode: 0 });
    await expectIntact();
  }
  expect(killed).toBeGreaterThan(5);
}, 600_000);

async function setMac(): Promise<Buffer> {
  const { segmentSetMac } = await import('../../../../src/audit/chain.js');
  const [row] = await days.database.query<[{ number: number; mac: Buffer }]>(
    'SELECT number, mac FROM audit_segments ORDER BY number DESC LIMIT 1',
  );
  return segmentSetMac(days.secret, row.number, row.mac);
}
