import { Argument, InvalidArgumentError } from 'commander';
import type { PrincipalKind } from '../access/principal.entity.js';
import type { NewAccessKeyOutput, Principal } from '../admin/admin.schema.js';
import type { Question } from '../admin/policy-simulator.js';
import type { AccessAdministration } from './access-administration.js';
import type { Command, Streams } from './command.js';
import { type ConfirmationOptions, confirm, withConfirmation } from './confirmation.js';
import { EXIT, Failure } from './failure.js';
import { type InputOptions, readInput, withInput } from './input.js';
import { print } from './results.js';
import { connect } from './service/client.js';
import { type ServiceOptions, withService } from './service/connection.js';
import { wholeNumber } from './service/key-words.js';

const DOCUMENT = 'docs/access.md';
const DESCRIPTION = `Manage users and roles, their policies, access keys and sessions.

With --endpoint, --profile or AWS_ENDPOINT_URL, the commands send signed requests to that service. Without any, they open the database of this machine with the environment of the service, which keeps running and sees a change within a second. Every change is recorded in the audit log.`;

/** Adds `keyblock access`. */
export function addAccess(program: Command, streams: Streams): void {
  const group = new AccessCommands(program.command('access').description(DESCRIPTION).readOn(DOCUMENT), streams);
  addPrincipals(group);
  addPolicies(group.group('policy', 'Put, print and remove policies of users and roles.'));
  addAccessKeys(group.group('key', 'Create, rotate, disable and remove access keys.'));
  addPasswords(group.group('password', 'Set and remove the passwords of users.'));
  addSession(group);
  addExplain(group);
}

/** The commands of a group, and the options that they share. */
class AccessCommands {
  constructor(
    private readonly parent: Command,
    readonly streams: Streams,
  ) {}

  /** Adds a group within the group. */
  group(name: string, description: string): AccessCommands {
    return new AccessCommands(this.parent.command(name).description(description).readOn(DOCUMENT), this.streams);
  }

  command(name: string, description: string, json?: string): Command {
    return withService(this.parent.command(name).description(description).readOn(DOCUMENT), json);
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
      .examples(
        `keyblock access key ${name} AKIAIOSFODNN7EXAMPLE`,
        `keyblock access key ${name} AKIAI44QH8DHBEXAMPLE --json`,
      );
  }

  /**
   * Runs work on the users and roles of the service that an option or AWS_ENDPOINT_URL names; without one, on those in
   * the database of this machine.
   */
  async administer(
    options: ServiceOptions,
    work: (administration: AccessAdministration) => Promise<void>,
  ): Promise<void> {
    if (options.endpoint ?? options.profile ?? (process.env['AWS_ENDPOINT_URL'] || undefined)) {
      const { ServiceAccess } = await import('./service/service-access.js');
      await work(new ServiceAccess(await connect(options)));
    } else if (options.region !== undefined)
      throw new Failure(
        EXIT.usage,
        '--region needs --endpoint or --profile: without them, the command calls no service.',
      );
    else {
      // Imported on demand, because the module loads the whole service.
      const { administerAccess } = await import('./operator-access.js');
      await administerAccess(work);
    }
  }

  /** Runs a change, and prints `{}` as its JSON. */
  change(options: ServiceOptions, work: (administration: AccessAdministration) => Promise<void>): Promise<void> {
    return this.administer(options, async (administration) => {
      await work(administration);
      print(this.streams, options, {}, []);
    });
  }

  /** Runs work that makes an access key, and prints the key with its secret. */
  printKey(
    options: ServiceOptions,
    work: (administration: AccessAdministration) => Promise<NewAccessKeyOutput>,
  ): Promise<void> {
    return this.administer(options, async (administration) => {
      const made = await work(administration);
      print(this.streams, options, made, credentialLines(made));
    });
  }
}

function addPrincipals(group: AccessCommands): void {
  group
    .onPrincipal('create', 'Create a user or a role, and print its ARN.')
    .examples('keyblock access create user line-3', 'keyblock access create role settlement')
    .action((kind: PrincipalKind, name: string, options: ServiceOptions) =>
      group.administer(options, async (administration) => {
        const principal = await administration.create(kind, name);
        print(group.streams, options, principal, [principal.Arn]);
      }),
    );
  withConfirmation(group.onPrincipal('remove', 'Remove a user or a role with its policies and access keys.'))
    .examples('keyblock access remove user line-3', 'keyblock access remove role settlement --yes')
    .action(async (kind: PrincipalKind, name: string, options: ServiceOptions & ConfirmationOptions) => {
      await confirm(group.streams, options, `Remove the ${kind} ${name} with its policies and access keys?`);
      await group.change(options, (administration) => administration.remove(kind, name));
    });
  group
    .command('list', 'List users and roles with their policies and access keys.', 'Print a JSON line for each of them.')
    .examples('keyblock access list', 'keyblock access list | grep inactive')
    .action((options: ServiceOptions) =>
      group.administer(options, async (administration) => {
        for (const principal of await administration.list())
          print(group.streams, options, principal, summaryLines(principal));
      }),
    );
}

