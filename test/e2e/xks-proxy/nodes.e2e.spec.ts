import { readFileSync } from 'node:fs';
import { callKms, createKmsKey } from '../../support/kms.js';
import { cutListeners, useNodes } from '../../support/nodes.js';
import { until } from '../../support/process.js';
import { send, type RawRequest, TestClock } from '../../support/service.js';
import {
  decryptBody,
  encryptBody,
  expectXksError,
  healthBody,
  newCredential,
  outputOf,
  sendXks,
  xksDone,
} from '../../support/xks.js';

const shared = useNodes();
const clock = new TestClock();
type Service = Parameters<typeof sendXks>[0];
let services: [Service, Service];
beforeAll(async () => {
  const [one = '', other = ''] = await Promise.all(shared.nodes.map(({ process }) => process.listening));
  const serviceAt = (url: string) => ({ send: (request: Partial<RawRequest>) => send(url, clock, request) });
  services = [serviceAt(one), serviceAt(other)];
});

/** A prefix with a credential and a key, which both nodes have used. */
async function storeOn(prefix: string) {
  const { credentials } = await newCredential(shared, prefix);
  const { Arn } = await createKmsKey(services[0]);
  await xksDone(shared, 'release', prefix, Arn, '--as', 'key');
  const callOn = (node: Service, path: string, body: Record<string, unknown>) =>
    sendXks(node, `${prefix}/kms/xks/v1/${path}`, body, { credentials });
  const sealed = outputOf(await callOn(services[0], 'keys/key/encrypt', encryptBody()));
  outputOf(await callOn(services[1], 'keys/key/decrypt', decryptBody(sealed)));
  return { Arn, credentials, sealed, callOn };
}

test('a revoked credential is refused on both nodes, and the secret is in no command line and no environment', async () => {
  const { credentials, sealed, callOn } = await storeOn('revoked');
  for (const { process } of shared.nodes)
    for (const file of ['cmdline', 'environ'])
      expect(readFileSync(`/proc/${process.child.pid}/${file}`, 'latin1')).not.toContain(credentials.secretAccessKey);
  await xksDone(shared, 'revoke', credentials.accessKeyId, '--yes');
  for (const node of services) {
    await until(async () => (await callOn(node, 'keys/key/decrypt', decryptBody(sealed))).status === 401);
    expectXksError(await callOn(node, 'health', healthBody), 401, 'AuthenticationFailedException');
    expectXksError(await callOn(node, 'keys/key/encrypt', encryptBody()), 401, 'AuthenticationFailedException');
  }
});

test('a withdrawn key is found on neither node, even if a node misses the notification', async () => {
  const { sealed, callOn } = await storeOn('withdrawn');
  await cutListeners(shared.database);
  await xksDone(shared, 'withdraw', 'withdrawn', 'key');
  for (const node of services) {
    await until(async () => (await callOn(node, 'keys/key/decrypt', decryptBody(sealed))).status === 404);
    expectXksError(await callOn(node, 'keys/key/encrypt', encryptBody()), 404, 'KeyNotFoundException');
  }
});

test('a key that one node disables is refused by the other', async () => {
  const { Arn, sealed, callOn } = await storeOn('disabled');
  await callKms(services[0], 'DisableKey', { KeyId: Arn });
  await until(async () => (await callOn(services[1], 'keys/key/decrypt', decryptBody(sealed))).status === 400);
  expectXksError(await callOn(services[1], 'keys/key/decrypt', decryptBody(sealed)), 400, 'InvalidStateException');
});

test('a ciphertext under a material that one node has just added opens on the other', async () => {
  const { Arn, callOn } = await storeOn('rotated');
  await callKms(services[0], 'RotateKeyOnDemand', { KeyId: Arn });
  const sealed = outputOf(await callOn(services[0], 'keys/key/encrypt', encryptBody()));
  outputOf(await callOn(services[1], 'keys/key/decrypt', decryptBody(sealed)));
});

test('the health call counts the processes', async () => {
  const { callOn } = await storeOn('health');
  await until(async () => outputOf(await callOn(services[0], 'health', healthBody))['xksProxyFleetSize'] === 2);
});
