import { Option } from 'commander';
import type { XksUsage } from '../xks-proxy/xks-key.entity.js';
import type { Command, Streams } from './command.js';
import { type ConfirmationOptions, confirm, withConfirmation } from './confirmation.js';
import { print, type OutputOptions, withOutput } from './results.js';
import type { XksAdministration, XksSummary } from './xks-administration.js';

const DOCUMENT = 'docs/xks-proxy.md';
const USAGES: readonly XksUsage[] = ['ENCRYPT', 'DECRYPT'];
const DESCRIPTION = `Release KMS keys to AWS KMS, which uses them as external keys.

AWS KMS calls this service at https://<host>/<prefix>/kms/xks/v1, and signs with a credential of that prefix. It can use the keys that are released to the prefix, and no others. A prefix has one or more segments with slashes between them; / is the path without a prefix.

The commands open the database with the environment of the service. The service keeps running and sees a change within a second. Every change is recorded in the audit log.`;

/** Adds `keyblock xks`. */
export function addXks(program: Command, streams: Streams): void {
  const xks = program.command('xks').description(DESCRIPTION).readOn(DOCUMENT);
  const command = (name: string, description: string) => xks.command(name).description(description).readOn(DOCUMENT);

  const create = command(
    'create-credential',
    'Create a credential for a prefix, and print it.\n\nThe output is the configuration file of AWS KMS. The secret is shown once. A prefix has at most two credentials, so that a new one can replace the old one without an interruption.',
  )
    .argument('<prefix>', 'such as stores/orders, or /')
    .examples('keyblock xks create-credential stores/orders', 'keyblock xks create-credential / >xks.json');
  withOutput(create).action((prefix: string, options: OutputOptions) =>
    administer(async (administration) => {
      const { credential, path } = await administration.createCredential(trimmed(prefix));
      const file = configurationOf(credential, path);
      print(streams, options, file, [JSON.stringify(file, undefined, 2)]);
    }),
  );
  const revoke = command('revoke', 'Revoke a credential.\n\nAll nodes refuse the calls that it signs within a second.')
    .argument('<access-key-id>', 'such as XKSPABCDEFGHIJKLMNOPQRST')
    .examples(
      'keyblock xks revoke XKSPABCDEFGHIJKLMNOPQRST',
      'keyblock xks list && keyblock xks revoke XKSPABCDEFGHIJKLMNOPQRST',
    );
  withConfirmation(withOutput(revoke)).action(
    async (accessKeyId: string, options: ConfirmationOptions & OutputOptions) => {
      await confirm(streams, options, `Revoke the credential ${accessKeyId}?`);
      await administer((administration) => administration.revoke(accessKeyId));
      print(streams, options, {}, []);
    },
  );
  const release = command(
    'release',
    'Release a key to a prefix, and print its XksKeyId.\n\nThe key must be a symmetric encryption key whose material Keyblock holds. Its key policy and grants are ignored: the release is the permission.',
  )
    .argument('<prefix>', 'such as stores/orders, or /')
    .argument('<key>', 'key id or key ARN')
    .option('--as <xks-key-id>', 'Name of the key in AWS KMS; its key id by default.')
    .addOption(new Option('--usage <usage>', 'Release the key for one usage only, ENCRYPT or DECRYPT.').choices(USAGES))
    .examples(
      'keyblock xks release stores/orders --as orders \\\n  1234abcd-12ab-34cd-56ef-1234567890ab',
      'keyblock xks release / --usage DECRYPT \\\n  1234abcd-12ab-34cd-56ef-1234567890ab',
    );
  withOutput(release).action(
    (prefix: string, key: string, options: OutputOptions & { as?: string; usage?: XksUsage }) =>
      administer(async (administration) => {
        const { as: xksKeyId, usage } = options;
        const usages = usage ? [usage] : USAGES;
        const name = await administration.release(trimmed(prefix), key, { xksKeyId, usages });
        print(streams, options, { XksKeyId: name }, [name]);
      }),
  );
  const withdraw = command('withdraw', 'Withdraw a key from a prefix.\n\nWithin a second, no node finds it any more.')
    .argument('<prefix>', 'such as stores/orders, or /')
    .argument('<xks-key-id>', 'its name in AWS KMS')
    .examples('keyblock xks withdraw stores/orders orders', 'keyblock xks withdraw / orders');
  withOutput(withdraw).action((prefix: string, xksKeyId: string, options: OutputOptions) =>
    administer(async (administration) => {
      await administration.withdraw(trimmed(prefix), xksKeyId);
      print(streams, options, {}, []);
    }),
  );
  const list = command('list', 'List credentials and released keys by prefix.').examples(
    'keyblock xks list',
    'keyblock xks list | grep Disabled',
  );
  withOutput(list).action((options: OutputOptions) =>
    administer(async (administration) => {
      const summary = await administration.list();
      print(streams, options, presentSummary(summary), summaryLines(summary));
    }),
  );
}

async function administer(work: (administration: XksAdministration) => Promise<void>): Promise<void> {
  // Imported on demand, because the module loads the whole service.
  const { administerXks } = await import('./xks-administration.js');
  await administerXks(work);
}

function trimmed(prefix: string): string {
  return prefix.replace(/^\//, '').replace(/\/$/, '');
}

/** Formats a credential as the file that the AWS KMS console reads. */
function configurationOf(credential: { accessKeyId: string; secretAccessKey: string }, path: string): object {
  const { accessKeyId, secretAccessKey } = credential;
  return {
    XksProxyUriPath: path,
    XksProxyAuthenticationCredential: { AccessKeyId: accessKeyId, RawSecretAccessKey: secretAccessKey },
  };
}

function presentSummary({ credentials, keys }: XksSummary): object {
  return {
    Credentials: credentials.map(({ accessKeyId, prefix, createdAt }) => ({
      Prefix: prefix,
      AccessKeyId: accessKeyId,
      CreateTimestamp: createdAt.getTime() / 1000,
    })),
    Keys: keys.map(({ released, usages, state }) => ({
      Prefix: released.prefix,
      XksKeyId: released.xksKeyId,
      KeyArn: released.keyArn,
      Usages: usages,
      KeyState: state,
    })),
  };
}

function summaryLines({ credentials, keys }: XksSummary): string[] {
  const prefixes = new Set([
    ...credentials.map(({ prefix }) => prefix),
    ...keys.map(({ released }) => released.prefix),
  ]);
  return [...prefixes]
    .sort()
    .flatMap((prefix) => [
      `/${prefix}`,
      ...credentials
        .filter((credential) => credential.prefix === prefix)
        .map(({ accessKeyId, createdAt }) => `  credential ${accessKeyId}, created ${createdAt.toISOString()}`),
      ...keys
        .filter(({ released }) => released.prefix === prefix)
        .map(
          ({ released, usages, state }) =>
            `  key ${released.xksKeyId}: ${usages.join(' and ')}, ${state}, ${released.keyArn}`,
        ),
    ]);
}
