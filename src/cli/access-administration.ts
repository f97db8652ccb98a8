import type { PrincipalKind } from '../access/principal.entity.js';
import type { ExplainAccessOutput, NewAccessKeyOutput, PolicyDocument, Principal } from '../admin/admin.schema.js';
import type { Question } from '../admin/policy-simulator.js';

/**
 * Administration of users and roles, on a service by signed requests or in the database of this machine. Answers have
 * the form of the admin API (docs/adr/0046).
 */
export interface AccessAdministration {
  create(kind: PrincipalKind, name: string): Promise<Principal>;
  remove(kind: PrincipalKind, name: string): Promise<void>;
  list(): Promise<Principal[]>;
  putPolicy(kind: PrincipalKind, name: string, policy: string, document: string): Promise<void>;
  getPolicy(kind: PrincipalKind, name: string, policy: string): Promise<PolicyDocument>;
  removePolicy(kind: PrincipalKind, name: string, policy: string): Promise<void>;
  createAccessKey(kind: PrincipalKind, name: string): Promise<NewAccessKeyOutput>;
  setActive(id: string, active: boolean): Promise<void>;
  rotateAccessKey(id: string): Promise<NewAccessKeyOutput>;
  removeAccessKey(id: string): Promise<void>;
  startSession(
    kind: PrincipalKind,
    name: string,
    options: { session: string; seconds: number },
  ): Promise<NewAccessKeyOutput>;
  setPassword(name: string, password: string): Promise<void>;
  removePassword(name: string): Promise<void>;
  explain(question: Question): Promise<ExplainAccessOutput>;
}