function addPolicies(group: AccessCommands): void {
  const put = group
    .onPrincipal('put', 'Add a policy to a user or a role, or replace it.')
    .argument('<policy>', 'name of the policy')
    .examples(
      'keyblock access policy put user line-3 cvv --file cvv.json',
      'keyblock access policy put role settlement cvv - <cvv.json',
    );
  withInput(put, 'document', 'IAM policy in JSON').action(
    async (
      kind: PrincipalKind,
      name: string,
      policy: string,
      text: string | undefined,
      options: InputOptions & ServiceOptions,
    ) => {
      const document = (await readInput(text, options, group.streams.stdin)).toString();
      await group.change(options, (administration) => administration.putPolicy(kind, name, policy, document));
    },
  );
  group
    .onPrincipal('get', 'Print a policy of a user or a role.')
    .argument('<policy>', 'name of the policy')
    .examples('keyblock access policy get user line-3 cvv', 'keyblock access policy get role settlement cvv >cvv.json')
    .action((kind: PrincipalKind, name: string, policy: string, options: ServiceOptions) =>
      group.administer(options, async (administration) => {
        const document = await administration.getPolicy(kind, name, policy);
        print(group.streams, options, document, [JSON.stringify(document, undefined, 2)]);
      }),
    );
  withConfirmation(group.onPrincipal('remove', 'Remove a policy from a user or a role.'))
    .argument('<policy>', 'name of the policy')
    .examples('keyblock access policy remove user line-3 cvv', 'keyblock access policy remove role settlement cvv')
    .action(
      async (kind: PrincipalKind, name: string, policy: string, options: ServiceOptions & ConfirmationOptions) => {
        await confirm(group.streams, options, `Remove the policy ${policy} of the ${kind} ${name}?`);
        await group.change(options, (administration) => administration.removePolicy(kind, name, policy));
      },
    );
}

function addAccessKeys(group: AccessCommands): void {
  group
    .onPrincipal('create', 'Create an access key, and print it with its secret, which is shown once.')
    .examples('keyblock access key create user line-3', 'keyblock access key create user line-3 >credentials')
    .action((kind: PrincipalKind, name: string, options: ServiceOptions) =>
      group.printKey(options, (administration) => administration.createAccessKey(kind, name)),
    );
  group
    .onAccessKey('enable', 'Enable an access key again.')
    .action((id: string, options: ServiceOptions) =>
      group.change(options, (administration) => administration.setActive(id, true)),
    );
  group
    .onAccessKey('disable', 'Disable an access key, until it is enabled again.')
    .action((id: string, options: ServiceOptions) =>
      group.change(options, (administration) => administration.setActive(id, false)),
    );
  group
    .onAccessKey('rotate', 'Replace an access key with a new one, and print the new one with its secret.')
    .action((id: string, options: ServiceOptions) =>
      group.printKey(options, (administration) => administration.rotateAccessKey(id)),
    );
  withConfirmation(group.onAccessKey('remove', 'Remove an access key.')).action(
    async (id: string, options: ServiceOptions & ConfirmationOptions) => {
      await confirm(group.streams, options, `Remove the access key ${id}?`);
      await group.change(options, (administration) => administration.removeAccessKey(id));
    },
  );
}

