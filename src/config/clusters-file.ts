import { X509Certificate } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { KeyFileError, readText } from './key-file.js';

/** States of AWS CloudHSM's clusters. */
const STATES = [
  'CREATE_IN_PROGRESS',
  'UNINITIALIZED',
  'INITIALIZE_IN_PROGRESS',
  'INITIALIZED',
  'ACTIVE',
  'UPDATE_IN_PROGRESS',
  'DEGRADED',
  'DELETE_IN_PROGRESS',
  'DELETED',
] as const;

/** A PKCS#11 token that custom key stores of the type AWS_CLOUDHSM may name as their cluster. */
export interface Cluster {
  readonly id: string;
  readonly module: string;
  readonly tokenLabel?: string | undefined;
  readonly tokenSerial?: string | undefined;
  /** DER of the trust anchor certificate; absent if the certificates on the token are used. */
  readonly trustAnchor?: Buffer | undefined;
  readonly state: (typeof STATES)[number];
  /** Number of HSMs of the cluster. */
  readonly hsms: number;
}

const ClusterRow = z
  .strictObject({
    clusterId: z.string().regex(/^cluster-[2-7a-zA-Z]{11,16}$/, 'must be cluster- and 11 to 16 of 2-7, a-z, A-Z'),
    module: z.string().regex(/^\//, 'must be an absolute path'),
    tokenLabel: z.string().min(1).max(32).optional(),
    tokenSerial: z.string().min(1).max(16).optional(),
    trustAnchorFile: z.string().min(1).optional(),
    state: z.enum(STATES, `must be one of ${STATES.join(', ')}`).default('ACTIVE'),
    hsms: z.int().min(0).max(28).default(2),
  })
  .refine(({ tokenLabel, tokenSerial }) => tokenLabel ?? tokenSerial, 'must have a tokenLabel or tokenSerial');
const ClustersFile = z.strictObject({ clusters: z.array(ClusterRow).max(100) });

/**
 * Reads the YAML file that defines tokens as clusters.
 *
 * @throws KeyFileError
 */
export function readClusters(path: string): readonly Cluster[] {
  let document: unknown;
  try {
    document = parse(readText(path), { maxAliasCount: 0 });
  } catch (error) {
    throw error instanceof KeyFileError ? error : new KeyFileError(`is not YAML: ${firstLine(error)}`);
  }
  const parsed = ClustersFile.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new KeyFileError(`is not usable: ${issue?.path.join('.') || 'it'} ${issue?.message}`);
  }
  const clusters = parsed.data.clusters.map((row) => clusterOf(row, dirname(resolve(path))));
  const twice = clusters.find(({ id }, i) => clusters.findIndex((other) => other.id === id) !== i);
  if (twice) throw new KeyFileError(`states the cluster ${twice.id} twice`);
  return clusters;
}

function clusterOf(row: z.infer<typeof ClusterRow>, folder: string): Cluster {
  const { clusterId: id, trustAnchorFile, module, ...others } = row;
  try {
    accessSync(module, constants.R_OK);
  } catch {
    throw new KeyFileError(`names the module ${module} of ${id}, which cannot be read`);
  }
  const trustAnchor = trustAnchorFile === undefined ? undefined : certificateIn(resolve(folder, trustAnchorFile), id);
  return { id, module, trustAnchor, ...others };
}

function certificateIn(path: string, clusterId: string): Buffer {
  try {
    return new X509Certificate(readText(path)).raw;
  } catch (error) {
    throw new KeyFileError(`names the trust anchor ${path} of ${clusterId}: ${firstLine(error)}`);
  }
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0] ?? '';
}
