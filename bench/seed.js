// Fills the configured store with keys for measurements: npm run seed -- --keys 100000
import { parseArgs } from 'node:util';
import { Clock } from '../dist/clock.js';
import { readConfig } from '../dist/config/config.js';
import { CryptoProvider } from '../dist/provider/crypto-provider.js';
import { openStore } from '../dist/store.js';
import { seed } from './support/seed.js';

const { values } = parseArgs({ options: { keys: { type: 'string' } } });
const keys = Number(values.keys);
const config = readConfig(process.env);
if (!Number.isInteger(keys) || keys < 1)
  throw new Error('--keys is needed: the number of keys to add, e.g. --keys 100000');
if (config.databaseUrls === undefined) throw new Error('DATABASE_URL is needed');

const { database, masterKey, close } = await openStore(config, new Clock());
try {
  const { accountId, region } = config;
  const start = performance.now();
  await seed(database, new CryptoProvider(masterKey), { accountId, region, keys });
  console.log(`${keys} keys in ${((performance.now() - start) / 1000).toFixed(1)} s`);
} finally {
  await close();
}
