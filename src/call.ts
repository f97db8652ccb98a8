import type { Caller, Statements } from './access/policy.js';

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

/** Where a request came from, as conditions of policies ask. */
export interface Origin {
  readonly sourceIp: string;
  readonly secureTransport: boolean;
  readonly userAgent: string | undefined;
  readonly time: Date;
}

/** One request, as every layer below HTTP knows it. */
export interface Call {
  /** Name in the service model. */
  operation: string;
  principal: Principal;
  /** The Region of the credential scope. */
  region: string;
  /** ARNs of the keys that the call resolved, for the log. */
  keyArns: string[];
  origin: Origin;
  /** What the operation was given, when it was read; policies ask for some of it. */
  input?: object;
  /** Keys that an import or export names by their role, with their ARNs; without those that don't exist. */
  keyRoles?: ReadonlyMap<string, string>;
}
