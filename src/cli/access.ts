import { Argument, InvalidArgumentError } from 'commander';
import type { Question } from '../admin/policy-simulator.js';
import type { PrincipalKind } from '../access/principal.entity.js';
import type { NewAccessKey, PrincipalSummary } from '../access/principal.repository.js';
import type { AccessAdministration } from './access-administration.js';
import type { Command, Streams } from './command.js';
import { type InputOptions, readInput, withInput } from './input.js';

const DOCUMENT = 'docs/access.md';
const DESCRIPTION = `Manage users and roles, their policies, access keys and sessions.

The commands open the database with the environment of the service. The service keeps running and sees a change within a second. Every change is recorded in the audit log if KEYBLOCK_AUDIT includes table.`;

/** Adds `keyblock access`. */
export function addAccess(program: Command, streams: Streams): void {
  const group = new AccessCommands(program.command('access').description(DESCRIPTION).readOn(DOCUMENT), (lines) =>
    lines.forEach((line) => streams.stdout.write(`${line}\n`)),
  );
  addPrincipals(group);
  addPolicies(group, streams);
  addAccessKeys(group);
  addPasswords(group, streams);
  addSessions(group);
  addExplain(group);
}

/** The commands of the group, and the parts that they share. */
class AccessCommands {
  constructor(
    private readonly group: Command,
    readonly print: (lines: readonly string[]) => void,
  ) {}

  command(name: string, description: string): Command {
    return this.group.command(name).description(description).readOn(DOCUMENT);
  }

  /** Adds a command on a user or a role. */
  onPrincipal(name: string, description: string): Command {
    return this.command(name, description)
      .addArgument(new Argument('<kind>', 'kind of principal').choices(['user', 'role']))
      .argument('<name>', 'its name');
  }

  /** Adds a command on an access key. */
  onAccessKey(name: string, description: string): Command {
    return this.command(name, description)
      .argument('<access-key-id>', 'such as AKIAIOSFODNN7EXAMPLE')
      .examples(`keyblock access ${name} AKIAIOSFODNN7EXAMPLE`, `keyblock access ${name} AKIAI44QH8DHBEXAMPLE`);
  }

  /** Runs work on the users and roles of the deployment. */
  async administer(work: (administration: AccessAdministration) => Promise<void>): Promise<void> {
    // Imported only now, because the module loads the whole service.
    const { administerAccess } = await import('./access-administration.js');
    await administerAccess(work);
  }
}

function addPrincipals(group: AccessCommands): void {
  group
    .onPrincipal('create', 'Create a user or a role, and print its ARN.')
    .examples('keyblock access create user line-3', 'keyblock access create role settlement')
    .action((kind: PrincipalKind, name: string) =>
      group.administer(async (administration) => group.print([await administration.create(kind, name)])),
    );
  group
    .onPrincipal('remove', 'Remove a user or a role with its policies and access keys.')
    .examples('keyblock access remove user line-3', 'keyblock access remove role settlement')
    .action((kind: PrincipalKind, name: string) =>
      group.administer((administration) => administration.remove(kind, name)),
    );
  group
    .command('list', 'List users and roles with their policies and access keys.')
    .examples('keyblock access list', 'keyblock access list | grep inactive')
    .action(() =>
      group.administer(async (administration) => group.print((await administration.list()).flatMap(summaryLines))),
    );
}

function addPolicies(group: AccessCommands, { stdin }: Streams): void {
  const put = group
    .onPrincipal('put-policy', 'Add a policy to a user or a role, or replace it.')
    .argument('<policy>', 'name of the policy')
    .examples(
      'keyblock access put-policy user line-3 cvv --file cvv.json',
      'keyblock access put-policy role settlement cvv - <cvv.json',
    );
  withInput(put, 'document', 'IAM policy in JSON').action(
    async (kind: PrincipalKind, name: string, policy: string, text: string | undefined, options: InputOptions) => {
      const document = (await readInput(text, options, stdin)).toString();
      await group.administer((administration) => administration.putPolicy(kind, name, policy, document));
    },
  );
  group
    .onPrincipal('remove-policy', 'Remove a policy from a user or a role.')
    .argument('<policy>', 'name of the policy')
    .examples('keyblock access remove-policy user line-3 cvv', 'keyblock access remove-policy role settlement cvv')
    .action((kind: PrincipalKind, name: string, policy: string) =>
      group.administer((administration) => administration.removePolicy(kind, name, policy)),
    );
}

