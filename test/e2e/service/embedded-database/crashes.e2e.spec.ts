import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ListKeysCommand, ServiceUnavailableException } from '@aws-sdk/client-payment-cryptography';
import { readiness, useEmbeddedServices } from '../../../support/embedded.js';
import { controlPlaneOf, createArn, end, listArns, type ServiceProcess, until } from '../../../support/process.js';

const embedded = useEmbeddedServices();
const { start, keyblock, inFolder, fillFolder, postmaster } = embedded;

/** Number of crashes of each kind. */
const CRASHES = Number(process.env['CRASHES'] ?? 1);

describe('nothing that was acknowledged is lost, and the log verifies, after a kill of', () => {
  const kinds = {
    'the service': async (service: ServiceProcess) => {
      await end(service, 'SIGKILL');
    },
    'the database': async () => {
      process.kill(postmaster(), 'SIGKILL');
      await pause(50);
    },
    both: async (service: ServiceProcess) => {
      process.kill(postmaster(), 'SIGKILL');
      await end(service, 'SIGKILL');
    },
  };

  test.each(Object.entries(kinds))(
    '%s in the middle of writes',
    async (_, kill) => {
      await fillFolder();
      const acknowledged: string[] = [];
      let service = start();
      for (let crash = 0; crash < CRASHES; crash++) {
        const controlPlane = controlPlaneOf(await service.listening);
        const enough = acknowledged.length + 40;
        const write = async () => {
          for (;;) acknowledged.push(await createArn(controlPlane));
        };
        const writers = Array.from({ length: 8 }, () => write().catch(() => undefined));
        await until(() => acknowledged.length >= enough);
        await kill(service);
        await Promise.all(writers);
        if (service.child.exitCode !== null || service.child.signalCode !== null) service = start();
        const url = await service.listening;
        await until(async () => (await readiness(url)) === 200);
        const kept = await listArns(controlPlaneOf(url));
        expect(acknowledged.filter((arn) => !kept.includes(arn))).toEqual([]);
        expect(kept.length - acknowledged.length).toBeLessThanOrEqual(8 * (crash + 1));
        await createArn(controlPlaneOf(url)).then((arn) => acknowledged.push(arn));
      }
      const { stdout } = await keyblock(['audit', 'verify']);
      expect(stdout).toMatch(/: ok, /);
    },
    300_000 * CRASHES,
  );
});

test('a first start that is killed in initdb does not prevent the next start', async () => {
  const first = start();
  const unfinished = () => readdirSync(inFolder('')).filter((name) => name.startsWith('postgres.'));
  await until(() => existsSync(inFolder('')) && unfinished().length > 0);
  const [killed] = unfinished();
  await until(() => existsSync(inFolder(`${killed}/PG_VERSION`)));
  await end(first, 'SIGKILL');
  const second = start();
  await createArn(controlPlaneOf(await second.listening));
  expect(unfinished()).not.toContain(killed);
});

test('starts even if other processes were killed while they took over the data directory', async () => {
  await fillFolder();
  const first = start();
  await first.listening;
  await end(first, 'SIGKILL');
  // This folder is left over from a second process that was killed during its takeover.
  mkdirSync(inFolder('lock.takeover'));
  const [one, other] = [start(), start()];
  const loser = await Promise.race([one, other].map((service) => service.ended.then(() => service)));
  expect(await loser.ended).toBe(4);
  const winner = loser === one ? other : one;
  await createArn(controlPlaneOf(await winner.listening));
  expect(readdirSync(inFolder('')).filter((name) => name.startsWith('lock.'))).toEqual(['lock.sock']);
});

test('a start that fails after the database server has started ends, and leaves no server running', async () => {
  await fillFolder();
  writeFileSync(inFolder('postgres/pg_hba.conf'), 'local all all reject\n');
  const refused = start();
  expect(await refused.ended).toBe(5);
  expect(refused.output()).toMatch(/Keyblock could not start: pg_hba\.conf rejects connection/);
  expect(existsSync(inFolder('postgres/postmaster.pid'))).toBe(false);
  expect(existsSync(inFolder('lock.sock'))).toBe(false);
});

test('stops a database that a killed process left running, and starts its own', async () => {
  await fillFolder();
  const first = start();
  await createArn(controlPlaneOf(await first.listening));
  // This server outlives its parent, as on systems without pdeathsig; only its lock file reveals it.
  const orphan = postmaster();
  process.kill(orphan, 'SIGSTOP');
  await end(first, 'SIGKILL');
  const second = start();
  await until(() => second.log().includes('stopping the database that a killed process left running'));
  process.kill(orphan, 'SIGCONT');
  expect(await listArns(controlPlaneOf(await second.listening))).toHaveLength(1);
  expect(postmaster()).not.toBe(orphan);
});

/**
 * Returns the beginning of a command line that runs a command with the data directory on a separate disk of this size.
 */
function onDisk(size: string): string[] {
  const script = `mount -t tmpfs -o size=${size} tmpfs ${embedded.store.env.KEYBLOCK_DATA_DIR} && exec "$0" "$@"`;
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', script];
}

test('refuses writes on a full disk, answers reads, and accepts writes again without a restart', async () => {
  const folder = embedded.store.env.KEYBLOCK_DATA_DIR;
  const service = start({}, { prefix: onDisk('256m') });
  const url = await service.listening;
  const controlPlane = controlPlaneOf(url);
  const arn = await createArn(controlPlane);

  const filler = join(`/proc/${service.child.pid}/root`, folder, 'filler');
  // dd fails because the disk is full.
  const filled = promisify(execFile)('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1M']).catch(() => undefined);
  const writers = Array.from({ length: 4 }, async () => {
    for (;;) await createArn(controlPlane);
  });
  const refusals = await Promise.all(writers.map((writer) => writer.catch((error: unknown) => error)));
  for (const refusal of refusals) expect(refusal).toBeInstanceOf(ServiceUnavailableException);
  await filled;
  await until(async () => (await readiness(url)) === 503);
  await until(() =>
    listArns(controlPlane).then(
      (arns) => arns.includes(arn),
      () => false,
    ),
  );
  await expect(createArn(controlPlane)).rejects.toBeInstanceOf(ServiceUnavailableException);

  rmSync(filler);
  await until(async () => (await readiness(url)) === 200);
  await createArn(controlPlane);
  await controlPlane.send(new ListKeysCommand({}));
  expect(await end(service, 'SIGTERM')).toBe(0);
});

test.each(['100m', '4m'])('does not start for the first time on a disk of %s, and says why', async (size) => {
  const service = start({}, { prefix: onDisk(size) });
  expect(await service.ended).toBe(5);
  expect(service.output()).toMatch(
    /Keyblock could not start: \S+ has \d+ MiB of free space, and the database starts with 128/,
  );
  expect(service.output()).not.toContain('Creating the database');
});

test('does not start on a read-only disk, and says why', async () => {
  const folder = join(embedded.store.env.KEYBLOCK_DATA_DIR, 'data');
  const service = start({ KEYBLOCK_DATA_DIR: folder }, { prefix: onDisk('4m,ro') });
  expect(await service.ended).toBe(4);
  expect(service.output()).toBe(`KEYBLOCK_DATA_DIR cannot be used: EROFS: read-only file system, mkdir '${folder}'\n`);
});
