import type { CryptoError } from '../crypto/errors.js';
import type { ServiceException } from '../errors/exceptions.js';
import type { PolicyError } from '../policy/policy-error.js';

/**
 * An API of the service, with everything that differs between APIs, from the path of a request to its audit event. A
 * request refers to its API, so that no code compares APIs.
 */
export interface Api {
  /** Prefix of its actions in policies, e.g. `kms` in `kms:Encrypt`. The planes of one service share it. */
  readonly name: string;
  /**
   * Service name in the credential scope of its requests. Undefined for an API whose requests aren't signed: an
   * Authenticator finds their callers.
   */
  readonly signingName?: string;
  /** Rules for the signatures of its requests, where they differ from those of the other APIs. */
  readonly signatures?: SignatureRules;
  /**
   * AWS JSON sends every operation as `POST /` with `<target>.<operation>` in X-Amz-Target. AWS's query protocol sends it
   * as `POST /` with a form whose field `Action` names it; `form` is the first segment of its paths here, and at most one API
   * has it. REST-JSON has paths, which
   * begin with `path` (without slashes at its ends), and may end in a slash if the API says so. At most one API has the
   * empty path: it answers every path that no other API does. Before `pathAfterPrefix`, clients put a prefix of any number
   * of segments, which operations get as the path parameter `prefix`: without slashes around it, and empty if there is none.
   */
  readonly routing:
    | { readonly target: string }
    | { readonly form: string }
    | { readonly path: string; readonly takesTrailingSlash?: true }
    | { readonly pathAfterPrefix: string };
  /** Content type of its responses, and of its requests by its clients. */
  readonly contentType: string;
  /** Returns the configured rate limit that requests for an operation count towards. */
  rateOf(operation: string): 'controlPlane' | 'dataPlane';
  readonly exceptions: ApiExceptions;
  /** HTTP status of an exception. */
  statusOf(error: ServiceException): number;
  /** Body of an exception. */
  bodyOf(error: ServiceException, requestId: string): object;
  /**
   * Writes the body of a response, where it isn't JSON.
   *
   * @param operation undefined for the body of an exception
   */
  textOf?(body: object, requestId: string, operation?: string): string;
  readonly audit: ApiAudit;
}

export interface SignatureRules {
  /** Clients sign for a Region of theirs. Their calls are calls in the default Region of the service. */
  readonly ofAnyRegion: true;
  /** Maximum difference between the time of a signature and the clock, unless KEYBLOCK_CLOCK_SKEW_SECONDS is less. */
  readonly maxSkewSeconds: number;
}

/** The exceptions of an API's model that report failures found outside its operations. */
export interface ApiExceptions {
  /**
   * Returns the exception for input that doesn't fit the model.
   *
   * @param violations one to MAX_FAULTS violations
   * @param count      total number of violations; the list may be shorter
   */
  invalidInput(violations: readonly Violation[], count: number): ServiceException;
  invalidPageToken(): ServiceException;
  /** Returns the exception for an argument of an operation that a pure library refused. */
  refusedBy(error: CryptoError | PolicyError): ServiceException;
  /** Returns the exception for an account that exceeds its request rate. */
  throttled(): ServiceException;
  /** Returns the exception for a database, or an audit log, that can't be written at the moment. */
  unavailable(): ServiceException;
  internal(): ServiceException;
  /**
   * Returns the API's own exception for an exception of the front, such as a wrong signature, or of a lower layer.
   * Undefined for an API that uses AWS's exceptions.
   */
  inPlaceOf?(error: ServiceException): ServiceException;
}

/** The audit events of an API. */
export interface ApiAudit {
  /** `eventSource`, e.g. `kms.amazonaws.com`. */
  readonly eventSource: string;
  /** Type of its keys in `resources`, e.g. `AWS::KMS::Key`; empty for an API without keys. */
  readonly keyType: string;
  /** CloudTrail's type of a resource whose type isn't `keyType`, by its ARN. */
  readonly typeOf?: (arn: string) => string | undefined;
  /** Tells data events from management events. */
  isDataEvent(operation: string): boolean;
  isReadOnly(operation: string): boolean;
  readonly members: EventMembers;
}

/**
 * Members of inputs, and path parameters, that an event may show. A member that isn't listed appears in no event: a new
 * member of the model is left out until someone decides that it is harmless.
 */
export interface EventMembers {
  /** Members whose value is shown, with the beginning of their JSON: `"keyIdentifier":`. */
  readonly values: ReadonlyMap<string, string>;
  /**
   * Members that are structures, or lists of structures: shown by name, with those of their members that are listed.
   */
  readonly structures: ReadonlyMap<string, string>;
}

/** One member of an input that doesn't fit the model, before the API words the message. */
export interface Violation {
  /** Path of the member in the input, with long names cut; empty for the whole body. */
  readonly path: readonly PropertyKey[];
  /** The value as it was sent; it may be secret. */
  readonly value: unknown;
  readonly constraint: Constraint;
}

export type Constraint =
  /** The member is missing. */
  | { kind: 'required' }
  /** The JSON type of the value isn't the model's. */
  | { kind: 'type'; expected: string }
  | { kind: 'enum'; values: readonly unknown[] }
  /**
   * The value, or the number of its characters or members, is below the minimum or above the maximum, which is `bound`.
   */
  | { kind: 'minimum' | 'maximum'; of: 'value' | 'characters' | 'members'; bound: number | bigint }
  /** @param message meaning of the pattern: `must be a key ARN` */
  | { kind: 'pattern'; pattern: string; message: string }
  /** Any other rule, in words. */
  | { kind: 'other'; message: string };

/**
 * Path prefix of an API's operations: `/<target>/`, `/<form>/` or `/<path>/`, `/` for the empty path, and `/:prefix/<path>/` for a
 * path after a prefix.
 */
export function pathPrefix({ routing }: Api): string {
  if ('pathAfterPrefix' in routing) return `/:prefix/${routing.pathAfterPrefix}/`;
  if ('form' in routing) return `/${routing.form}/`;
  const segment = 'target' in routing ? routing.target : routing.path;
  return segment === '' ? '/' : `/${segment}/`;
}
