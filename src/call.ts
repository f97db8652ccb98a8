import { randomUUID } from 'node:crypto';
import type { Api } from './http/api.js';
import type { Caller, Statements } from './policy/policy.js';

/** The signer of a request. */
export interface Principal extends Caller {
  accessKeyId: string;
  /** Undefined for the root of the account, which needs no permission. */
  identity?: Identity;
}

/** A user, a role in a session or with an access key of its own, or AWS KMS as the client of the XKS proxy. */
export interface Identity {
  type: 'User' | 'AssumedRole' | 'AWSService';
  name: string;
  /** `aws:userid` */
  userId: string;
  /** Statements of its identity-based policies. */
  statements: Statements;
  /** Start of its session. */
  sessionIssuedAt?: Date;
  /** End of its session. */
  sessionExpiresAt?: Date;
  /** Unique id of the principal that started its session; in a chain of sessions, that of the first one. */
  startedBy?: string;
}

/** The encryption of a connection, in CloudTrail's terms. */
export interface TlsDetails {
  readonly tlsVersion: string;
  readonly cipherSuite: string;
  /** Absent where the protocol has no such header. */
  readonly clientProvidedHostHeader?: string;
}

/** The origin of a request, as conditions of policies and audit events need it. */
export interface Origin {
  readonly sourceIp: string;
  readonly secureTransport: boolean;
  readonly userAgent: string | undefined;
  readonly time: Date;
  /** Undefined for a connection without TLS. */
  readonly tlsDetails?: TlsDetails;
}

/** One request, as every layer below HTTP knows it. */
export interface Call {
  /** Identifies the request in its response, the log and the audit log. */
  readonly requestId: string;
  /** Trace that the request is part of: 32 hexadecimal digits. Absent unless traces are recorded. */
  readonly traceId?: string | undefined;
  readonly api: Api;
  /** Name in the service model. */
  readonly operation: string;
  readonly principal: Principal;
  /** Region of the credential scope. */
  readonly region: string;
  readonly origin: Origin;
  readonly record: CallRecord;
}

/** True for a call of the data plane, which the audit log records as a data event. */
export function isDataCall({ api, operation }: Pick<Call, 'api' | 'operation'>): boolean {
  return api.audit.isDataEvent(operation);
}

/** The account and Region that the resources of a call belong to. */
export interface Scope {
  accountId: string;
  region: string;
}

/** Returns the caller's account and the Region of the call. */
export function scopeOf({ principal, region }: Call): Scope {
  return { accountId: principal.accountId, region };
}

/**
 * A resource that a call created, as CloudTrail names it in the output: `{ key: { keyArn } }`. It must not contain a
 * secret.
 */
export type CreatedResource = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** The approval of a call, as its audit event shows it. */
export interface Approval {
  readonly session: string;
  /** ARNs of the users who approved. */
  readonly approvers: readonly string[];
  /** Reason of the operator who approved it instead of the team. */
  readonly breakGlassReason?: string;
}

/** Returns the unique id of a caller: that of the user or role, or the account's for the root. */
export function uniqueIdOf({ identity, accountId }: Principal): string {
  return identity?.userId.split(':')[0] ?? accountId;
}

/**
 * Returns the unique id of the principal behind a caller: the one that started its session, or else the caller itself.
 * Two callers with the same id are not two people.
 */
export function personOf(principal: Principal): string {
  return principal.identity?.startedBy ?? uniqueIdOf(principal);
}

/** The facts that a call gathers while it runs, for policies, its audit event and the log. */
export class CallRecord {
  readonly #keyArns: string[] = [];
  #input?: object;
  #requestParameters?: object;
  #conditionKeys?: ReadonlyMap<string, string>;
  #responseElements?: CreatedResource;
  readonly #approvals: Approval[] = [];
  #eventId?: string;
  #isWritten = false;

  /** The validated input. Policies see it; it is also audited. */
  get input(): object | undefined {
    return this.#input;
  }

  /**
   * Request parameters that are audited but not visible to policies: path parameters, and every parameter of the admin
   * API. Undefined until the input is validated.
   */
  get requestParameters(): object | undefined {
    return this.#requestParameters;
  }

  /** ARNs of the keys that the call resolved, in order, with repetitions. */
  get keyArns(): readonly string[] {
    return this.#keyArns;
  }

  /** Values of condition keys that had to be looked up, by names in lower case. */
  get conditionKeys(): ReadonlyMap<string, string> | undefined {
    return this.#conditionKeys;
  }

  /** The created resource; `responseElements` of the event. */
  get responseElements(): CreatedResource | undefined {
    return this.#responseElements;
  }

  /** The approvals that the call has consumed. */
  get approvals(): readonly Approval[] {
    return this.#approvals;
  }

  /** Identifies the call's audit event. */
  get eventId(): string {
    return (this.#eventId ??= randomUUID());
  }

  /** True once the event is written or queued. */
  get isWritten(): boolean {
    return this.#isWritten;
  }

  /** Records the validated input. */
  reads(requestParameters: object, input?: object): void {
    this.#requestParameters = requestParameters;
    this.#input = input;
  }

  /** Records a key that the call resolved. */
  uses(keyArn: string): void {
    this.#keyArns.push(keyArn);
  }

  /** Records values of condition keys that had to be looked up. @param values by names in lower case */
  looksUp(values: ReadonlyMap<string, string>): void {
    this.#conditionKeys = values;
  }

  created(resource: CreatedResource): void {
    this.#responseElements = resource;
  }

  approvedBy(approval: Approval): void {
    this.#approvals.push(approval);
  }

  /** Records that the event is written, so that it isn't written again with the response. */
  written(): void {
    this.#isWritten = true;
  }
}
