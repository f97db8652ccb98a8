import type { Caller, Statements } from './policy/policy.js';

/** Who signed a request. */
export interface Principal extends Caller {
  accessKeyId: string;
  /** Undefined for the root of the account, who needs no permission. */
  identity?: Identity;
}

/** A user, or a role in a session or by an access key of its own. */
export interface Identity {
  type: 'User' | 'AssumedRole';
  name: string;
  /** `aws:userid` */
  userId: string;
  /** What its own policies say. */
  statements: Statements;
  /** When its session began. */
  sessionIssuedAt?: Date;
}

/** The account and Region that a resource belongs to. */
export interface Scope {
  accountId: string;
  region: string;
}

/** The APIs: the two planes differ in framing, error bodies and status codes; the admin API is framed as the data plane. */
export type Plane = 'control' | 'data' | 'admin';

/** How a connection is encrypted, in CloudTrail's words. */
export interface TlsDetails {
  readonly tlsVersion: string;
  readonly cipherSuite: string;
  readonly clientProvidedHostHeader: string;
}

/** Where a request came from, as conditions of policies and the audit log ask. */
export interface Origin {
  readonly sourceIp: string;
  readonly secureTransport: boolean;
  readonly userAgent: string | undefined;
  readonly time: Date;
  /** Of a connection that is encrypted, as events of the audit log have them. */
  readonly tlsDetails?: TlsDetails;
}

/** What calls make, by the members of their answers that name it. */
export type Made =
  | { key: { keyArn: string } }
  | { alias: { aliasArn: string } }
  | { principal: { arn: string } }
  | { accessKey: { accessKeyId: string } };

/** One request, as every layer below HTTP knows it. */
export interface Call {
  /** Name of the request, in its answer, the log and the audit log. */
  requestId: string;
  plane: Plane;
  /** Name in the service model. */
  operation: string;
  principal: Principal;
  /** The Region of the credential scope. */
  region: string;
  /** ARNs of the keys that the call resolved, for the log and the audit log. */
  keyArns: string[];
  origin: Origin;
  /** What the operation was given, when it was read; policies ask for some of it. */
  input?: object;
  /** What it was given that no policy asks for: labels of the path, and all that the admin API has. */
  given?: object;
  /** Keys that an import or export names by their role, with their ARNs; without those that don't exist. */
  keyRoles?: ReadonlyMap<string, string>;
  /** What the call made, as its event tells it. */
  made?: Made;
  /** Its event was written with the change that it made. */
  isAudited?: boolean;
}

/** Returns the caller's account and the Region of the call. */
export function scopeOf({ principal, region }: Call): Scope {
  return { accountId: principal.accountId, region };
}
