import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Pkcs11Uri } from '../hsm/pkcs11-uri.js';
import { type ApprovalsWebhook, readApprovalsWebhook } from './approvals-webhook.js';
import type { AuditSink } from './audit-sinks.js';
import { type Cluster, readClusters } from './clusters-file.js';
import { parseDatabaseUrl } from './database-url.js';
import { Environment, type VerificationLimits, type XksEndpoint } from './environment.js';
import { KeyFileError, readSecretFile, readText } from './key-file.js';
import { type MasterKeySource, masterKeySources } from './master-key-source.js';
import { findPassword } from './password-file.js';
import { type PayshieldConfig, readPayshield } from './payshield-file.js';
import { Settings, type Sources } from './settings.js';
import { withoutServiceLinks } from './service-links.js';
import type { TlsFiles } from './tls-files.js';

/** The operator's settings, read from the environment once and validated before anything starts. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** The default Region. */
  readonly region: string;
  /** All Regions served, including `region`. */
  readonly regions: readonly string[];
  readonly accountId: string;
  /** Absolute path of the folder with the embedded database, its master key and root credentials. */
  readonly dataDir: string;
  /**
   * URLs of the PostgreSQL servers of which one is the primary, including passwords from PGPASSFILE; absent for the
   * embedded database.
   */
  readonly databaseUrls?: readonly string[];
  /** Maximum number of connections of a process to the database, besides the one that listens for changes. */
  readonly databaseConnections: number;
  /** Runs due migrations at start; otherwise the service refuses to start while any are due. */
  readonly migrates: boolean;
  /**
   * 32 bytes. Absent if a token encrypts the master key, and with the embedded database, for which one is generated.
   */
  readonly masterKey?: Buffer;
  /** The key of a PKCS#11 token that encrypts the master key. */
  readonly masterKeyToken?: TokenKeyConfig;
  /** The tokens that custom key stores may use. */
  readonly clusters: readonly Cluster[];
  /** Host commands; absent if none are served. */
  readonly payshield?: PayshieldConfig;
  /** Hosts of external key store proxies that aren't public, or whose port isn't 443. */
  readonly xksEndpoints: readonly XksEndpoint[];
  /** Time limit of a call to an external key store proxy. AWS KMS waits 250 ms; a self-hosted proxy may take longer. */
  readonly xksTimeoutMs: number;
  /** Settings for tokens other than the master key's. */
  readonly tokens: TokenConfig;
  /** Check values of the components if the master key was combined from components. */
  readonly masterKeyComponents?: readonly string[];
  /** Absent only with the embedded database, for which they are generated. */
  readonly rootCredentials?: RootCredentials;
  /** Certificate and private key, PEM, and the files that they are from. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly files: TlsFiles };
  /** Port of the metrics; that of the service if absent. */
  readonly metricsPort?: number;
  readonly clockSkewSeconds: number;
  readonly bodyLimitBytes: number;
  /** Maximum number of keys in an account and Region, not counting deleted ones; no limit if absent. */
  readonly maxKeys?: number;
  /** Maximum number of aliases in an account and Region; no limit if absent. */
  readonly maxAliases?: number;
  /** Maximum number of entries in the cache of keys; a key has one for each ARN or alias by which calls name it. */
  readonly keyCache: number;
  /** Requests per second for each account and Region on this node; no limit if absent. */
  readonly controlPlaneRate?: number;
  /** Like `controlPlaneRate`. */
  readonly dataPlaneRate?: number;
  /** Accepts TR-31 key blocks of versions A and C. */
  readonly acceptsLegacyKeyBlocks: boolean;
  /** Accepts decimalization tables that make PINs easy to guess. */
  readonly acceptsWeakDecimalization: boolean;
  /** Limits on failed verifications; none if absent. */
  readonly verificationLimits?: VerificationLimits;
  /**
   * Destinations of audit events. Data-plane events are written to the table only if it is one of them; all other
   * events always are.
   */
  readonly audit: readonly AuditSink[];
  /**
   * Time after the last contact with the database for which calls of the data plane are served from caches; 0
   * if they aren't.
   */
  readonly staleSeconds: number;
  /** Receiver of notices about approvals; none if absent. */
  readonly approvalsWebhook?: ApprovalsWebhook;
  /** Requests that have a line in the log. */
  readonly requestLog: 'all' | 'errors' | 'off';
  /** Parts of the console that are served. */
  readonly console: 'on' | 'no-workbench' | 'off';
  /** Name of the deployment that the console shows. */
  readonly consoleLabel?: string;
  readonly logLevel: string;
  /** Time for which the service keeps serving after SIGTERM, so that load balancers can stop sending requests to it. */
  readonly drainSeconds: number;
  /** Number of processes that share the port. */
  readonly workers: number;
  /** Collector of traces, and the fraction of requests that are traced; none if absent. */
  readonly traces?: { readonly endpoint: string; readonly ratio: number };
}

