import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import {
  type FiledKey,
  KeyFileError,
  parseKey,
  readComponentFiles,
  readKeyFile,
  readSecretFile,
  readText,
} from './key-file.js';
import { findPassword } from './password-file.js';
import { withoutServiceLinks } from './service-links.js';

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
  /** URL of PostgreSQL, including a password from PGPASSFILE; absent for the embedded database. */
  readonly databaseUrl?: string;
  /** 32 bytes. Absent only with the embedded database, for which one is generated. */
  readonly masterKey?: Buffer;
  /** Check values of the components if the master key was combined from components. */
  readonly masterKeyComponents?: readonly string[];
  /** Absent only with the embedded database, for which they are generated. */
  readonly rootCredentials?: RootCredentials;
  /** PEM. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  readonly clockSkewSeconds: number;
  readonly bodyLimitBytes: number;
  /** Maximum number of keys in an account and Region, not counting deleted ones; no limit if absent. */
  readonly maxKeys?: number;
  /** Maximum number of aliases in an account and Region; no limit if absent. */
  readonly maxAliases?: number;
  /** Requests per second for each account and Region on this node; no limit if absent. */
  readonly controlPlaneRate?: number;
  /** Like `controlPlaneRate`. */
  readonly dataPlaneRate?: number;
  /** Accepts TR-31 key blocks of versions A and C. */
  readonly acceptsLegacyKeyBlocks: boolean;
  /** Destinations of audit events. */
  readonly audit: readonly AuditDestination[];
  readonly logLevel: string;
  /** Number of processes that share the port. */
  readonly workers: number;
}

export type AuditDestination = 'table' | 'stdout';

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

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

const Environment = z.object({
  KEYBLOCK_HOST: z.string().default('127.0.0.1'),
  KEYBLOCK_PORT: z
    .string()
    .regex(
      /^(?!\w+:)/,
      'must be a number such as 8080, not an address. The one that Kubernetes sets for a Service named keyblock is ignored ' +
        'with KEYBLOCK_SERVICE_HOST and KEYBLOCK_SERVICE_PORT that agree with it',
    )
    .pipe(integer(0, 65535))
    .default(8080),
  KEYBLOCK_REGION: z
    .string()
    .regex(/^[a-z]{2}-[a-z]{1,16}-[0-9]+$/, 'must be a Region name such as us-east-1')
    .default('us-east-1'),
  KEYBLOCK_REGIONS: z
    .string()
    .regex(
      /^[a-z]{2}-[a-z]{1,16}-[0-9]+(,[a-z]{2}-[a-z]{1,16}-[0-9]+)*$/,
      'must be Region names with commas between them, such as us-east-1,eu-west-1',
    )
    .transform((names) => names.split(','))
    .refine((names) => new Set(names).size === names.length, 'must name each Region once')
    .optional(),
  KEYBLOCK_ACCOUNT_ID: z
    .string()
    .regex(/^\d{12}$/, 'must be 12 digits')
    .default('000000000000'),
  KEYBLOCK_DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// URL')
    .optional(),
  PGPASSFILE: z.string().optional(),
  KEYBLOCK_MASTER_KEY: z.string().optional(),
  KEYBLOCK_MASTER_KEY_FILE: z.string().optional(),
  KEYBLOCK_MASTER_KEY_COMPONENT_FILES: z.string().optional(),
  KEYBLOCK_ACCESS_KEY_ID: z
    .string()
    .regex(/^\w{16,128}$/, 'must be 16 to 128 letters, digits or underscores')
    .optional(),
  KEYBLOCK_SECRET_ACCESS_KEY: z.string().optional(),
  KEYBLOCK_SECRET_ACCESS_KEY_FILE: z.string().optional(),
  KEYBLOCK_TLS_CERT_FILE: z.string().optional(),
  KEYBLOCK_TLS_KEY_FILE: z.string().optional(),
  KEYBLOCK_CLOCK_SKEW_SECONDS: integer(1, 86_400).default(300),
  KEYBLOCK_BODY_LIMIT_BYTES: integer(1024, 104_857_600).default(1_048_576),
  KEYBLOCK_MAX_KEYS: integer(1, 10_000_000).optional(),
  KEYBLOCK_MAX_ALIASES: integer(1, 10_000_000).optional(),
  KEYBLOCK_CONTROL_PLANE_RATE: integer(1, 1_000_000).optional(),
  KEYBLOCK_DATA_PLANE_RATE: integer(1, 1_000_000).optional(),
  KEYBLOCK_TR31_LEGACY: z.enum(['refuse', 'allow'], 'must be refuse or allow').default('refuse'),
  KEYBLOCK_AUDIT: z
    .enum(['table', 'stdout', 'table,stdout'], 'must be table, stdout or table,stdout')
    .default('table')
    .transform((text) => text.split(',') as AuditDestination[]),
  KEYBLOCK_LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be a pino level: info, warn, error, ...',
    )
    .default('info'),
  KEYBLOCK_WORKERS: integer(1, 128).default(1),
});

/** Mutually exclusive settings, each with the function that reads its value and throws KeyFileError. */
type Sources<T> = Record<string, (value: string) => T>;

