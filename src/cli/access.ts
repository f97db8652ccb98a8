import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { AdminOperationName } from '../admin/admin-operation.js';
import { ADMIN } from '../admin/api.js';
// Its controllers register the operations that PolicySimulator knows.
import '../app.module.js';
import { readIdentityPolicy } from '../policy/policy-document.js';
import { PolicyError } from '../policy/policy-error.js';
import { PolicySimulator, type Question } from '../admin/policy-simulator.js';
import type { PrincipalKind } from '../access/principal.entity.js';
import { type NewAccessKey, PrincipalRepository, type PrincipalSummary } from '../access/principal.repository.js';
import { AuditLog } from '../audit/audit-log.js';
import { type Call, CallRecord } from '../call.js';
import type { Config } from '../config/config.js';
import { ResourceNotFoundException, ServiceException } from '../errors/exceptions.js';
import { Changes } from '../changes/changes.js';
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
embedded database is one process's, so stop the service first. What it changes is in the audit log, if the table has that.

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
      const audit = new AuditLog({ database, secret, clock, logger, table: config.audit.includes('table') });
      const changes = new Changes(database, audit, clock, logger);
      const principals = new PrincipalRepository(database, changes, masterKey, clock, config.accountId);
      const simulator = new PolicySimulator(database, principals, config.accountId);
      const change: Parts['change'] = async (operation, given, work) => {
        await audit.open();
        try {
          await work(principals.by(operatorsCall(operation, given, config, clock.now())));
        } finally {
          await audit.close();
        }
      };
      await command({ config, principals, simulator, change }).catch((error: unknown) => {
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
  /** Changes something as the operation of the admin API does that is given this. */
  change: (
    operation: AdminOperationName,
    given: object,
    work: (principals: PrincipalRepository) => Promise<void>,
  ) => Promise<void>;
}

/** What an operator changes, as the audit log has it: as if the root did, without an access key. */
function operatorsCall(operation: AdminOperationName, given: object, { accountId, region }: Config, time: Date): Call {
  const arn = `arn:aws:iam::${accountId}:root`;
  const record = new CallRecord();
  record.reads(given);
  return {
    requestId: randomUUID(),
    api: ADMIN,
    operation,
    principal: { arn, principalArn: arn, accountId, accessKeyId: '' },
    region,
    origin: { sourceIp: hostname(), secureTransport: false, userAgent: 'keyblock access', time },
    record,
  };
}

function told(error: unknown): unknown {
  if (error instanceof ResourceNotFoundException)
    return new InputError(`There is no ${String(error.members['ResourceId'])}.`);
  return error instanceof ServiceException || error instanceof PolicyError ? new InputError(error.message) : error;
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
  type Work = (principals: PrincipalRepository, arn: string, given: object) => Promise<string[] | undefined>;
  const named = (operation: AdminOperationName, work: Work, more: object = {}, words = 2) => {
    const [kind, name] = [kindOf(rest[0]), given(rest[1], 'a name')];
    only(words);
    const told = { kind: `${kind}s`, name, ...more };
    return ({ change }: Parts) =>
      change(operation, told, async (principals) =>
        print((await work(principals, principals.arnOf(kind, name), told)) ?? []),
      );
  };
  const ofKey = (
    operation: AdminOperationName,
    work: (principals: PrincipalRepository, owner: string, id: string) => Promise<string[] | undefined>,
    more: object = {},
  ) => {
    const id = given(rest[0], 'the id of an access key');
    only(1);
    return async ({ principals, change }: Parts) => {
      const owner = await principals.ownerOf(id);
      const [, kind = '', name = ''] = /:(user|role)\/(.+)$/.exec(owner) ?? [];
      await change(operation, { kind: `${kind}s`, name, id, ...more }, async (acting) =>
        print((await work(acting, owner, id)) ?? []),
      );
    };
  };
  const policy = () => given(rest[2], 'the name of the policy');
  const commands: Record<string, () => (parts: Parts) => Promise<void>> = {
    create: () =>
      named('CreatePrincipal', async (principals) => [(await principals.create(kindOf(rest[0]), rest[1] ?? '')).arn]),
    remove: () => named('DeletePrincipal', (principals, arn) => silently(principals.remove(arn))),
    list: () => {
      only(0);
      return async ({ principals }) => print((await principals.list()).flatMap(summaryLines));
    },
    'put-policy': () => {
      const name = policy();
      const put: Work = async (principals, arn, told) => {
        const document = (await readInput(rest.slice(3), stdin)).toString();
        Object.assign(told, readIdentityPolicy(document));
        return silently(principals.putPolicy(arn, name, document));
      };
      return named('PutPrincipalPolicy', put, { policy: name }, Infinity);
    },
    'remove-policy': () => {
      const name = policy();
      const remove: Work = (principals, arn) => silently(principals.removePolicy(arn, name));
      return named('DeletePrincipalPolicy', remove, { policy: name }, 3);
    },
    'create-key': () =>
      named('CreateAccessKey', async (principals, arn) => credentialLines(await principals.createAccessKey(arn))),
    activate: () =>
      ofKey('UpdateAccessKey', (principals, owner, id) => silently(principals.setActive(owner, id, true)), {
        Status: 'Active',
      }),
    deactivate: () =>
      ofKey('UpdateAccessKey', (principals, owner, id) => silently(principals.setActive(owner, id, false)), {
        Status: 'Inactive',
      }),
    rotate: () =>
      ofKey('RotateAccessKey', async (principals, owner, id) =>
        credentialLines(await principals.rotateAccessKey(owner, id)),
      ),
    'remove-key': () =>
      ofKey('DeleteAccessKey', (principals, owner, id) => silently(principals.removeAccessKey(owner, id))),
    'start-session': () => {
      const text = { type: 'string' } as const;
      const options = parse(rest.slice(2), { name: text, seconds: text });
      const [SessionName, DurationSeconds] = [String(options['name'] ?? 'session'), Number(options['seconds'] ?? 3600)];
      return named(
        'StartSession',
        async (principals, arn) => credentialLines(await principals.startSession(arn, SessionName, DurationSeconds)),
        { SessionName, DurationSeconds },
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
