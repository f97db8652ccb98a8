import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ListAliasesCommand, ListKeysCommand, PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { newStore } from '../../support/database.js';
import { CREDENTIALS, REGION, serviceEnv, startOn } from '../../support/service.js';

const SEED = fileURLToPath(new URL('../../../bench/seed.js', import.meta.url));

test('npm run seed fills a store with keys that work', async () => {
  const store = await newStore();
  const env = { PATH: process.env['PATH'], ...serviceEnv(store) };
  const { stdout } = await promisify(execFile)(process.execPath, [SEED, '--keys', '1100'], { env });
  expect(stdout).toMatch(/^1100 keys in [\d.]+ s\n$/);

  const service = await startOn(store);
  const client = { region: REGION, endpoint: service.url, credentials: CREDENTIALS };
  const controlPlane = new PaymentCryptographyClient(client);
  const { Keys } = await controlPlane.send(new ListKeysCommand({ KeyState: 'DELETE_PENDING' }));
  expect(Keys).toHaveLength(11);
  const { Aliases } = await controlPlane.send(new ListAliasesCommand({ MaxResults: 1 }));
  const { KeyArn } = await new PaymentCryptographyData(client)
    .generateMac({
      KeyIdentifier: Aliases![0]!.AliasName!,
      MessageData: '00'.repeat(16),
      GenerationAttributes: { Algorithm: 'CMAC' },
    })
    .promise();
  expect(KeyArn).toBe(Aliases![0]!.KeyArn);

  controlPlane.destroy();
  await service.close();
  await store.remove();
});