function addPasswords(group: AccessCommands): void {
  const { stdin } = group.streams;
  group
    .command('set', 'Set the password of a user for the CCKM API, and unlock the user.')
    .argument('<name>', 'name of the user')
    .requiredOption('--file <path>', 'Read the password from a file; - reads standard input.')
    .examples(
      'keyblock access password set line-3 --file password',
      'pass show line-3 | keyblock access password set line-3 --file -',
    )
    .action(async (name: string, options: ServiceOptions & { file: string }) => {
      const { file } = options;
      const input = await (file === '-' ? readInput('-', {}, stdin) : readInput(undefined, { file }, stdin));
      // Editors and most commands end a file with a line feed.
      const password = input.toString().replace(/\r?\n$/, '');
      input.fill(0);
      await group.change(options, (administration) => administration.setPassword(name, password));
    });
  withConfirmation(group.command('remove', "Remove the password of a user, and end the user's sign-ins."))
    .argument('<name>', 'name of the user')
    .examples('keyblock access password remove line-3', 'keyblock access password remove ann@example.com')
    .action(async (name: string, options: ServiceOptions & ConfirmationOptions) => {
      await confirm(group.streams, options, `Remove the password of ${name}, and end the user's sign-ins?`);
      await group.change(options, (administration) => administration.removePassword(name));
    });
}

function addSession(group: AccessCommands): void {
  group
    .onPrincipal('session', 'Start a session, and print its temporary credentials.')
    .option('--name <session>', 'Name the session.', 'session')
    .option('--seconds <number>', 'Duration of the session, from 900 to 43200 seconds.', wholeNumber, 3600)
    .examples(
      'keyblock access session role settlement',
      'keyblock access session user line-3 --name monday --seconds 900',
    )
    .action((kind: PrincipalKind, name: string, options: ServiceOptions & { name: string; seconds: number }) =>
      group.printKey(options, (administration) => {
        const { name: session, seconds } = options;
        return administration.startSession(kind, name, { session, seconds });
      }),
    );
}

function addExplain(group: AccessCommands): void {
  group
    .command('explain', 'Print whether policies allow an action, and the statement or grant that decides.')
    .requiredOption('--principal <arn>', 'ARN of a user or a role, of a session, or of the root.')
    .requiredOption(
      '--action <name>',
      'Operation, such as kms:Encrypt; the service prefix is optional if only one service has the operation.',
    )
    .requiredOption('--resource <arn>', 'ARN of a key or an alias, or * for an operation without a resource.')
    .option('--context <key=value>', 'Set a condition key of the request (repeat the option for more).', conditionKey)
    .examples(
      'keyblock access explain --action kms:ListKeys --resource "*" \\\n  --principal arn:aws:iam::000000000000:user/line-3',
      'keyblock access explain --action GetAlias --context aws:SourceIp=10.0.0.1 \\\n  --principal arn:aws:iam::000000000000:root --resource \\\n  arn:aws:payment-cryptography:us-east-1:000000000000:alias/pek',
    )
    .action((options: ServiceOptions & Omit<Question, 'context'> & Partial<Question>) =>
      group.administer(options, async (administration) => {
        const { principal, action, resource, context = {} } = options;
        const explanation = await administration.explain({ principal, action, resource, context });
        print(group.streams, options, explanation, [explanation.Decision, explanation.Reason]);
      }),
    );
}

/** Collects the values of each condition key. */
function conditionKey(text: string, before: Question['context'] = {}): Question['context'] {
  const [, key, value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined) throw new InvalidArgumentError('Give a condition key, = and a value.');
  return { ...before, [key]: [...(before[key] ?? []), value] };
}

/** Formats an access key as lines of an AWS shared credentials file. */
function credentialLines({
  AccessKeyId,
  SecretAccessKey,
  SessionToken,
  ExpirationTimestamp,
}: NewAccessKeyOutput): string[] {
  return [
    `aws_access_key_id = ${AccessKeyId}`,
    `aws_secret_access_key = ${SecretAccessKey}`,
    ...(SessionToken === undefined ? [] : [`aws_session_token = ${SessionToken}`]),
    ...(ExpirationTimestamp === undefined ? [] : [`# until ${isoTime(ExpirationTimestamp)}`]),
  ];
}

function summaryLines({ Arn, PolicyNames, PasswordTimestamp, AccessKeys }: Principal): string[] {
  return [
    Arn,
    ...PolicyNames.map((name) => `  policy ${name}`),
    ...(PasswordTimestamp === undefined ? [] : [`  password set ${isoTime(PasswordTimestamp)}`]),
    ...AccessKeys.map(({ AccessKeyId, Status, LastUsedTimestamp, ExpirationTimestamp }) => {
      const used = LastUsedTimestamp === undefined ? 'never used' : `last used ${isoTime(LastUsedTimestamp)}`;
      const until = ExpirationTimestamp === undefined ? '' : `, until ${isoTime(ExpirationTimestamp)}`;
      return `  access key ${AccessKeyId} ${Status.toLowerCase()}, ${used}${until}`;
    }),
  ];
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
