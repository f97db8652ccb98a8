import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { CredentialCache } from '../access/credential-cache.js';
import { PolicySimulator, type Question } from '../access/policy-simulator.js';
import type { PrincipalKind } from '../access/principal.entity.js';
import { type NewAccessKey, PrincipalRepository, type PrincipalSummary } from '../access/principal.repository.js';
import { AuditLog } from '../audit/audit-log.js';
import type { Config } from '../config/config.js';
import { ResourceNotFoundException, ServiceException } from '../errors/exceptions.js';
import { KeyCache } from '../keys/key-cache.js';
import { KeyChanges } from '../keys/key-changes.js';
import { serviceSecret } from '../provider/service-secret.js';
import { type Command, InputError, UsageError } from './command.js';
import { withDeployment } from './deployment.js';
import { readInput } from './input.js';

const HELP = `Usage: keyblock access <what>

  create user|role <name>
  remove user|role <name>
  list
  put-policy user|role <name> <policy> (<document> | - | --file <path>)
  remove-policy user|role <name> <policy>
  create-key user|role <name>          prints the secret, once
  deactivate <access key id>
  activate <access key id>
  rotate <access key id>               a new access key; the old one can't sign any more
  remove-key <access key id>
  start-session user|role <name> [--name <session>] [--seconds <900 to 43200>]
  explain --principal <ARN> --action <action> --resource <ARN or *> [--context <key>=<value>]...

It reads the environment that the service reads. On PostgreSQL the service goes on, and sees a change within a second; the
embedded database is one process's, so stop the service first.

Example: keyblock access put-policy user line-3 cvv --file cvv.json`;

/** Manages who may do what. */
export const access: Command = {
  name: 'access',
  summary: 'Users and roles: access keys, policies, and why something is denied',
  help: HELP,
  run: async (args, io) => {
    const command = commandOf(args, io);
    await withDeployment(async ({ config, database, masterKey, clock }) => {
      const logger = pino({ level: 'silent' });
      const secret = await serviceSecret(database.manager, masterKey, 'audit');
      const audit = new AuditLog({ database, secret, clock, logger, table: true });
      const changes = new KeyChanges(database, new KeyCache(0), new CredentialCache(0), audit, clock, logger);
      const principals = new PrincipalRepository(database, changes, masterKey, clock, config.accountId);
      const simulator = new PolicySimulator(database, principals, config.accountId);
      await command({ config, principals, simulator }).catch((error: unknown) => {
        throw told(error);
      });
    });
  },
};

/** What of the service the command needs. */
interface Parts {
  config: Config;
  principals: PrincipalRepository;
  simulator: PolicySimulator;
}

function told(error: unknown): unknown {
  if (error instanceof ResourceNotFoundException)
    return new InputError(`There is no ${String(error.members['ResourceId'])}.`);
  return error instanceof ServiceException ? new InputError(error.message) : error;
}

/** What the words say, checked before anything is opened. */
function commandOf(
  [what = '', ...rest]: string[],
  { stdin, stdout }: { stdin: Readable; stdout: Writable },
): (parts: Parts) => Promise<void> {
  const print = (lines: string[]) => {
    if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
  };
  const silently = (done: Promise<void>) => done.then(() => undefined);
  const only = (words: number) => {
    if (rest.length > words) throw new UsageError(`Nothing comes after ${rest[words - 1] ?? what}.`);
  };
  const named = (work: (principals: PrincipalRepository, arn: string) => Promise<string[] | undefined>, words = 2) => {
    const [kind, name] = [kindOf(rest[0]), given(rest[1], 'a name')];
    only(words);
    return async ({ principals }: Parts) => print((await work(principals, principals.arnOf(kind, name))) ?? []);
  };
  const ofKey = (
    work: (principals: PrincipalRepository, owner: string, id: string) => Promise<string[] | undefined>,
  ) => {
    const id = given(rest[0], 'the id of an access key');
    only(1);
    return async ({ principals }: Parts) => print((await work(principals, await principals.ownerOf(id), id)) ?? []);
  };
  const policy = () => given(rest[2], 'the name of the policy');
  const commands: Record<string, () => (parts: Parts) => Promise<void>> = {
    create: () => named(async (principals) => [(await principals.create(kindOf(rest[0]), rest[1] ?? '')).arn]),
    remove: () => named((principals, arn) => silently(principals.remove(arn))),
    list: () => {
      only(0);
      return async ({ principals }) => print((await principals.list()).flatMap(summaryLines));
    },
    'put-policy': () => {
      const name = policy();
      return named(
        async (principals, arn) =>
          silently(principals.putPolicy(arn, name, (await readInput(rest.slice(3), stdin)).toString())),
        Infinity,
      );
    },
    'remove-policy': () => {
      const name = policy();
      return named((principals, arn) => silently(principals.removePolicy(arn, name)), 3);
    },
    'create-key': () => named(async (principals, arn) => credentialLines(await principals.createAccessKey(arn))),
    activate: () => ofKey((principals, owner, id) => silently(principals.setActive(owner, id, true))),
    deactivate: () => ofKey((principals, owner, id) => silently(principals.setActive(owner, id, false))),
    rotate: () => ofKey(async (principals, owner, id) => credentialLines(await principals.rotateAccessKey(owner, id))),
    'remove-key': () => ofKey((principals, owner, id) => silently(principals.removeAccessKey(owner, id))),
    'start-session': () => {
      const text = { type: 'string' } as const;
      const { name = 'session', seconds = '3600' } = parse(rest.slice(2), { name: text, seconds: text });
      return named(
        async (principals, arn) => credentialLines(await principals.startSession(arn, String(name), Number(seconds))),
        Infinity,
      );
    },
    explain: () => {
      const question = questionOf(rest);
      return async ({ config, simulator }) => {
        const secureTransport = config.tls !== undefined;
        const origin = { sourceIp: '127.0.0.1', secureTransport, userAgent: undefined, time: new Date() };
        const { allowed, reason } = await simulator.explain(question, origin, config.region);
        print([allowed ? 'allowed' : 'denied', reason]);
      };
    },
  };
  const command = Object.hasOwn(commands, what) ? commands[what] : undefined;
  if (!command) throw new UsageError(what === '' ? 'Say what to do.' : `There is no access ${what}.`);
  return command();
}

function kindOf(text: string | undefined): PrincipalKind {
  if (text === 'user' || text === 'role') return text;
  throw new UsageError('Say user or role.');
}

function given(text: string | undefined, what: string): string {
  if (text === undefined) throw new UsageError(`Give ${what}.`);
  return text;
}

function parse(args: string[], options: Record<string, { type: 'string'; multiple?: boolean }>) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** As an AWS shared credentials file has them. */
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

function questionOf(args: string[]): Question {
  const one = { type: 'string' } as const;
  const values = parse(args, { principal: one, action: one, resource: one, context: { ...one, multiple: true } });
  const text = (name: string) => given(values[name] as string | undefined, `--${name}`);
  const context = new Map<string, string[]>();
  for (const pair of (values['context'] ?? []) as string[]) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (key === '') throw new UsageError('--context is a condition key, = and a value.');
    context.set(key, [...(context.get(key) ?? []), value]);
  }
  return {
    principal: text('principal'),
    action: text('action'),
    resource: text('resource'),
    context: Object.fromEntries(context),
  };
}
