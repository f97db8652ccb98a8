import { z } from 'zod';
import { type AuditSink, parseAuditSinks } from './audit-sinks.js';

/**
 * Maximum number of failed verifications with one key, and with one account number, in a period of time on all nodes
 * together.
 */
export interface VerificationLimits {
  readonly key?: { readonly failures: number; readonly seconds: number };
  readonly pan?: { readonly failures: number; readonly seconds: number };
}

/** Host of a proxy for external key stores. */
export interface XksEndpoint {
  readonly host: string;
  /** 443 if absent. */
  readonly port?: number;
}

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

/** The variables of the service. config.ts reads the files that they name. */
export const Environment = z.object({
  KEYBLOCK_HOST: z.string().default('127.0.0.1'),
  KEYBLOCK_PORT: z
    .string()
    .regex(
      /^(?!\w+:)/,
      'must be a number such as 8080, not an address. An address that Kubernetes sets for a Service named ' +
        'keyblock is ignored only if KEYBLOCK_SERVICE_HOST and KEYBLOCK_SERVICE_PORT match it',
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
      'must be Region names separated by commas, such as us-east-1,eu-west-1',
    )
    .transform((names) => names.split(','))
    .refine((names) => new Set(names).size === names.length, 'must name each Region once')
    .optional(),
  KEYBLOCK_ACCOUNT_ID: z
    .string()
    .regex(/^\d{12}$/, 'must be 12 digits')
    .default('000000000000'),
  KEYBLOCK_DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z.string().optional(),
  KEYBLOCK_DATABASE_CONNECTIONS: integer(4, 200).default(10),
  KEYBLOCK_MIGRATE: z.enum(['on', 'off'], 'must be on or off').default('on'),
  PGPASSFILE: z.string().optional(),
  KEYBLOCK_MASTER_KEY: z.string().optional(),
  KEYBLOCK_MASTER_KEY_FILE: z.string().optional(),
  KEYBLOCK_MASTER_KEY_COMPONENT_FILES: z.string().optional(),
  KEYBLOCK_MASTER_KEY_TOKEN: z.string().optional(),
  KEYBLOCK_MASTER_KEY_TOKEN_MECHANISM: z
    .enum(
      ['aes-gcm', 'rsa-oaep-sha1', 'rsa-oaep-sha256'],
      'must be aes-gcm, rsa-oaep-sha1 or rsa-oaep-sha256: how the token encrypts the master key',
    )
    .default('aes-gcm'),
  KEYBLOCK_CLUSTERS_FILE: z.string().optional(),
  KEYBLOCK_PAYSHIELD_FILE: z.string().optional(),
  KEYBLOCK_XKS_TIMEOUT_MS: integer(100, 60_000).default(1000),
  KEYBLOCK_XKS_ENDPOINTS: z
    .string()
    .regex(
      /^[a-zA-Z0-9.-]+(:\d{1,5})?(,[a-zA-Z0-9.-]+(:\d{1,5})?)*$/,
      'must be hosts separated by commas, each with a port if it is not 443, such as localhost:8443,10.0.0.7',
    )
    .transform((text) => text.split(',').map(parseEndpoint))
    .optional(),
  KEYBLOCK_TOKEN_REQUIRED: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false')
    .transform((text) => text === 'true'),
  KEYBLOCK_TOKEN_SESSIONS: integer(1, 64).default(4),
  KEYBLOCK_TOKEN_TIMEOUT_MS: integer(100, 60_000).default(2000),
  KEYBLOCK_ACCESS_KEY_ID: z
    .string()
    .regex(/^\w{16,128}$/, 'must be 16 to 128 letters, digits or underscores')
    .optional(),
  KEYBLOCK_SECRET_ACCESS_KEY: z.string().optional(),
  KEYBLOCK_SECRET_ACCESS_KEY_FILE: z.string().optional(),
  KEYBLOCK_TLS_CERT_FILE: z.string().optional(),
  KEYBLOCK_TLS_KEY_FILE: z.string().optional(),
  KEYBLOCK_METRICS_PORT: integer(0, 65_535).optional(),
  KEYBLOCK_CLOCK_SKEW_SECONDS: integer(1, 86_400).default(300),
  KEYBLOCK_BODY_LIMIT_BYTES: integer(1024, 104_857_600).default(1_048_576),
  KEYBLOCK_MAX_KEYS: integer(1, 10_000_000).optional(),
  KEYBLOCK_MAX_ALIASES: integer(1, 10_000_000).optional(),
  KEYBLOCK_KEY_CACHE: integer(1, 100_000).default(20_000),
  KEYBLOCK_CONTROL_PLANE_RATE: integer(1, 1_000_000).optional(),
  KEYBLOCK_DATA_PLANE_RATE: integer(1, 1_000_000).optional(),
  KEYBLOCK_TR31_LEGACY: z.enum(['refuse', 'allow'], 'must be refuse or allow').default('refuse'),
  KEYBLOCK_WEAK_DECIMALIZATION: z.enum(['refuse', 'allow'], 'must be refuse or allow').default('refuse'),
  KEYBLOCK_VERIFICATION_LIMIT: z
    .string()
    .regex(
      /^(?:(?:pan|key)=[1-9]\d{0,8}\/[1-9]\d{0,4}[smh](?:,(?!$)|$)){1,2}$/,
      'must be limits such as pan=10/1h,key=1000/60s: failures, a slash, and a number of seconds, minutes or hours',
    )
    .transform(parseVerificationLimits)
    .refine((limits) => limits !== undefined, 'must state pan and key at most once each')
    .optional(),
  KEYBLOCK_AUDIT: z.string().default('table').transform(auditSinks),
  KEYBLOCK_STALE_SECONDS: integer(0, 900).default(0),
  KEYBLOCK_APPROVALS_WEBHOOK: z.string().optional(),
  KEYBLOCK_APPROVALS_WEBHOOK_SECRET: z.string().optional(),
  KEYBLOCK_APPROVALS_WEBHOOK_SECRET_FILE: z.string().optional(),
  KEYBLOCK_REQUEST_LOG: z.enum(['all', 'errors', 'off'], 'must be all, errors or off').optional(),
  KEYBLOCK_CONSOLE: z.enum(['on', 'no-workbench', 'off'], 'must be on, no-workbench or off').default('on'),
  KEYBLOCK_CONSOLE_LABEL: z
    .string()
    .max(24, 'must be at most 24 characters')
    .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII characters')
    .optional(),
  KEYBLOCK_LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be a pino level: info, warn, error, ...',
    )
    .default('info'),
  KEYBLOCK_DRAIN_SECONDS: integer(0, 3600).default(5),
  KEYBLOCK_WORKERS: integer(1, 128).default(1),
  KEYBLOCK_OTLP_ENDPOINT: z
    .string()
    .regex(/^https?:\/\/[^/?#@]+\/?$/, 'must be the base URL of a collector, such as http://127.0.0.1:4318')
    .optional(),
  KEYBLOCK_TRACE_RATIO: z
    .string()
    .regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, 'must be a number from 0 to 1, such as 0.05')
    .default('0.1')
    .transform(Number),
});
export type Environment = z.infer<typeof Environment>;

function auditSinks(text: string, context: z.RefinementCtx): readonly AuditSink[] {
  try {
    return parseAuditSinks(text);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
}

function parseEndpoint(text: string): XksEndpoint {
  const [host = '', port] = text.toLowerCase().split(':');
  return port === undefined ? { host } : { host, port: Number(port) };
}

const SECONDS = { s: 1, m: 60, h: 3600 };

/** Parses limits such as `key=100/1h`. @returns undefined if a limit is stated twice */
function parseVerificationLimits(text: string): VerificationLimits | undefined {
  const limits = text.split(',').map((limit) => {
    const [, name = '', failures, count, unit] = /^(\w+)=(\d+)\/(\d+)([smh])$/.exec(limit) ?? [];
    return [
      name,
      { failures: Number(failures), seconds: Number(count) * SECONDS[unit as keyof typeof SECONDS] },
    ] as const;
  });
  const parsed = Object.fromEntries(limits);
  return Object.keys(parsed).length === limits.length ? parsed : undefined;
}
