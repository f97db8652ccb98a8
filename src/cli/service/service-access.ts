import type { PrincipalKind } from '../../access/principal.entity.js';
import type {
  ExplainAccessOutput,
  ListPrincipalsOutput,
  NewAccessKeyOutput,
  PolicyDocument,
  Principal,
  PrincipalOutput,
  PrincipalPolicyOutput,
} from '../../admin/admin.schema.js';
import type { Question } from '../../admin/policy-simulator.js';
import type { AccessAdministration } from '../access-administration.js';
import { EXIT, Failure } from '../failure.js';
import type { ServiceClient } from './client.js';

const KINDS = ['user', 'role'] as const;

/** Administration of a service's users and roles by signed requests. */
export class ServiceAccess implements AccessAdministration {
  constructor(private readonly client: ServiceClient) {}

  async create(kind: PrincipalKind, name: string): Promise<Principal> {
    const body = JSON.stringify({ Name: name });
    return (await this.client.admin<PrincipalOutput>('POST', [`${kind}s`], { body })).Principal;
  }

  async remove(kind: PrincipalKind, name: string): Promise<void> {
    await this.client.admin('DELETE', [`${kind}s`, name]);
  }

  async list(): Promise<Principal[]> {
    const found: Principal[] = [];
    for (const kind of KINDS) for await (const page of this.#pages(kind)) found.push(...page.Principals);
    return found;
  }

  async putPolicy(kind: PrincipalKind, name: string, policy: string, document: string): Promise<void> {
    await this.client.admin('PUT', [`${kind}s`, name, 'policies', policy], { body: document });
  }

  async getPolicy(kind: PrincipalKind, name: string, policy: string): Promise<PolicyDocument> {
    const path = [`${kind}s`, name, 'policies', policy];
    return (await this.client.admin<PrincipalPolicyOutput>('GET', path)).PolicyDocument;
  }

  async removePolicy(kind: PrincipalKind, name: string, policy: string): Promise<void> {
    await this.client.admin('DELETE', [`${kind}s`, name, 'policies', policy]);
  }

  createAccessKey(kind: PrincipalKind, name: string): Promise<NewAccessKeyOutput> {
    return this.client.admin('POST', [`${kind}s`, name, 'access-keys']);
  }

  async setActive(id: string, active: boolean): Promise<void> {
    const body = JSON.stringify({ Status: active ? 'Active' : 'Inactive' });
    await this.client.admin('PUT', await this.#pathOf(id), { body });
  }

  async rotateAccessKey(id: string): Promise<NewAccessKeyOutput> {
    return this.client.admin('POST', [...(await this.#pathOf(id)), 'rotate']);
  }

  async removeAccessKey(id: string): Promise<void> {
    await this.client.admin('DELETE', await this.#pathOf(id));
  }

  startSession(
    kind: PrincipalKind,
    name: string,
    { session, seconds }: { session: string; seconds: number },
  ): Promise<NewAccessKeyOutput> {
    const body = JSON.stringify({ SessionName: session, DurationSeconds: seconds });
    return this.client.admin('POST', [`${kind}s`, name, 'sessions'], { body });
  }

  async setPassword(name: string, password: string): Promise<void> {
    await this.client.admin('PUT', ['users', name, 'password'], { body: JSON.stringify({ Password: password }) });
  }

  async removePassword(name: string): Promise<void> {
    await this.client.admin('DELETE', ['users', name, 'password']);
  }

  explain({ principal, action, resource, context }: Question): Promise<ExplainAccessOutput> {
    const body = JSON.stringify({ Principal: principal, Action: action, Resource: resource, Context: context });
    return this.client.admin('POST', ['explain'], { body });
  }

  /** Finds the path of an access key through its owner, which only ListPrincipals returns. */
  async #pathOf(id: string): Promise<string[]> {
    for (const kind of KINDS)
      for await (const { Principals } of this.#pages(kind)) {
        const owner = Principals.find(({ AccessKeys }) => AccessKeys.some((key) => key.AccessKeyId === id));
        if (owner) return [`${kind}s`, owner.Name, 'access-keys', id];
      }
    throw new Failure(EXIT.state, `There is no ${id}.`, { name: 'ResourceNotFoundException' });
  }

  #pages(kind: PrincipalKind): AsyncGenerator<ListPrincipalsOutput> {
    return this.client.pages((query) => this.client.admin<ListPrincipalsOutput>('GET', [`${kind}s`], { query }));
  }
}
