import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';

/**
 * Makes an embedded database without anything in it, which the stores of tests are copies of: making each takes 3 s. It is as
 * small as it can be, since it is copied and opened a hundred times: PGlite clears all shared buffers when it opens, and the
 * databases that others would be copies of are not for anyone.
 *
 * @returns {Promise<void>} sets PGLITE_TEMPLATE, its folder
 */
export default async function globalSetup() {
  if (process.env.DATABASE_URL) return;
  const folder = mkdtempSync(join(tmpdir(), 'keyblock-template-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.env.PGLITE_TEMPLATE = join(folder, 'postgres');
  const database = await PGlite.create(process.env.PGLITE_TEMPLATE, {
    initDbStartParams: ['--wal-segsize=1'],
    postgresqlconf: ['shared_buffers = 4MB'],
  });
  await database.exec('UPDATE pg_database SET datistemplate = false');
  for (const name of ['template0', 'template1']) await database.exec(`DROP DATABASE ${name}`);
  await database.close();
}
