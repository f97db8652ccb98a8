import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { KeyFileError, readText } from './key-file.js';
import type { TlsFiles } from './tls-files.js';

/** Maximum number of problems that are reported together. */
const MAX_PROBLEMS = 10;

/** Settings of host commands, for all listeners or for one. */
export interface HostCommandSettings {
  /** Codes of the commands that are served; undefined for the default ones. */
  readonly commands: readonly string[] | undefined;
  /** Activities that need authorisation and have it. */
  readonly authorised: readonly (typeof ACTIVITIES)[number][];
  readonly hexLength: 'characters' | 'bytes' | 'auto';
  readonly ansiX917: boolean;
  readonly pinUnderLmk: boolean;
  readonly emvPad: boolean;
  readonly weakTables: boolean;
  readonly keyNames: boolean;
  /** 9 characters. */
  readonly firmware: string;
  /** Identifier of the LMK of requests that name none. */
  readonly defaultLmk: string;
}

/** A port on which host commands are served. */
export interface HostListenerConfig extends HostCommandSettings {
  readonly host: string;
  readonly port: number;
  /** Absent for plain text. */
  readonly tls?: HostTls | undefined;
  readonly headerLength: number;
  readonly region: string;
  /** ARN of the user or role that commands run as; undefined if certificates decide. */
  readonly principal?: string | undefined;
  /** ARNs by SHA-256 of a certificate (64 upper-case digits) or its subject (see `certificateSubject`). */
  readonly principals: ReadonlyMap<string, string>;
  readonly maxConnections: number;
  readonly maxMessageBytes: number;
  /** Time to complete a message that has begun. */
  readonly messageSeconds: number;
  /** Time after which a connection without traffic is closed; 0 for none. */
  readonly idleSeconds: number;
}

/** PEM files of a listener. */
export interface HostTls {
  readonly cert: string;
  readonly key: string;
  /** Issuers of client certificates; undefined if clients have none. */
  readonly ca?: string | undefined;
  readonly files: TlsFiles;
}

/** A local master key. */
export type LmkConfig =
  /** An AES-256 key of this service. @param key alias or ARN */
  | { readonly scheme: 'keyblock'; readonly key: string }
  /** Pairs of DES keys. @param components paths of the files with their components; undefined for the public test set */
  | { readonly scheme: 'variant'; readonly components: readonly string[] | undefined; readonly pinLength: number };

/** The configuration of host commands. */
export interface PayshieldConfig {
  readonly listeners: readonly HostListenerConfig[];
  /** By their identifiers, two digits. */
  readonly lmks: ReadonlyMap<string, LmkConfig>;
  /** Absolute path of the key table. */
  readonly keyTable?: string | undefined;
}

const ACTIVITIES = ['pin.clear', 'pin.account', 'arqc.diagnostics'] as const;

/** A string that YAML may have read as something else. */
const quoted = () =>
  z.string({ error: ({ input }) => `must be in quotes: YAML reads it as ${readAs(input)}` }).max(1024);
const LmkId = quoted().regex(/^[0-9]{2}$/, 'must be two digits in quotes');
const Path = quoted().min(1);
const PrincipalArn = quoted().regex(
  /^arn:aws:iam::\d{12}:(?:user|role)\/[\w+=,.@-]{1,64}$/,
  'must be the ARN of a user or a role',
);

/** Settings that the file has for all listeners, and that a listener can override. */
const SETTINGS = {
  commands: z
    .strictObject({
      allow: z
        .array(quoted().regex(/^[A-Z0-9]{2}$/, 'must be the code of a command: two capital letters or digits'))
        .max(200),
    })
    .optional(),
  authorised: z
    .array(z.enum(ACTIVITIES, `must be one of ${ACTIVITIES.join(', ')}`))
    .max(ACTIVITIES.length)
    .optional(),
  hexLength: z.enum(['characters', 'bytes', 'auto'], 'must be characters, bytes or auto').optional(),
  ansiX917: z.boolean().optional(),
  pinUnderLmk: z.boolean().optional(),
  emvPad: z.boolean().optional(),
  weakTables: z.boolean().optional(),
  keyNames: z.boolean().optional(),
  firmware: quoted()
    .regex(/^[ -~]{1,9}$/, 'must be 1 to 9 printable characters')
    .optional(),
  defaultLmk: LmkId.optional(),
};