const MASTER_KEY: Sources<FiledKey> = {
  KEYBLOCK_MASTER_KEY: (text) => {
    const key = parseKey(text);
    if (!key) throw new KeyFileError('must be 64 hexadecimal digits');
    return { key };
  },
  KEYBLOCK_MASTER_KEY_FILE: (path) => ({ key: readKeyFile(path) }),
  KEYBLOCK_MASTER_KEY_COMPONENT_FILES: (paths) => readComponentFiles(paths.split(',')),
};

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
  const parsed = Environment.safeParse(set);
  const problems = parsed.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
  const unknown = Object.keys(set).filter((name) => name.startsWith('KEYBLOCK_') && !(name in Environment.shape));
  problems.push(...unknown.map((name) => `${name} is not a setting of Keyblock`));

  const file = (name: string): Buffer | undefined => {
    const path = set[name];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      problems.push(`${name} cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  };
  const reading = <T>(name: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof KeyFileError)) throw error;
      problems.push(`${name} ${error.message}`);
      return undefined;
    }
  };
  const isSet = (sources: object) => Object.keys(sources).some((name) => set[name] !== undefined);
  const oneOf = <T>(sources: Sources<T>): T | undefined => {
    const given = Object.entries(sources).flatMap(([name, read]) => {
      const value = set[name];
      return value === undefined ? [] : { name, read: () => read(value) };
    });
    if (given.length > 1) problems.push(`${given.map(({ name }) => name).join(' and ')} exclude each other: set one`);
    return given.map(({ name, read }) => reading(name, read))[0];
  };

  const filed = oneOf(MASTER_KEY);
  const secretAccessKey = oneOf(SECRET_ACCESS_KEY);
  if ((set['KEYBLOCK_ACCESS_KEY_ID'] !== undefined) !== isSet(SECRET_ACCESS_KEY))
    problems.push(
      'KEYBLOCK_ACCESS_KEY_ID and KEYBLOCK_SECRET_ACCESS_KEY, or its file, go together: they are one credential',
    );
  if ((set['KEYBLOCK_TLS_CERT_FILE'] === undefined) !== (set['KEYBLOCK_TLS_KEY_FILE'] === undefined))
    problems.push('KEYBLOCK_TLS_CERT_FILE and KEYBLOCK_TLS_KEY_FILE go together: HTTPS needs both');
  const cert = file('KEYBLOCK_TLS_CERT_FILE');
  const key = file('KEYBLOCK_TLS_KEY_FILE');
  if (set['DATABASE_URL'] !== undefined) {
    if (!isSet(MASTER_KEY))
      problems.push('KEYBLOCK_MASTER_KEY or one of its files is needed with DATABASE_URL: all nodes share one');
    if (set['KEYBLOCK_ACCESS_KEY_ID'] === undefined)
      problems.push('KEYBLOCK_ACCESS_KEY_ID is needed with DATABASE_URL: all nodes share one credential');
  }
  const usable = <T>(what: string, attempt: () => T): T | undefined => {
    try {
      return attempt();
    } catch (error) {
      problems.push(`${what}: ${(error as Error).message}`);
      return undefined;
    }
  };
  if (cert && key)
    usable('KEYBLOCK_TLS_CERT_FILE and KEYBLOCK_TLS_KEY_FILE cannot be used', () => createSecureContext({ cert, key }));
  const { KEYBLOCK_REGION: region, KEYBLOCK_REGIONS: regions } = parsed.data ?? {};
  if (region !== undefined && regions && !regions.includes(region))
    problems.push(`KEYBLOCK_REGIONS must have KEYBLOCK_REGION, ${region}, among them`);
  const { DATABASE_URL: url, PGPASSFILE: passwordFile } = parsed.data ?? {};
  const databaseUrl = url === undefined ? undefined : usable('DATABASE_URL is not a URL', () => parseDatabaseUrl(url));
  // In the order of PostgreSQL's own clients: the URL, PGPASSWORD, the file.
  if (databaseUrl?.password === '' && set['PGPASSWORD'] === undefined && passwordFile !== undefined)
    databaseUrl.password =
      reading('PGPASSFILE', () => encodeURIComponent(readPassword(passwordFile, databaseUrl))) ?? '';
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);

  const { data } = parsed;
  return Object.freeze({
    host: data.KEYBLOCK_HOST,
    port: data.KEYBLOCK_PORT,
    region: data.KEYBLOCK_REGION,
    regions: Object.freeze(data.KEYBLOCK_REGIONS ?? [data.KEYBLOCK_REGION]),
    accountId: data.KEYBLOCK_ACCOUNT_ID,
    dataDir: resolve(data.KEYBLOCK_DATA_DIR),
    databaseUrl: databaseUrl?.href,
    masterKey: filed?.key,
    masterKeyComponents: filed?.componentCheckValues,
    rootCredentials:
      data.KEYBLOCK_ACCESS_KEY_ID === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId: data.KEYBLOCK_ACCESS_KEY_ID, secretAccessKey },
    tls: cert && key ? { cert, key } : undefined,
    clockSkewSeconds: data.KEYBLOCK_CLOCK_SKEW_SECONDS,
    bodyLimitBytes: data.KEYBLOCK_BODY_LIMIT_BYTES,
    maxKeys: data.KEYBLOCK_MAX_KEYS,
    maxAliases: data.KEYBLOCK_MAX_ALIASES,
    controlPlaneRate: data.KEYBLOCK_CONTROL_PLANE_RATE,
    dataPlaneRate: data.KEYBLOCK_DATA_PLANE_RATE,
    acceptsLegacyKeyBlocks: data.KEYBLOCK_TR31_LEGACY === 'allow',
    audit: Object.freeze(data.KEYBLOCK_AUDIT),
    logLevel: data.KEYBLOCK_LOG_LEVEL,
    workers: data.KEYBLOCK_WORKERS,
  });
}

function parseDatabaseUrl(text: string): URL {
  const url = new URL(text);
  decodeURIComponent(url.username + url.password + url.pathname);
  return url;
}

/** Reads the password for a database from a password file. @throws KeyFileError if the file can't be read or has none */
function readPassword(path: string, url: URL): string {
  const password = findPassword(readText(path), url);
  if (password === undefined)
    throw new KeyFileError(`has no line for ${url.username}@${url.host}${url.pathname}, the database of DATABASE_URL`);
  return password;
}