/** Settings for the tokens of a deployment. */
export interface TokenConfig {
  /** Mechanism by which a token encrypts the master key. */
  readonly mechanism: 'aes-gcm' | 'rsa-oaep-sha1' | 'rsa-oaep-sha256';
  /** Maximum number of concurrent calls to a token. */
  readonly sessions: number;
  /** Time limit of a call to a token, in milliseconds. */
  readonly timeoutMs: number;
}

export interface TokenKeyConfig extends TokenConfig {
  readonly uri: Pkcs11Uri;
  readonly pin: string;
  /** The service isn't ready while the token is unavailable. */
  readonly isRequired: boolean;
}

/** Injection token of the configuration. */
export const CONFIG = Symbol('config');

export interface RootCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** All problems of the environment, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

const SECRET_ACCESS_KEY: Sources<string> = {
  KEYBLOCK_SECRET_ACCESS_KEY: (text) => {
    if (text.length < 16) throw new KeyFileError('must be at least 16 characters');
    return text;
  },
  KEYBLOCK_SECRET_ACCESS_KEY_FILE: (path) => {
    const text = readSecretFile(path);
    if (text.length < 16) throw new KeyFileError('must hold at least 16 characters');
    return text;
  },
};

/**
 * Reads and validates the configuration.
 *
 * @param env the environment; an empty value counts as absent
 * @throws ConfigError that lists all problems
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const set = withoutServiceLinks(
    Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : []))),
  );
  const settings = new Settings(set);
  const { problems } = settings;
  const parsed = Environment.safeParse(set);
  problems.push(...(parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`));
  const unknown = Object.keys(set).filter((name) => name.startsWith('KEYBLOCK_') && !(name in Environment.shape));
  problems.push(...unknown.map((name) => `${name} is not a setting of Keyblock`));

  const masterKeys = masterKeySources(set);
  const masterKey = settings.oneOf(masterKeys);
  const secretAccessKey = readSecretAccessKey(settings);
  const tls = readTls(settings);
  const clusters = settings.read('KEYBLOCK_CLUSTERS_FILE', readClusters) ?? [];
  const payshield = settings.read('KEYBLOCK_PAYSHIELD_FILE', readPayshield);
  const approvalsWebhook = readApprovalsWebhook(settings);
  if (settings.has('DATABASE_URL')) requireShared(settings, masterKeys);
  if (parsed.data)
    problems.push(
      ...regionProblems(parsed.data),
      ...staleProblems(parsed.data),
      ...payshieldProblems(parsed.data, payshield),
    );
  const databaseUrls = readDatabaseUrls(settings);
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  const filed = { masterKey, secretAccessKey, tls, clusters, payshield, databaseUrls, approvalsWebhook };
  return configOf(parsed.data, filed);
}

function readSecretAccessKey(settings: Settings): string | undefined {
  const secretAccessKey = settings.oneOf(SECRET_ACCESS_KEY);
  if (settings.has('KEYBLOCK_ACCESS_KEY_ID') !== settings.hasOneOf(SECRET_ACCESS_KEY))
    settings.problems.push(
      'KEYBLOCK_ACCESS_KEY_ID and KEYBLOCK_SECRET_ACCESS_KEY, or its file, must be set together: they are one credential',
    );
  return secretAccessKey;
}

function readTls(settings: Settings): Config['tls'] {
  const [certFile, keyFile] = ['KEYBLOCK_TLS_CERT_FILE', 'KEYBLOCK_TLS_KEY_FILE'] as const;
  if (settings.has(certFile) !== settings.has(keyFile))
    settings.problems.push(`${certFile} and ${keyFile} must be set together: HTTPS needs both`);
  const [cert, key] = [settings.file(certFile), settings.file(keyFile)];
  if (!cert || !key) return undefined;
  settings.attempt(`${certFile} and ${keyFile} cannot be used`, () => createSecureContext({ cert, key }));
  return { cert, key, files: { cert: settings.path(certFile), key: settings.path(keyFile) } };
}

/**
 * Checks that the master key and the credential that all nodes must share are set. Otherwise, each node would generate
 * its own.
 */
