import { existsSync, readdirSync } from 'node:fs';
import { DataDirectory } from '../../../../src/config/data-directory.js';
import { useEmbeddedServices } from '../../../support/embedded.js';
import { controlPlaneOf, createArn, end, until } from '../../../support/process.js';

const embedded = useEmbeddedServices();
const { start, inFolder } = embedded;

describe('while a command holds the data directory', () => {
  let directory: DataDirectory;
  beforeEach(async () => {
    directory = await DataDirectory.hold(embedded.store.env.KEYBLOCK_DATA_DIR, 'command');
  });
  const held = () =>
    `${embedded.store.env.KEYBLOCK_DATA_DIR} is in use by process ${process.pid}, which runs a command`;

  test.each(['1', '2'])(
    'a service of %s processes waits for the command to end; a second service exits at once',
    async (workers) => {
      const service = start({ KEYBLOCK_WORKERS: workers });
      await until(() => service.output().includes(`${held()}: waiting up to 30 s for it to end …`));
      await directory.close();
      await createArn(controlPlaneOf(await service.listening));
      expect(service.output().match(/waiting/g)).toHaveLength(1);

      const second = start();
      expect(await second.ended).toBe(4);
      expect(second.output()).not.toContain('waiting');
    },
  );

  test('SIGTERM ends a service that waits', async () => {
    const service = start();
    await until(() => service.output().includes('waiting'));
    expect(await end(service, 'SIGTERM')).toBe(0);
    await directory.close();
  });
});

const isLaunched = () => existsSync(inFolder('postgres/postmaster.pid'));
test.each<[when: string, workers: string, isThen: () => boolean]>([
  ['before initdb has ended', '1', () => readdirSync(inFolder('')).some((name) => name.startsWith('postgres.new-'))],
  ['once PostgreSQL is launched', '1', isLaunched],
  ['once PostgreSQL is launched for workers', '2', isLaunched],
])('a start that is stopped %s ends cleanly', async (_, workers, isThen) => {
  const service = start({ KEYBLOCK_WORKERS: workers });
  await until(isThen);
  expect(await end(service, 'SIGTERM')).toBe(0);
  expect(service.output()).not.toContain('Ready');
  expect(isLaunched()).toBe(false);
  expect(existsSync(inFolder('lock.sock'))).toBe(false);
  await createArn(controlPlaneOf(await start().listening));
});
