import type { AdminOperationName } from '../admin/admin-operation.js';
// Imported for its side effect: the controllers register the operations that PolicySimulator knows.
import '../app.module.js';
import { readIdentityPolicy } from '../policy/policy-document.js';
import { PolicySimulator, type Question } from '../admin/policy-simulator.js';
import { presentExplanation, presentNewAccessKey, presentPrincipal } from '../admin/admin.presenter.js';
import type { ExplainAccessOutput, NewAccessKeyOutput, PolicyDocument, Principal } from '../admin/admin.schema.js';
import { arnOfPrincipal, type PrincipalKind } from '../access/principal.entity.js';
import { Callers } from '../access/callers.js';
import { PrincipalRepository } from '../access/principal.repository.js';
import type { AccessAdministration } from './access-administration.js';
import { type Operator, withOperator } from './operator.js';

/** Opens the deployment that the environment names, and runs work on its users and roles. */
export function administerAccess(work: (administration: AccessAdministration) => Promise<void>): Promise<void> {
  return withOperator('keyblock access', (operator) => work(new OperatorAccess(operator)));
}

/**
 * Administration of a deployment's users and roles by its operator. Each change is audited as the equivalent operation
 * of the admin API, called by the root without an access key.
 */
class OperatorAccess implements AccessAdministration {
  readonly #principals: PrincipalRepository;
  readonly #simulator: PolicySimulator;

  constructor(private readonly operator: Operator) {
    const { changes } = operator;
    const { config, database, masterKey, clock } = operator.deployment;
    this.#principals = new PrincipalRepository(database, changes, masterKey, clock, config.accountId);
    const callers = new Callers(database, masterKey, clock, config.accountId);
    this.#simulator = new PolicySimulator(database, callers, config.accountId);
  }

  async create(kind: PrincipalKind, name: string): Promise<Principal> {
    const principal = await this.#change('CreatePrincipal', { kind, name }, (principals) =>
      principals.create(kind, name),
    );
    return presentPrincipal({ principal, policies: [], accessKeys: [] });
  }

  remove(kind: PrincipalKind, name: string): Promise<void> {
    return this.#change('DeletePrincipal', { kind, name }, (principals, arn) => principals.remove(arn));
  }

  async list(): Promise<Principal[]> {
    return (await this.#principals.list()).map(presentPrincipal);
  }

  async getPolicy(kind: PrincipalKind, name: string, policy: string): Promise<PolicyDocument> {
    const { document } = await this.#principals.policy(this.#arnOf(kind, name), policy);
    return JSON.parse(document) as PolicyDocument;
  }

  async putPolicy(kind: PrincipalKind, name: string, policy: string, document: string): Promise<void> {
    const parameters = { kind, name, policy, ...readIdentityPolicy(document) };
    await this.#change('PutPrincipalPolicy', parameters, (principals, arn) =>
      principals.putPolicy(arn, policy, document),
    );
  }

  removePolicy(kind: PrincipalKind, name: string, policy: string): Promise<void> {
    return this.#change('DeletePrincipalPolicy', { kind, name, policy }, (principals, arn) =>
      principals.removePolicy(arn, policy),
    );
  }

  async createAccessKey(kind: PrincipalKind, name: string): Promise<NewAccessKeyOutput> {
    return presentNewAccessKey(
      await this.#change('CreateAccessKey', { kind, name }, (principals, arn) => principals.createAccessKey(arn)),
    );
  }

  async setActive(id: string, active: boolean): Promise<void> {
    const parameters = { ...(await this.#ownerOf(id)), Status: active ? 'Active' : 'Inactive' };
    await this.#change('UpdateAccessKey', parameters, (principals, arn) => principals.setActive(arn, id, active));
  }

  async rotateAccessKey(id: string): Promise<NewAccessKeyOutput> {
    const rotated = await this.#change('RotateAccessKey', await this.#ownerOf(id), (principals, arn) =>
      principals.rotateAccessKey(arn, id),
    );
    return presentNewAccessKey(rotated);
  }

  async removeAccessKey(id: string): Promise<void> {
    await this.#change('DeleteAccessKey', await this.#ownerOf(id), (principals, arn) =>
      principals.removeAccessKey(arn, id),
    );
  }

  async startSession(
    kind: PrincipalKind,
    name: string,
    { session, seconds }: { session: string; seconds: number },
  ): Promise<NewAccessKeyOutput> {
    const parameters = { kind, name, SessionName: session, DurationSeconds: seconds };
    const started = await this.#change('StartSession', parameters, (principals, arn) =>
      principals.startSession(arn, session, seconds),
    );
    return presentNewAccessKey(started);
  }

  setPassword(name: string, password: string): Promise<void> {
    return this.#change('PutPassword', { kind: 'user', name }, (principals, arn) =>
      principals.setPassword(arn, password),
    );
  }

  removePassword(name: string): Promise<void> {
    return this.#change('DeletePassword', { kind: 'user', name }, (principals, arn) => principals.removePassword(arn));
  }

  async explain(question: Question): Promise<ExplainAccessOutput> {
    const { tls, region } = this.operator.deployment.config;
    const origin = {
      sourceIp: '127.0.0.1',
      secureTransport: tls !== undefined,
      userAgent: undefined,
      time: new Date(),
    };
    return presentExplanation(await this.#simulator.explain(question, origin, region));
  }

  /** @returns the owner of the access key, as parameters of an operation on it */
  async #ownerOf(id: string): Promise<{ kind: PrincipalKind; name: string; id: string }> {
    const [, kind, name = ''] = /:(user|role)\/(.+)$/.exec(await this.#principals.ownerOf(id)) ?? [];
    return { kind: kind === 'role' ? 'role' : 'user', name, id };
  }

  async #change<T>(
    operation: AdminOperationName,
    { kind, name, ...parameters }: { kind: PrincipalKind; name: string; [parameter: string]: unknown },
    work: (principals: PrincipalRepository, arn: string) => Promise<T>,
  ): Promise<T> {
    const call = this.operator.call(operation, { kind: `${kind}s`, name, ...parameters });
    return this.operator.audited(() => work(this.#principals.by(call), this.#arnOf(kind, name)));
  }

  #arnOf(kind: PrincipalKind, name: string): string {
    return arnOfPrincipal(this.operator.deployment.config.accountId, kind, name);
  }
}
