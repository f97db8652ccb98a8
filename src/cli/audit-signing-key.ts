import type { AuditPublicKey } from '../audit/signing-key.js';
import type { Command, Streams } from './command.js';
import { type ConfirmationOptions, confirm, withConfirmation } from './confirmation.js';
import { print, type OutputOptions, withOutput } from './results.js';

const DOCUMENT = 'docs/audit.md';
const PUBLIC_DESCRIPTION = `Print the public keys that verify exports of the audit log.

Store the output in a file where the owner of the database can't write: keyblock audit verify --export reads it. It contains the current signing key and all earlier ones, each in PEM with a line that states its id.

The command reads the environment of the service. The private key is generated on first use and never leaves the deployment.`;
const ROTATE_DESCRIPTION = `Generate a new signing key for the audit log, signed by the current one.

If you trust the current key, you can trust the new one: exports contain the signature of each key by the previous one. The private key of the current pair is destroyed. Running services keep signing with it until they are restarted.

The command reads the environment of the service. It is audited as RotateAuditSigningKey.`;

/** Adds the subcommands of `keyblock audit` for the signing key. */
export function addAuditSigningKey(audit: Command, streams: Streams): void {
  const publicKey = audit
    .command('public-key')
    .description(PUBLIC_DESCRIPTION)
    .examples('keyblock audit public-key', 'keyblock audit public-key >audit-keys.pem')
    .readOn(DOCUMENT);
  withOutput(publicKey).action(async (options: OutputOptions) => {
    const [{ withDeployment }, { auditSigningKey }] = await Promise.all([
      import('./deployment.js'),
      import('../provider/audit-signing-key.js'),
    ]);
    let keys: readonly AuditPublicKey[] = [];
    await withDeployment(async ({ database, masterKey, clock }) => {
      keys = (await auditSigningKey(database.manager, masterKey, clock.now())).publicKeys();
    });
    await printKeys(streams, options, keys);
  });

  const rotate = audit
    .command('rotate-signing-key')
    .description(ROTATE_DESCRIPTION)
    .examples(
      'keyblock audit rotate-signing-key',
      'keyblock audit rotate-signing-key --yes && keyblock audit public-key',
    )
    .readOn(DOCUMENT);
  withConfirmation(withOutput(rotate)).action(async (options: OutputOptions & ConfirmationOptions) => {
    await confirm(streams, options, 'Destroy the current signing key of the audit log and use a new one?');
    const [{ withOperator }, { rotateAuditSigningKey }] = await Promise.all([
      import('./operator.js'),
      import('../provider/audit-signing-key.js'),
    ]);
    let keys: readonly AuditPublicKey[] = [];
    await withOperator('keyblock audit', async (operator) => {
      const { masterKey, clock } = operator.deployment;
      const call = operator.call('RotateAuditSigningKey', {});
      keys = await operator.audited(() =>
        operator.changes.transaction(call, async (manager) => {
          const key = await rotateAuditSigningKey(manager, masterKey, clock.now());
          call.record.reads({ KeyId: key.keyId });
          return key.publicKeys();
        }),
      );
    });
    await printKeys(streams, options, keys);
  });
}

async function printKeys(streams: Streams, options: OutputOptions, keys: readonly AuditPublicKey[]): Promise<void> {
  const { pemOf } = await import('../audit/signing-key.js');
  const Keys = keys.map((key) => ({ Id: key.id, Number: key.number, PublicKey: pemOf(key) }));
  print(
    streams,
    options,
    { Keys },
    Keys.flatMap(({ Id, Number, PublicKey }) => [`Key ${Number}, id ${Id}`, PublicKey.trimEnd()]),
  );
}
