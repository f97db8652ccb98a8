import { generateKeyPairSync } from 'node:crypto';
import { auditKeyId, AuditSigningKey, pemOf, TrustedAuditKeys } from '../../src/audit/signing-key.js';
import type { StreamOptions } from '../../src/audit/audit-log.js';

/** Makes a signing key, and the keys that verify its signatures. */
export function newSigningKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const key = { id: auditKeyId(spki), number: 1, publicKey: spki, signature: null };
  return { signer: new AuditSigningKey([key], privateKey), trusted: new TrustedAuditKeys(pemOf(key)) };
}

/** Makes a stream in memory. `write` may be replaced to make it fail or wait. */
export function newStream(signer = newSigningKey().signer, isRequired = true) {
  let text = '';
  const output = {
    write: (lines: string): Promise<void> => {
      text += lines;
      return Promise.resolve();
    },
  };
  return {
    options: { name: 'stdout', isRequired, signer, output } satisfies StreamOptions,
    lines: () => text.split('\n').slice(0, -1),
    /** The names of its events, without checkpoints. */
    names: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { eventName: string }).eventName)
        .filter((name) => name !== 'AuditCheckpoint'),
  };
}
