import { z } from 'zod';
import { backupMac, deploymentId } from '../../audit/chain.js';
import { equal } from '../../crypto/bytes.js';
import { count } from '../layout.js';

/** The contents of a database in one snapshot. */
const Facts = z.object({
  /** Time of the snapshot by the database's clock. */
  takenAt: z.iso.datetime(),
  migrations: z.array(z.string()),
  /** Ids of all master keys that the database has had, retired ones too, in the order of their creation. */
  masterKeys: z.array(z.string()),
  /** Tables, each with the number of its rows. A partitioned table counts as one. */
  tables: z.array(z.object({ name: z.string(), rows: z.int() })),
  /** Heads of all audit chains. */
  chains: z.array(z.object({ chain: z.int(), sequence: z.int(), hash: z.string() })),
  /** Number of changes to rows that nodes cache (ADR 27). */
  epoch: z.int(),
  /** Day before which the audit log's partitions were left out, because their days are exported. */
  withoutAuditBefore: z.iso.date().optional(),
});
export type Facts = z.infer<typeof Facts>;

const Content = z.object({
  format: z.literal('keyblock backup 1'),
  /** Id that a deployment keeps under every master key. */
  deployment: z.string(),
  /** Version of Keyblock. */
  version: z.string(),
  dump: z.object({ file: z.string(), bytes: z.int(), sha256: z.string() }),
  ...Facts.shape,
});

/** Description of a dump and of its database. */
const Manifest = z.object({
  ...Content.shape,
  /** HMAC-SHA-256 over all other members, 64 hexadecimal digits. */
  mac: z.string(),
});
export type Manifest = z.infer<typeof Manifest>;

/**
 * Makes the manifest of a dump.
 *
 * @param secret the deployment's secret of the audit log, 32 bytes
 */
export function sealManifest(
  secret: Buffer,
  content: Omit<z.infer<typeof Content>, 'format' | 'deployment'>,
): Manifest {
  const full = Content.parse({ format: 'keyblock backup 1', deployment: deploymentId(secret), ...content });
  return { ...full, mac: macOf(secret, full).toString('hex') };
}

/** Reads the text of a manifest, without authenticating it. @throws Error if it isn't one */
export function parseManifest(text: string): Manifest {
  const parsed = Manifest.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** Returns why a manifest wasn't written by this deployment; undefined if it was. */
export function faultOf({ mac, ...content }: Manifest, secret: Buffer): string | undefined {
  const own = deploymentId(secret);
  if (content.deployment !== own)
    return `The manifest is of deployment ${content.deployment}, and the database is of deployment ${own}.`;
  if (equal(macOf(secret, content), Buffer.from(mac, 'hex'))) return undefined;
  return 'The manifest was modified: its MAC does not match.';
}

/** The schema determines the order of the members. */
function macOf(secret: Buffer, content: z.infer<typeof Content>): Buffer {
  return backupMac(secret, JSON.stringify(Content.parse(content)));
}

/** Compares a database with the manifest of its backup. @returns a sentence for each difference */
export function differences(manifest: Facts, found: Facts): string[] {
  const age = found.epoch < manifest.epoch ? 'older' : 'newer';
  const rowsOf = new Map(found.tables.map(({ name, rows }) => [name, rows]));
  const headOf = new Map(found.chains.map((head) => [head.chain, head]));
  return [
    ...lost(manifest.migrations, found.migrations).map((name) => `The database lacks the migration ${name}.`),
    ...lost(found.migrations, manifest.migrations).map((name) => `The manifest lacks the migration ${name}.`),
    ...lost(manifest.masterKeys, found.masterKeys).map((id) => `master_key has no row of master key ${id}.`),
    ...lost(found.masterKeys, manifest.masterKeys).map((id) => `The manifest lacks master key ${id}.`),
    ...manifest.tables.flatMap(({ name, rows }) => {
      const present = rowsOf.get(name);
      if (present === undefined || present === rows) return [];
      return [`${name} has ${count(present, 'row')}, and the manifest states ${rows}.`];
    }),
    ...manifest.chains.flatMap(({ chain, sequence, hash }) => {
      const head = headOf.get(chain);
      if (!head) return [`audit_chains has no row of chain ${chain}.`];
      if (head.sequence !== sequence)
        return [`Chain ${chain} ends at event ${head.sequence}, and in the manifest at event ${sequence}.`];
      return head.hash === hash ? [] : [`Event ${sequence}, the last of chain ${chain}, has another hash.`];
    }),
    ...(found.epoch === manifest.epoch
      ? []
      : [
          `The database has seen ${count(found.epoch, 'change')}, and the manifest states ${manifest.epoch}: the database is ${age}.`,
        ]),
  ];
}

/** Names the tables of the manifest that a database doesn't have. */
export function missingTables(manifest: Facts, found: Facts): string[] {
  return lost(
    manifest.tables.map(({ name }) => name),
    found.tables.map(({ name }) => name),
  );
}

function lost(expected: readonly string[], found: readonly string[]): string[] {
  return expected.filter((value) => !found.includes(value));
}