const Tls = z
  .strictObject({ cert: Path, key: Path, ca: Path.optional(), clientCertificate: z.boolean().default(true) })
  .refine(({ ca, clientCertificate }) => (ca !== undefined) === clientCertificate, {
    message: 'must have the ca that issues client certificates, or clientCertificate: false instead',
  });

const Listener = z
  .strictObject({
    host: quoted().refine((host) => isIP(host) !== 0, 'must be an IP address'),
    port: z.int().min(0).max(65_535),
    insecure: z.boolean().default(false),
    tls: Tls.optional(),
    headerLength: z.int().min(0).max(255).default(4),
    region: quoted(),
    principal: PrincipalArn.optional(),
    principals: z.record(z.string().max(1024), PrincipalArn).default({}),
    maxConnections: z.int().min(1).max(10_000).default(1000),
    maxMessageBytes: z.int().min(1024).max(65_535).default(32_768),
    messageSeconds: z.int().min(1).max(3600).default(30),
    idleSeconds: z.int().min(0).max(604_800).default(0),
    ...SETTINGS,
  })
  .refine(({ host, tls, insecure }) => tls !== undefined || insecure || isLoopback(host), {
    path: ['host'],
    message: 'is not a loopback address: state tls, or insecure: true to send keys and PIN blocks in plain text',
  })
  .refine(({ principal, principals }) => (principal === undefined) === Object.keys(principals).length > 0, {
    message: 'must have either a principal, or principals by client certificate',
  })
  .refine(({ principals, tls }) => Object.keys(principals).length === 0 || tls?.ca !== undefined, {
    path: ['principals'],
    message: 'needs tls with the ca that issues client certificates',
  });

const Lmk = z.discriminatedUnion(
  'scheme',
  [
    z.strictObject({ scheme: z.literal('keyblock'), key: quoted().min(7).max(322) }),
    z
      .strictObject({
        scheme: z.literal('variant'),
        set: z.literal('test').optional(),
        components: z.array(Path).min(2).max(3).optional(),
        pinLength: z.int().min(4).max(12).default(4),
      })
      .refine(({ set, components }) => (set === undefined) !== (components === undefined), {
        message: 'must have either set: test or components',
      }),
  ],
  { error: 'must have the scheme variant or keyblock' },
);

const PayshieldFile = z.strictObject({
  payshield: z.strictObject({
    listeners: z.array(Listener).min(1).max(32),
    lmks: z
      .record(z.string().regex(/^[0-9]{2}$/, 'must be two digits in quotes'), Lmk)
      .refine((lmks) => Object.keys(lmks).length > 0, 'must name an LMK')
      .refine((lmks) => Object.keys(lmks).length <= 100, 'must name at most 100 LMKs'),
    keyTable: Path.optional(),
    ...SETTINGS,
  }),
});
type Stated = z.infer<typeof PayshieldFile>['payshield'];
type StatedSettings = Partial<Pick<Stated, keyof typeof SETTINGS>>;

/**
 * Reads the YAML file that configures host commands.
 *
 * @throws KeyFileError that names the invalid lines
 */
export function readPayshield(path: string): PayshieldConfig {
  const text = readText(path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [fault] = document.errors;
  if (fault) throw new KeyFileError(`is not YAML: ${fault.message.split('\n')[0] ?? ''}`);
  const parsed = PayshieldFile.safeParse(valueOf(document));
  if (!parsed.success) throw refused(parsed.error.issues, document, lines);
  return configOf(parsed.data.payshield, dirname(resolve(path)));
}

/** Subject of a certificate as `principals` states it: `O=Bank, CN=switch`, in the order of the certificate. */
export function certificateSubject({ subject }: Pick<X509Certificate, 'subject'>): string {
  // Node's types don't say that a certificate without a subject has undefined.
  return ((subject as string | undefined) ?? '').split('\n').join(', ');
}

function valueOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new KeyFileError(`is not usable: ${(error as Error).message}`);
  }
}

function refused(issues: readonly z.core.$ZodIssue[], document: Document, lines: LineCounter): KeyFileError {
  const problems = issues.slice(0, MAX_PROBLEMS).map(({ path, message }) => {
    // A missing member has no position, so use that of its structure.
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const offset = isNode(node) ? node.range?.[0] : undefined;
      if (offset !== undefined) return `line ${lines.linePos(offset).line}: ${path.join('.') || 'it'} ${message}`;
    }
    return `${path.join('.') || 'it'} ${message}`;
  });
  return new KeyFileError(`is not usable: ${problems.join('; ')}`);
}

