import { readFileSync } from 'node:fs';
import { useEmbeddedServices } from '../../../support/embedded.js';
import { controlPlaneOf, createArn, end, listArns } from '../../../support/process.js';

const { start, fillFolder, postmaster } = useEmbeddedServices();

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);

test('SIGTERM ends a service whose database does not answer', async () => {
  await fillFolder();
  const service = start();
  const arn = await createArn(controlPlaneOf(await service.listening));
  const server = postmaster();
  process.kill(server, 'SIGSTOP');
  // From now on there are no others, and those that end stay as zombies.
  const children = childrenOf(server);
  for (const pid of children) process.kill(pid, 'SIGSTOP');
  expect(await end(service, 'SIGTERM')).toBe(0);
  for (const pid of children) process.kill(pid, 'SIGKILL');
  expect(await listArns(controlPlaneOf(await start().listening))).toEqual([arn]);
});
