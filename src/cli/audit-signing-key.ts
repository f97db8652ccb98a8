import type { AuditPublicKey } from '../audit/signing-key.js';
import type { Command, Streams } from './command.js';
import { type ConfirmationOptions, confirm, withConfirmation } from './confirmation.js';
import { print, type ResultOptions, withJson } from './results.js';

const DOCUMENT = 'docs/audit.md';
const PUBLIC_DESCRIPTION = `Print the public keys that verify exports of the audit log.

Keep the output in a file, at a place to which the owner of the database can't write: keyblock audit verify --export reads it. It has a key in PEM with a line that states its id for the present signing key and for each one that it succeeded.

The command reads the environment of the service. The private key is generated when it is first needed and never leaves the deployment.`;
const ROTATE_DESCRIPTION = `Generate a new signing key for the audit log, signed by the present one.

Whoever trusts the present key trusts the new one, too: exports have the signatures from one key to the next. The private half of the present key is destroyed. Services that run keep signing with it until they are restarted.

The command reads the environment of the service. It is audited as RotateAuditSigningKey.`;

/** Adds the subcommands of `keyblock audit` that concern the signing key. */
export function addAuditSigningKey(audit: Command, streams: Streams): void {
  const publicKey = audit
    .command('public-key')
    .description(PUBLIC_DESCRIPTION)
    .examples('keyblock audit public-key', 'keyblock audit public-key >audit-keys.pem')
    .readOn(DOCUMENT);
  withJson(publicKey).action(async (options: ResultOptions) => {
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
  withConfirmation(withJson(rotate)).action(async (options: ResultOptions & ConfirmationOptions) => {
    await confirm(streams, options, 'Destroy the present signing key of the audit log and use a new one?');
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

async function printKeys(streams: Streams, options: ResultOptions, keys: readonly AuditPublicKey[]): Promise<void> {
  const { pemOf } = await import('../audit/signing-key.js');
  const Keys = keys.map((key) => ({ Id: key.id, Number: key.number, PublicKey: pemOf(key) }));
  print(
    streams,
    options,
    { Keys },
    Keys.flatMap(({ Id, Number, PublicKey }) => [`Key ${Number}, id ${Id}`, PublicKey.trimEnd()]),
  );
}
