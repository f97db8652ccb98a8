import { z } from 'zod';
import { hashOf } from './chain.js';
import type { AuditPublicKey } from './signing-key.js';

/** Names of the files of an exported day, in addition to those of the chains. */
export const MANIFEST = 'manifest.json';
export const SIGNATURE = 'manifest.sig';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Day = z.iso.date();
const Sequence = z.int().min(1);

const ManifestFile = z.object({
  chain: z.int().min(1),
  /** Sequence numbers of the first and the last event. */
  first: Sequence,
  last: Sequence,
  /** Hash of the event before the first. */
  previous: Sha256,
  /** Hash of the last event. */
  hash: Sha256,
  count: Sequence,
  /** `eventTime` of the first and the last event. */
  from: z.string(),
  to: z.string(),
  /** JSON lines, compressed with gzip (RFC 1952). */
  name: z.string().regex(/^chain-\d+-\d+-\d+\.jsonl\.gz$/),
  /** Bytes of the file. */
  size: z.int().min(1),
  sha256: Sha256,
});
export type ManifestFile = z.infer<typeof ManifestFile>;

/** The manifest of a segment, an exported day. `manifest.sig` is the Ed25519 signature over its exact bytes. */
export const Manifest = z.object({
  version: z.literal(1),
  /** Id of the first signing key of the deployment. */
  deployment: z.string(),
  day: Day,
  /** Number of the segment, from 1, without gaps. */
  number: z.int().min(1),
  /** SHA-256 of the manifest of the previous segment; null in the first. */
  previous: Sha256.nullable(),
  /** Id of the key that signed the manifest. */
  signingKey: z.string(),
  /** This key and its predecessors, the oldest first; binary members in Base64. */
  signingKeys: z.array(
    z.object({ id: z.string(), number: z.int(), publicKey: z.base64(), signature: z.base64().nullable() }),
  ),
  files: z.array(ManifestFile),
});
export type Manifest = z.infer<typeof Manifest>;

/** Presents the public keys for a manifest. */
export function presentKeys(keys: readonly AuditPublicKey[]): Manifest['signingKeys'] {
  return keys.map(({ id, number, publicKey, signature }) => ({
    id,
    number,
    publicKey: publicKey.toString('base64'),
    signature: signature?.toString('base64') ?? null,
  }));
}

/** Reads the public keys of a manifest. */
export function keysOf({ signingKeys }: Manifest): AuditPublicKey[] {
  return signingKeys.map(({ publicKey, signature, ...key }) => ({
    ...key,
    publicKey: Buffer.from(publicKey, 'base64'),
    signature: signature === null ? null : Buffer.from(signature, 'base64'),
  }));
}

/** A manifest as it is in its file. */
export interface SignedManifest {
  manifest: Manifest;
  /** SHA-256 of the bytes of the file. */
  sha256: string;
}

/** @throws Error if the bytes aren't a manifest */
export function parseManifest(bytes: Buffer): SignedManifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch {
    throw new Error(`${MANIFEST} is not JSON`);
  }
  const { data, error } = Manifest.safeParse(json);
  if (!data) throw new Error(`${MANIFEST} is not a manifest of this version: ${z.prettifyError(error)}`);
  return { manifest: data, sha256: hashOf(bytes) };
}
