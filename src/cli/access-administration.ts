import type { AdminOperationName } from '../admin/admin-operation.js';
// Imported for its side effect: the controllers register the operations that PolicySimulator knows.
import '../app.module.js';
import { readIdentityPolicy } from '../policy/policy-document.js';
import { type Explanation, PolicySimulator, type Question } from '../admin/policy-simulator.js';
import type { PrincipalKind } from '../access/principal.entity.js';
import { type NewAccessKey, PrincipalRepository, type PrincipalSummary } from '../access/principal.repository.js';
import { type Operator, withOperator } from './operator.js';

/** Opens the deployment that the environment names, and runs work on its users and roles. */
export function administerAccess(work: (administration: AccessAdministration) => Promise<void>): Promise<void> {
  return withOperator('keyblock access', (operator) => work(new AccessAdministration(operator)));
}

/**
 * Administration of a deployment's users and roles by its operator. Each change is audited as the equivalent operation
 * of the admin API, called by the root without an access key.
 */
export class AccessAdministration {
  readonly #principals: PrincipalRepository;
  readonly #simulator: PolicySimulator;

  constructor(private readonly operator: Operator) {
    const { changes } = operator;
    const { config, database, masterKey, clock } = operator.deployment;
    this.#principals = new PrincipalRepository(database, changes, masterKey, clock, config.accountId);
    this.#simulator = new PolicySimulator(database, this.#principals, config.accountId);
  }

  /** @returns the ARN */
  async create(kind: PrincipalKind, name: string): Promise<string> {
    const { arn } = await this.#change('CreatePrincipal', { kind, name }, (principals) =>
      principals.create(kind, name),
    );
    return arn;
  }

  remove(kind: PrincipalKind, name: string): Promise<void> {
    return this.#change('DeletePrincipal', { kind, name }, (principals, arn) => principals.remove(arn));
  }

  list(): Promise<PrincipalSummary[]> {
    return this.#principals.list();
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

  createAccessKey(kind: PrincipalKind, name: string): Promise<NewAccessKey> {
    return this.#change('CreateAccessKey', { kind, name }, (principals, arn) => principals.createAccessKey(arn));
  }

  async setActive(id: string, active: boolean): Promise<void> {
    const parameters = { ...(await this.#ownerOf(id)), Status: active ? 'Active' : 'Inactive' };
    await this.#change('UpdateAccessKey', parameters, (principals, arn) => principals.setActive(arn, id, active));
  }

  async rotateAccessKey(id: string): Promise<NewAccessKey> {
    return this.#change('RotateAccessKey', await this.#ownerOf(id), (principals, arn) =>
      principals.rotateAccessKey(arn, id),
    );
  }

  async removeAccessKey(id: string): Promise<void> {
    await this.#change('DeleteAccessKey', await this.#ownerOf(id), (principals, arn) =>
      principals.removeAccessKey(arn, id),
    );
  }

  startSession(
    kind: PrincipalKind,
    name: string,
    { session, seconds }: { session: string; seconds: number },
  ): Promise<NewAccessKey> {
    const parameters = { kind, name, SessionName: session, DurationSeconds: seconds };
    return this.#change('StartSession', parameters, (principals, arn) =>
      principals.startSession(arn, session, seconds),
    );
  }

  setPassword(kind: PrincipalKind, name: string, password: string): Promise<void> {
    return this.#change('PutPassword', { kind, name }, (principals, arn) => principals.setPassword(arn, password));
  }

  removePassword(kind: PrincipalKind, name: string): Promise<void> {
    return this.#change('DeletePassword', { kind, name }, (principals, arn) => principals.removePassword(arn));
  }

  explain(question: Question): Promise<Explanation> {
    const { tls, region } = this.operator.deployment.config;
    const origin = {
      sourceIp: '127.0.0.1',
      secureTransport: tls !== undefined,
      userAgent: undefined,
      time: new Date(),
    };
    return this.#simulator.explain(question, origin, region);
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
    return this.operator.audited(() => work(this.#principals.by(call), this.#principals.arnOf(kind, name)));
  }
}
