import { Argument, InvalidArgumentError } from 'commander';
import type { Question } from '../admin/policy-simulator.js';
import type { PrincipalKind } from '../access/principal.entity.js';
import type { NewAccessKey, PrincipalSummary } from '../access/principal.repository.js';
import type { AccessAdministration } from './access-administration.js';
import type { Command, Streams } from './command.js';
import { type InputOptions, readInput, withInput } from './input.js';

const DOCUMENT = 'docs/access.md';
const DESCRIPTION = `Manage users and roles: policies, access keys, sessions, decisions.

The commands open the database with the environment of the service. The service keeps running and sees a change within a second. Every change is recorded in the audit log if that is in the database.`;

/** Adds `keyblock access`. */
export function addAccess(program: Command, { stdin, stdout }: Streams): void {
  const access = program.command('access').description(DESCRIPTION).readOn(DOCUMENT);
  const print = (lines: readonly string[]) => lines.forEach((line) => stdout.write(`${line}\n`));
  const administer = async (work: (administration: AccessAdministration) => Promise<void>) => {
    const { administerAccess } = await import('./access-administration.js');
    await administerAccess(work);
  };
  const principalCommand = (name: string, description: string) =>
    access
      .command(name)
      .description(description)
      .addArgument(new Argument('<kind>', 'kind of principal').choices(['user', 'role']))
      .argument('<name>', 'its name')
      .readOn(DOCUMENT);
  const accessKeyCommand = (name: string, description: string) =>
    access
      .command(name)
      .description(description)
      .argument('<access-key-id>', 'such as AKIAIOSFODNN7EXAMPLE')
      .examples(`keyblock access ${name} AKIAIOSFODNN7EXAMPLE`, `keyblock access ${name} AKIAI44QH8DHBEXAMPLE`)
      .readOn(DOCUMENT);

  principalCommand('create', 'Create a user or a role, and print its ARN.')
    .examples('keyblock access create user line-3', 'keyblock access create role settlement')
    .action((kind: PrincipalKind, name: string) =>
      administer(async (administration) => print([await administration.create(kind, name)])),
    );
  principalCommand('remove', 'Remove a user or a role with its policies and access keys.')
    .examples('keyblock access remove user line-3', 'keyblock access remove role settlement')
    .action((kind: PrincipalKind, name: string) => administer((administration) => administration.remove(kind, name)));
  access
    .command('list')
    .description('List users and roles with their policies and access keys.')
    .examples('keyblock access list', 'keyblock access list | grep inactive')
    .readOn(DOCUMENT)
    .action(() => administer(async (administration) => print((await administration.list()).flatMap(summaryLines))));

  const putPolicy = principalCommand('put-policy', 'Put a policy on a user or a role, or replace it.')
    .argument('<policy>', 'name of the policy')
    .examples(
      'keyblock access put-policy user line-3 cvv --file cvv.json',
      'keyblock access put-policy role settlement cvv - <cvv.json',
    );
  withInput(putPolicy, 'document', 'IAM policy in JSON').action(
    async (kind: PrincipalKind, name: string, policy: string, text: string | undefined, options: InputOptions) => {
      const document = (await readInput(text, options, stdin)).toString();
      await administer((administration) => administration.putPolicy(kind, name, policy, document));
    },
  );
  principalCommand('remove-policy', 'Remove a policy from a user or a role.')
    .argument('<policy>', 'name of the policy')
    .examples('keyblock access remove-policy user line-3 cvv', 'keyblock access remove-policy role settlement cvv')
    .action((kind: PrincipalKind, name: string, policy: string) =>
      administer((administration) => administration.removePolicy(kind, name, policy)),
    );

  principalCommand('create-key', 'Create an access key, and print it with its secret, which is shown once.')
    .examples('keyblock access create-key user line-3', 'keyblock access create-key user line-3 >credentials')
    .action((kind: PrincipalKind, name: string) =>
      administer(async (administration) => print(credentialLines(await administration.createAccessKey(kind, name)))),
    );
  accessKeyCommand('activate', 'Activate an access key.').action((id: string) =>
    administer((administration) => administration.setActive(id, true)),
  );
  accessKeyCommand('deactivate', 'Deactivate an access key until it is activated again.').action((id: string) =>
    administer((administration) => administration.setActive(id, false)),
  );
  accessKeyCommand('rotate', 'Replace an access key by a new one, and print that with its secret.').action(
    (id: string) =>
      administer(async (administration) => print(credentialLines(await administration.rotateAccessKey(id)))),
  );
  accessKeyCommand('remove-key', 'Remove an access key.').action((id: string) =>
    administer((administration) => administration.removeAccessKey(id)),
  );

  principalCommand('start-session', 'Start a session, and print its temporary credentials.')
    .option('--name <session>', 'Name the session.', 'session')
    .option('--seconds <number>', 'Let the session last from 900 to 43200 seconds.', wholeNumber, 3600)
    .examples(
      'keyblock access start-session role settlement',
      'keyblock access start-session user line-3 --name monday --seconds 900',
    )
    .action((kind: PrincipalKind, name: string, options: { name: string; seconds: number }) =>
      administer(async (administration) => {
        const { name: session, seconds } = options;
        print(credentialLines(await administration.startSession(kind, name, { session, seconds })));
      }),
    );

  access
    .command('explain')
    .description('Print whether policies allow an action, and the statement that decides.')
    .requiredOption('--principal <arn>', 'ARN of a user or a role, of a session, or of the root.')
    .requiredOption('--action <name>', 'Operation, such as GenerateMac or payment-cryptography:GenerateMac.')
    .requiredOption('--resource <arn>', 'ARN of a key or an alias, or * for an operation without one.')
    .option('--context <key=value>', 'Set a condition key of the request; repeatable.', conditionKey)
    .examples(
      'keyblock access explain --action ListKeys --resource "*" \\\n  --principal arn:aws:iam::000000000000:user/line-3',
      'keyblock access explain --action GetAlias --context aws:SourceIp=10.0.0.1 \\\n  --principal arn:aws:iam::000000000000:root --resource \\\n  arn:aws:payment-cryptography:us-east-1:000000000000:alias/pek',
    )
    .readOn(DOCUMENT)
    .action((question: Omit<Question, 'context'> & Partial<Question>) =>
      administer(async (administration) => {
        const { allowed, reason } = await administration.explain({ context: {}, ...question });
        print([allowed ? 'allowed' : 'denied', reason]);
      }),
    );
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}

/** Collects the values of each condition key. */
function conditionKey(text: string, before: Question['context'] = {}): Question['context'] {
  const [, key, value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined) throw new InvalidArgumentError('Give a condition key, = and a value.');
  return { ...before, [key]: [...(before[key] ?? []), value] };
}

/** Lines of an AWS shared credentials file. */
function credentialLines({ accessKeyId, secretAccessKey, session }: NewAccessKey): string[] {
  return [
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey}`,
    ...(session ? [`aws_session_token = ${session.token}`, `# until ${session.expiresAt.toISOString()}`] : []),
  ];
}

function summaryLines({ principal, policies, accessKeys }: PrincipalSummary): string[] {
  return [
    principal.arn,
    ...policies.map(({ name }) => `  policy ${name}`),
    ...accessKeys.map(({ id, active, lastUsedAt, expiresAt }) => {
      const used = lastUsedAt ? `last used ${lastUsedAt.toISOString()}` : 'never used';
      const until = expiresAt ? `, until ${expiresAt.toISOString()}` : '';
      return `  access key ${id} ${active ? 'active' : 'inactive'}, ${used}${until}`;
    }),
  ];
}