function addAccessKeys(group: AccessCommands): void {
  group
    .onPrincipal('create-key', 'Create an access key, and print it with its secret, which is shown once.')
    .examples('keyblock access create-key user line-3', 'keyblock access create-key user line-3 >credentials')
    .action((kind: PrincipalKind, name: string) =>
      group.administer(async (administration) =>
        group.print(credentialLines(await administration.createAccessKey(kind, name))),
      ),
    );
  group
    .onAccessKey('activate', 'Activate an access key.')
    .action((id: string) => group.administer((administration) => administration.setActive(id, true)));
  group
    .onAccessKey('deactivate', 'Deactivate an access key until it is activated again.')
    .action((id: string) => group.administer((administration) => administration.setActive(id, false)));
  group
    .onAccessKey('rotate', 'Replace an access key with a new one, and print the new one with its secret.')
    .action((id: string) =>
      group.administer(async (administration) =>
        group.print(credentialLines(await administration.rotateAccessKey(id))),
      ),
    );
  group
    .onAccessKey('remove-key', 'Remove an access key.')
    .action((id: string) => group.administer((administration) => administration.removeAccessKey(id)));
}

function addPasswords(group: AccessCommands, { stdin }: Streams): void {
  group
    .command('set-password', 'Set the password with which a user signs in to the CCKM API, and end its lock.')
    .argument('<name>', 'name of the user')
    .requiredOption('--file <path>', 'Read the password from a file; - reads standard input.')
    .examples(
      'keyblock access set-password line-3 --file password',
      'pass show line-3 | keyblock access set-password line-3 --file -',
    )
    .action(async (name: string, { file }: { file: string }) => {
      const input = await (file === '-' ? readInput('-', {}, stdin) : readInput(undefined, { file }, stdin));
      // An editor, and most commands, end a file with a line feed.
      const password = input.toString().replace(/\r?\n$/, '');
      input.fill(0);
      await group.administer((administration) => administration.setPassword('user', name, password));
    });
  group
    .command('remove-password', 'Remove the password of a user, and end its sign-ins.')
    .argument('<name>', 'name of the user')
    .examples('keyblock access remove-password line-3', 'keyblock access remove-password ann@example.com')
    .action((name: string) => group.administer((administration) => administration.removePassword('user', name)));
}

function addSessions(group: AccessCommands): void {
  group
    .onPrincipal('start-session', 'Start a session, and print its temporary credentials.')
    .option('--name <session>', 'Name the session.', 'session')
    .option('--seconds <number>', 'Duration of the session, from 900 to 43200 seconds.', wholeNumber, 3600)
    .examples(
      'keyblock access start-session role settlement',
      'keyblock access start-session user line-3 --name monday --seconds 900',
    )
    .action((kind: PrincipalKind, name: string, options: { name: string; seconds: number }) =>
      group.administer(async (administration) => {
        const { name: session, seconds } = options;
        group.print(credentialLines(await administration.startSession(kind, name, { session, seconds })));
      }),
    );
}

function addExplain(group: AccessCommands): void {
  group
    .command('explain', 'Print whether policies allow an action, and the statement or grant that decides.')
    .requiredOption('--principal <arn>', 'ARN of a user or a role, of a session, or of the root.')
    .requiredOption(
      '--action <name>',
      'Operation, such as kms:Encrypt; the service may be left out if no other has it.',
    )
    .requiredOption('--resource <arn>', 'ARN of a key or an alias, or * for an operation without one.')
    .option('--context <key=value>', 'Set a condition key of the request (repeat the option for more).', conditionKey)
    .examples(
      'keyblock access explain --action kms:ListKeys --resource "*" \\\n  --principal arn:aws:iam::000000000000:user/line-3',
      'keyblock access explain --action GetAlias --context aws:SourceIp=10.0.0.1 \\\n  --principal arn:aws:iam::000000000000:root --resource \\\n  arn:aws:payment-cryptography:us-east-1:000000000000:alias/pek',
    )
    .action((question: Omit<Question, 'context'> & Partial<Question>) =>
      group.administer(async (administration) => {
        const { allowed, reason } = await administration.explain({ context: {}, ...question });
        group.print([allowed ? 'allowed' : 'denied', reason]);
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

/** Formats an access key as lines of an AWS shared credentials file. */
function credentialLines({ accessKeyId, secretAccessKey, session }: NewAccessKey): string[] {
  return [
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey}`,
    ...(session ? [`aws_session_token = ${session.token}`, `# until ${session.expiresAt.toISOString()}`] : []),
  ];
}

function summaryLines({ principal, policies, accessKeys, password }: PrincipalSummary): string[] {
  return [
    principal.arn,
    ...policies.map(({ name }) => `  policy ${name}`),
    ...(password ? [`  password set ${password.changedAt.toISOString()}`] : []),
    ...accessKeys.map(({ id, active, lastUsedAt, expiresAt }) => {
      const used = lastUsedAt ? `last used ${lastUsedAt.toISOString()}` : 'never used';
      const until = expiresAt ? `, until ${expiresAt.toISOString()}` : '';
      return `  access key ${id} ${active ? 'active' : 'inactive'}, ${used}${until}`;
    }),
  ];
}
