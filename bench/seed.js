// Fills the store of the configuration with keys, for measuring: npm run seed -- --keys 100000
import { parseArgs } from 'node:util';
import { Clock } from '../dist/clock.js';
import { readConfig } from '../dist/config/config.js';
import { connect } from '../dist/database/database.js';
import { CryptoProvider } from '../dist/provider/crypto-provider.js';
import { MasterKey } from '../dist/provider/master-key.js';
import { prepare } from '../dist/store.js';
import { seed } from './support/seed.js';

const { values } = parseArgs({ options: { keys: { type: 'string' } } });
const keys = Number(values.keys);
const { databaseUrl, masterKey, accountId, region } = readConfig(process.env);
if (!Number.isInteger(keys) || keys < 1) throw new Error('--keys is needed: how many to add, e.g. --keys 100000');
if (databaseUrl === undefined) throw new Error('DATABASE_URL is needed: the embedded database is no place for so much');

const database = await connect(databaseUrl);
try {
  const master = new MasterKey(masterKey);
  await prepare(database, master, new Clock());
  const start = performance.now();
  await seed(database, new CryptoProvider(master), { accountId, region, keys });
  console.log(`${keys} keys in ${((performance.now() - start) / 1000).toFixed(1)} s`);
} finally {
  await database.destroy();
}