function requireShared(settings: Settings, masterKeys: Sources<MasterKeySource>): void {
  if (!settings.hasOneOf(masterKeys))
    settings.problems.push(
      'KEYBLOCK_MASTER_KEY, one of its files or KEYBLOCK_MASTER_KEY_TOKEN is required with DATABASE_URL: all nodes share one master key',
    );
  if (!settings.has('KEYBLOCK_ACCESS_KEY_ID'))
    settings.problems.push('KEYBLOCK_ACCESS_KEY_ID is required with DATABASE_URL: all nodes share one credential');
}

function regionProblems({ KEYBLOCK_REGION: region, KEYBLOCK_REGIONS: regions }: Environment): string[] {
  return !regions || regions.includes(region) ? [] : [`KEYBLOCK_REGIONS must include KEYBLOCK_REGION, ${region}`];
}

/** Checks that calls can be recorded while the database is unreachable, if they are to be served then. */
function staleProblems({ KEYBLOCK_STALE_SECONDS: seconds, KEYBLOCK_AUDIT: sinks }: Environment): string[] {
  if (seconds === 0 || !sinks.some(({ name }) => name === 'table')) return [];
  return [
    'KEYBLOCK_STALE_SECONDS must be 0 while KEYBLOCK_AUDIT has table, where calls cannot be recorded while the database ' +
      'is unreachable: set KEYBLOCK_AUDIT to stdout or file:FOLDER alone',
  ];
}

/** Checks that the Regions and users of host commands are those of the service. */
function payshieldProblems(
  { KEYBLOCK_REGION: region, KEYBLOCK_REGIONS: regions = [region], KEYBLOCK_ACCOUNT_ID: account }: Environment,
  payshield: PayshieldConfig | undefined,
): string[] {
  const problems = (payshield?.listeners ?? []).flatMap((listener) => [
    ...(regions.includes(listener.region) ? [] : [`names the Region ${listener.region}, which is not served`]),
    ...[listener.principal ?? [], ...listener.principals.values()]
      .flat()
      .filter((arn) => !arn.startsWith(`arn:aws:iam::${account}:`))
      .map((arn) => `names ${arn}, which is not of the account ${account}`),
  ]);
  return [...new Set(problems)].map((problem) => `KEYBLOCK_PAYSHIELD_FILE ${problem}`);
}

/** Returns the URL of each host of the database, with its password, which is looked up in the order of libpq. */
function readDatabaseUrls(settings: Settings): readonly string[] | undefined {
  const urls = settings.read('DATABASE_URL', parseDatabaseUrl);
  if (urls?.some(({ password }) => password === '') && !settings.has('PGPASSWORD')) {
    const passwords = settings.read('PGPASSFILE', readText);
    for (const url of urls) url.password = encodeURIComponent((passwords && findPassword(passwords, url)) ?? '');
  }
  return urls?.map(({ href }) => href);
}

/** Values that come from files, or that are combined with them. */
interface Filed extends Pick<Config, 'tls' | 'clusters' | 'databaseUrls' | 'approvalsWebhook'> {
  payshield: PayshieldConfig | undefined;
  masterKey: MasterKeySource | undefined;
  secretAccessKey: string | undefined;
}

