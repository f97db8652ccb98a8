import type { CryptoError } from '../crypto/errors.js';
import type { ServiceException } from '../errors/exceptions.js';
import type { PolicyError } from '../policy/policy-error.js';

/**
 * One of the APIs that the service speaks, as a value: everything about a request that differs between APIs, from its path to
 * its audit event. A request knows its own, so that no code compares APIs.
 */
export interface Api {
  /** Prefix of its actions in policies, e.g. `kms` in `kms:Encrypt`. The planes of one service share it. */
  readonly name: string;
  /** Service name in the credential scope of its requests. */
  readonly signingName: string;
  /**
   * AWS JSON sends every operation as `POST /` with `<target>.<operation>` in X-Amz-Target; REST-JSON has paths, which
   * begin with `path` (without slashes). At most one API has the empty path: it answers every path that no other API
   * does.
   */
  readonly routing: { readonly target: string } | { readonly path: string };
  /** Content type of its responses, and of its requests by its clients. */
  readonly contentType: string;
  /** The configured rate that its requests count towards. */
  readonly rate: 'controlPlane' | 'dataPlane';
  readonly exceptions: ApiExceptions;
  /** HTTP status of an exception. */
  statusOf(error: ServiceException): number;
  /** Body of an exception, to be sent as JSON. */
  bodyOf(error: ServiceException): object;
  readonly audit: ApiAudit;
}

/** The exceptions of an API's model that report failures found outside its operations. */
export interface ApiExceptions {
  /** Input that doesn't fit the model. @param violations one or more */
  invalidInput(violations: readonly Violation[]): ServiceException;
  invalidPageToken(): ServiceException;
  /** A pure library refused an argument from an operation. */
  refusedBy(error: CryptoError | PolicyError): ServiceException;
  /** The database, or the audit log, can't be written for the moment. */
  unavailable(): ServiceException;
  internal(): ServiceException;
}

/** The audit events of an API. */
export interface ApiAudit {
  /** `eventSource`, e.g. `kms.amazonaws.com`. */
  readonly eventSource: string;
  /** Type of its keys in `resources`, e.g. `AWS::KMS::Key`; empty for an API without keys. */
  readonly keyType: string;
  /** Tells data events from management events. */
  isDataEvent(operation: string): boolean;
  isReadOnly(operation: string): boolean;
  readonly members: EventMembers;
}

/**
 * Members of inputs, and path parameters, that an event may show. A member that isn't listed is in no event: when the model
 * gains one, it is left out until someone decides that it is harmless.
 */
export interface EventMembers {
  /** Members whose value is shown, with the beginning of their JSON: `"keyIdentifier":`. */
  readonly values: ReadonlyMap<string, string>;
  /** Members that are structures or lists of them: shown by name, with the members inside that are listed. */
  readonly structures: ReadonlyMap<string, string>;
}

/** One member of an input that doesn't fit the model, before the API words the message. */
export interface Violation {
  /** Path of the member in the input; empty for the whole body. */
  readonly path: readonly PropertyKey[];
  /** The value as it was sent; it may be secret. */
  readonly value: unknown;
  readonly constraint: Constraint;
}

export type Constraint =
  /** The member is missing. */
  | { kind: 'required' }
  /** The value has another JSON type than the model's. */
  | { kind: 'type'; expected: string }
  | { kind: 'enum'; values: readonly unknown[] }
  /** The value, its characters or its members are fewer or more than the bound, which is itself allowed. */
  | { kind: 'minimum' | 'maximum'; of: 'value' | 'characters' | 'members'; bound: number | bigint }
  /** @param message what the pattern stands for: `must be a key ARN` */
  | { kind: 'pattern'; pattern: string; message: string }
  /** Any other rule, in words. */
  | { kind: 'other'; message: string };

/** Path prefix of an API's operations: `/<target>/` or `/<path>/`, and `/` for the empty path. */
export function pathPrefix({ routing }: Api): string {
  const segment = 'target' in routing ? routing.target : routing.path;
  return segment === '' ? '/' : `/${segment}/`;
}
