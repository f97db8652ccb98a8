import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Path of the module in Debian's softhsm2 package. */
const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const CLUSTER = 'cluster-bench234567';
const PIN = 'bench-password';

/**
 * Initializes a token of SoftHSM2 that custom key stores can use as a cluster.
 *
 * @param {string} folder an existing folder for its files
 * @returns {{ env: NodeJS.ProcessEnv, store: object } | undefined} what the service needs in its environment, and the
 *   input of CreateCustomKeyStore; undefined if softhsm2 is not installed
 */
export function newCluster(folder) {
  if (!existsSync(MODULE)) return undefined;
  const path = (name) => join(folder, name);
  mkdirSync(path('tokens'));
  writeFileSync(path('softhsm2.conf'), `directories.tokendir = ${path('tokens')}\n`);
  const env = { SOFTHSM2_CONF: path('softhsm2.conf'), KEYBLOCK_CLUSTERS_FILE: path('clusters.json') };
  const token = ['--init-token', '--free', '--label', 'bench', '--so-pin', PIN, '--pin', PIN];
  execFileSync('softhsm2-util', token, { env: { ...process.env, ...env }, stdio: 'ignore' });
  const files = ['-keyout', path('anchor.key'), '-out', path('anchor.crt')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=bench', ...files], {
    stdio: 'ignore',
  });
  const cluster = { clusterId: CLUSTER, module: MODULE, tokenLabel: 'bench', trustAnchorFile: 'anchor.crt' };
  // JSON is YAML.
  writeFileSync(env.KEYBLOCK_CLUSTERS_FILE, JSON.stringify({ clusters: [cluster] }));
  const store = {
    CustomKeyStoreName: 'bench',
    CloudHsmClusterId: CLUSTER,
    TrustAnchorCertificate: readFileSync(path('anchor.crt'), 'utf8'),
    KeyStorePassword: PIN,
  };
  return { env, store };
}