function configOf(data: Environment, filed: Filed): Config {
  const { masterKey, secretAccessKey, tls, clusters, payshield, databaseUrls, approvalsWebhook } = filed;
  const tokens = {
    mechanism: data.KEYBLOCK_MASTER_KEY_TOKEN_MECHANISM,
    sessions: data.KEYBLOCK_TOKEN_SESSIONS,
    timeoutMs: data.KEYBLOCK_TOKEN_TIMEOUT_MS,
  };
  return Object.freeze({
    host: data.KEYBLOCK_HOST,
    port: data.KEYBLOCK_PORT,
    region: data.KEYBLOCK_REGION,
    regions: Object.freeze(data.KEYBLOCK_REGIONS ?? [data.KEYBLOCK_REGION]),
    accountId: data.KEYBLOCK_ACCOUNT_ID,
    dataDir: resolve(data.KEYBLOCK_DATA_DIR),
    databaseUrls,
    databaseConnections: data.KEYBLOCK_DATABASE_CONNECTIONS,
    migrates: data.KEYBLOCK_MIGRATE === 'on',
    ...masterKeyOf(masterKey, tokens, data.KEYBLOCK_TOKEN_REQUIRED),
    tokens,
    clusters,
    payshield,
    xksEndpoints: Object.freeze(data.KEYBLOCK_XKS_ENDPOINTS ?? []),
    xksTimeoutMs: data.KEYBLOCK_XKS_TIMEOUT_MS,
    rootCredentials:
      data.KEYBLOCK_ACCESS_KEY_ID === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId: data.KEYBLOCK_ACCESS_KEY_ID, secretAccessKey },
    tls,
    metricsPort: data.KEYBLOCK_METRICS_PORT,
    clockSkewSeconds: data.KEYBLOCK_CLOCK_SKEW_SECONDS,
    bodyLimitBytes: data.KEYBLOCK_BODY_LIMIT_BYTES,
    maxKeys: data.KEYBLOCK_MAX_KEYS,
    maxAliases: data.KEYBLOCK_MAX_ALIASES,
    keyCache: data.KEYBLOCK_KEY_CACHE,
    controlPlaneRate: data.KEYBLOCK_CONTROL_PLANE_RATE,
    dataPlaneRate: data.KEYBLOCK_DATA_PLANE_RATE,
    acceptsLegacyKeyBlocks: data.KEYBLOCK_TR31_LEGACY === 'allow',
    acceptsWeakDecimalization: data.KEYBLOCK_WEAK_DECIMALIZATION === 'allow',
    verificationLimits: data.KEYBLOCK_VERIFICATION_LIMIT,
    audit: Object.freeze(data.KEYBLOCK_AUDIT),
    staleSeconds: data.KEYBLOCK_STALE_SECONDS,
    ...(approvalsWebhook && { approvalsWebhook }),
    // On a stream, the event of a request says what its line of the log would.
    requestLog:
      data.KEYBLOCK_REQUEST_LOG ?? (data.KEYBLOCK_AUDIT.some(({ name }) => name !== 'table') ? 'errors' : 'all'),
    console: data.KEYBLOCK_CONSOLE,
    consoleLabel: data.KEYBLOCK_CONSOLE_LABEL,
    logLevel: data.KEYBLOCK_LOG_LEVEL,
    drainSeconds: data.KEYBLOCK_DRAIN_SECONDS,
    workers: data.KEYBLOCK_WORKERS,
    ...(data.KEYBLOCK_OTLP_ENDPOINT && {
      traces: { endpoint: data.KEYBLOCK_OTLP_ENDPOINT, ratio: data.KEYBLOCK_TRACE_RATIO },
    }),
  });
}

function masterKeyOf(source: MasterKeySource | undefined, tokens: TokenConfig, isRequired: boolean): Partial<Config> {
  if (!source) return {};
  if ('key' in source) return { masterKey: source.key, masterKeyComponents: source.componentCheckValues };
  return { masterKeyToken: { ...source, ...tokens, isRequired } };
}