function configOf(stated: Stated, folder: string): PayshieldConfig {
  const lmks = new Map(Object.entries(stated.lmks).map(([id, lmk]) => [id, lmkOf(lmk, folder)]));
  return Object.freeze({
    listeners: Object.freeze(
      stated.listeners.map((listener) => {
        const { tls, principals, insecure: _, ...others } = listener;
        return Object.freeze({
          ...others,
          tls: tls && tlsOf(tls, folder),
          principals: principalsOf(principals),
          ...settingsOf({ ...settingsIn(stated), ...settingsIn(listener) }, lmks),
        });
      }),
    ),
    lmks,
    keyTable: stated.keyTable === undefined ? undefined : resolve(folder, stated.keyTable),
  });
}

function settingsIn(stated: StatedSettings): StatedSettings {
  const names = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
  return Object.fromEntries(names.flatMap((name) => (stated[name] === undefined ? [] : [[name, stated[name]]])));
}

function settingsOf(stated: StatedSettings, lmks: ReadonlyMap<string, LmkConfig>): HostCommandSettings {
  const hasTestLmk = [...lmks.values()].some(isTestLmk);
  const [first] = lmks.keys();
  const defaultLmk = stated.defaultLmk ?? (lmks.has('00') || lmks.size > 1 ? '00' : first);
  if (defaultLmk === undefined || !lmks.has(defaultLmk))
    throw new KeyFileError(
      stated.defaultLmk === undefined
        ? 'is not usable: defaultLmk must say which LMK requests use that name none'
        : `is not usable: defaultLmk names the LMK ${stated.defaultLmk}, which lmks doesn't have`,
    );
  return {
    commands: stated.commands?.allow,
    authorised: stated.authorised ?? [],
    hexLength: stated.hexLength ?? 'characters',
    ansiX917: stated.ansiX917 ?? hasTestLmk,
    pinUnderLmk: stated.pinUnderLmk ?? false,
    emvPad: stated.emvPad ?? false,
    weakTables: stated.weakTables ?? false,
    keyNames: stated.keyNames ?? false,
    firmware: (stated.firmware ?? '0000-KB01').padEnd(9),
    defaultLmk,
  };
}

/** Returns whether an LMK is the public test set. */
export function isTestLmk(lmk: LmkConfig): boolean {
  return lmk.scheme === 'variant' && lmk.components === undefined;
}

function tlsOf({ cert, key, ca }: z.infer<typeof Tls>, folder: string): HostTls {
  const read = (path: string) => {
    try {
      return readText(resolve(folder, path));
    } catch (error) {
      throw error instanceof KeyFileError ? new KeyFileError(`names the file ${path}, which ${error.message}`) : error;
    }
  };
  const files = { cert: resolve(folder, cert), key: resolve(folder, key), ...(ca && { ca: resolve(folder, ca) }) };
  const tls = { cert: read(cert), key: read(key), ca: ca === undefined ? undefined : read(ca), files };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new KeyFileError(
      `names the certificate ${cert} and its key, which cannot be used: ${(error as Error).message}`,
    );
  }
  return tls;
}

function principalsOf(stated: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const principals = new Map<string, string>();
  for (const [certificate, arn] of Object.entries(stated)) {
    const digits = certificate.replaceAll(':', '').toUpperCase();
    const isFingerprint = /^[0-9A-F]{64}$/.test(digits);
    if (!isFingerprint && !certificate.includes('='))
      throw new KeyFileError(
        `is not usable: principals names the certificate ${certificate}, which is neither a SHA-256 of 64 digits nor a subject such as "O=Bank, CN=switch"`,
      );
    const name = isFingerprint ? digits : certificate;
    if (principals.has(name)) throw new KeyFileError(`is not usable: principals states ${certificate} twice`);
    principals.set(name, arn);
  }
  return principals;
}

function lmkOf(stated: Stated['lmks'][string], folder: string): LmkConfig {
  if (stated.scheme === 'keyblock') return stated;
  const { scheme, components, pinLength } = stated;
  return { scheme, components: components?.map((path) => resolve(folder, path)), pinLength };
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127\./.test(host);
}

function readAs(value: unknown): string {
  return value === undefined ? 'nothing: it is missing' : value === null ? 'null' : `a ${typeof value}`;
}
