import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditDays, auditDays, daysAgo, inEnvironment } from '../../support/audit-days.js';
import { runKeyblock } from '../../support/cli.js';
import type { DatabaseStore } from '../../support/database.js';
import { dumpServer, run } from '../../support/dump-server.js';

const server = await dumpServer();
const drill = server ? describe : describe.skip;
const [DAY_1, DAY_2, DAY_3] = [daysAgo(5), daysAgo(4), daysAgo(2)];

drill('a backup without the audit events of exported days', () => {
  let days: AuditDays;
  let dump: string;
  let restored: DatabaseStore;
  beforeAll(async () => {
    days = await auditDays([5, 4, 2], await server!.newStore());
    dump = join(days.directory, '..', 'keyblock.dump');
    for (const day of [DAY_1, DAY_2])
      expect(await days.keyblock('audit', 'export', '--to', days.directory, '--day', day)).toMatchObject({
        exitCode: 0,
      });
    expect(await backup(DAY_3)).toMatchObject({ exitCode: 0 });
    restored = await server!.restore(dump);
  });
  afterAll(async () => {
    await days.remove();
    await server!.stop();
  });

  const backup = (day: string, path = dump) =>
    days.keyblock('backup', '--to', path, '--without-audit-before', day, '--json');

  /** Runs a command on a restored database. */
  const keyblockOn = (store: DatabaseStore, ...args: string[]) =>
    inEnvironment({ ...days.env, ...store.env }, () => runKeyblock(args));
  const check = (store: DatabaseStore, ...args: string[]) => keyblockOn(store, 'restore', 'check', ...args);
  const manifest = () => ['--manifest', `${dump}.manifest.json`];

  test('restores to a database that verifies, and whose check names the segments that only the exports have', async () => {
    const { exitCode, stdout, stderr } = await check(restored, ...manifest());
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('the backup left out 2 days, which the exports have: segment 1, 2\n');
    expect(stdout).toContain('The database is as it was backed up at ');
    const { stdout: json } = await check(restored, ...manifest(), '--json');
    expect(JSON.parse(json)).toMatchObject({ Intact: true, OnlyExported: [1, 2] });

    const table = await keyblockOn(restored, 'audit', 'verify');
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toMatch(/^chain 1 .*: ok, 400 events after 800 exported events/m);
    const exports = ['--export', days.directory, '--public-key', days.publicKey];
    const files = await keyblockOn(restored, 'audit', 'verify', ...exports);
    expect(files.exitCode).toBe(0);
    for (const day of [DAY_1, DAY_2]) expect(files.stdout).toMatch(new RegExp(`^${day}: segment \\d: ok`, 'm'));
  });

  test('has no row of the days that are left out', async () => {
    const { tables, withoutAuditBefore } = JSON.parse(readFileSync(`${dump}.manifest.json`, 'utf8')) as {
      tables: { name: string; rows: number }[];
      withoutAuditBefore: string;
    };
    expect(withoutAuditBefore).toBe(DAY_3);
    const [counts] = await days.database.query<[{ all: number; later: number }]>(
      `SELECT count(*)::int AS all, count(*) FILTER (WHERE day >= $1)::int AS later FROM audit_log`,
      [DAY_3],
    );
    expect(tables.find(({ name }) => name === 'audit_log')?.rows).toBe(counts.later);
    expect(counts.all).toBeGreaterThan(counts.later);
  });

  test('exports continue in the restored database', async () => {
    const copy = await server!.newStore(restored);
    const exported = await keyblockOn(copy, 'audit', 'export', '--to', days.directory);
    expect(exported).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(`^${DAY_3}: segment 3, 800 events`) });
  });

  test('is refused if a day that it leaves out is not exported', async () => {
    for (const day of [daysAgo(1), daysAgo(-1)]) {
      const { exitCode, stderr } = await backup(day, `${dump}.other`);
      expect(exitCode).toBe(4);
      expect(stderr).toContain(`The audit events of ${DAY_3} are not exported: run keyblock audit export first`);
    }
    expect((await backup('tomorrow', `${dump}.other`)).exitCode).toBe(2);
  });

  test('a day that the manifest does not leave out is reported as missing', async () => {
    const damaged = await server!.newStore(restored);
    await run(damaged.env.DATABASE_URL, 'DELETE FROM audit_log');
    const { exitCode, stdout } = await check(damaged, ...manifest());
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^audit_log has \d+ rows?, and the manifest states \d+\.$/m);
    expect(stdout).toMatch(/^Audit chain 1: events? .*missing/m);
  });

  test('without an authentic manifest, the days are reported as missing', async () => {
    expect((await check(restored)).stdout).toContain(
      `The audit events of ${DAY_1} are missing; segment 1 of the exports has them.`,
    );
    const forged = `${dump}.forged.json`;
    writeFileSync(forged, readFileSync(`${dump}.manifest.json`, 'utf8').replace(DAY_3, daysAgo(0)));
    const { exitCode, stdout } = await check(restored, '--manifest', forged);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('The manifest was modified: its MAC does not match.');
    expect(stdout).toContain(`The audit events of ${DAY_1} are missing`);
  });
});
