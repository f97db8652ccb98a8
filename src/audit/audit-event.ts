import { randomUUID } from 'node:crypto';
import type { Approval, Call, Origin, Principal } from '../call.js';
import type { ServiceException } from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { quoted } from '../quoted.js';
import { requestParameters } from './request-parameters.js';

const EVENT_VERSION = '1.11';
/** The actor in events of the service's own actions. */
const SERVICE = 'Keyblock';

/** CloudTrail's limit for user agent and message, whose text the caller chooses wholly or in part. */
const MAX_TEXT = 1000;

type Request = Pick<Call, 'api' | 'operation' | 'region' | 'requestId' | 'traceId' | 'origin'>;

/** The error of a failed call: code and message. */
export type Failure = Pick<ServiceException, 'name' | 'message'>;

/** A request without a valid signature. */
export interface UnauthenticatedRequest extends Request {
  /** The account that was called. */
  accountId: string;
  /** The access key id that the request names, if it names one; not verified. */
  claimedAccessKeyId?: string;
  /** The user whose password the request claims to know. */
  claimedUserName?: string;
}

/** An action that the service takes on its own when it is due, without a call. */
export interface ServiceAct {
  /** The API that owns the affected key. */
  api: Api;
  /** In CloudTrail's terms, e.g. `DeleteKey` or `SynchronizeMultiRegionKey`. */
  name: string;
  /** The key or other resource of the action; the event has its account and Region. */
  keyArn: string;
  details?: Readonly<Record<string, string>>;
}

/**
 * Formats the event of a call as CloudTrail does, in one line of JSON.
 *
 * @param error      the answer, if the call failed
 * @param parameters JSON of `requestParameters`, of a caller that has formatted them
 */
export function callEvent(call: Call, error?: Failure, parameters = parametersOf(call)): string {
  const { principal, record } = call;
  const { responseElements } = record;
  const { accountId } = principal;
  return eventOf(call, {
    id: record.eventId,
    error,
    identity: identityOf(principal),
    accountId,
    parameters,
    response: responseElements === undefined || error ? 'null' : JSON.stringify(responseElements),
    approvals: error ? [] : record.approvals,
    resources: resourcesOf(call.api, record.keyArns, accountId),
  });
}

function parametersOf({ api, record: { requestParameters: parameters, input } }: Call): string {
  return parameters ? requestParameters(api.audit.members, parameters, input) : 'null';
}

/** Formats the event of a request that was refused before its signer was known. */
export function unauthenticatedEvent(request: UnauthenticatedRequest, error: Failure): string {
  const { accountId, claimedAccessKeyId: accessKeyId, claimedUserName: userName } = request;
  const identity = JSON.stringify({ type: 'Unknown', accessKeyId, userName });
  const id = randomUUID();
  return eventOf(request, { id, error, identity, accountId, parameters: 'null', response: 'null', resources: '[]' });
}

/** The account and the default Region of the service. */
export interface Home {
  readonly accountId: string;
  readonly region: string;
}

/** Formats the event of an action that the service took without a call. */
export function serviceEvent({ api, name, keyArn, details }: ServiceAct, time: Date): string {
  const [, , , region = '', accountId = ''] = keyArn.split(':');
  const resources = resourcesOf(api, [keyArn], accountId);
  return ownEvent({ source: api.audit.eventSource, name, accountId, region, details, resources }, time);
}

/** Formats the event of an action or a finding of the service itself. */
export function ownEvent(event: OwnEvent, time: Date): string {
  const { source, name, accountId, region, details, resources = '[]' } = event;
  return (
    `{"eventVersion":"${EVENT_VERSION}","userIdentity":{"accountId":${quoted(accountId)},"invokedBy":"${SERVICE}"},` +
    `"eventTime":${quoted(cloudTrailTime(time))},"eventSource":${quoted(source)},"eventName":${quoted(name)},` +
    `"awsRegion":${quoted(region)},"sourceIPAddress":"${SERVICE}","userAgent":"${SERVICE}",` +
    '"requestParameters":null,"responseElements":null,' +
    (details ? `"serviceEventDetails":${JSON.stringify(details)},` : '') +
    `"eventID":${quoted(randomUUID())},"readOnly":false,"resources":${resources},"eventType":"AwsServiceEvent",` +
    `"managementEvent":true,"recipientAccountId":${quoted(accountId)},"eventCategory":"Management"}`
  );
}

interface OwnEvent extends Home {
  source: string;
  name: string;
  details?: object;
  /** JSON; none by default. */
  resources?: string;
}

/** The parts of an event that depend on its kind; all but id, error and account are JSON. */
interface Parts {
  id: string;
  identity: string;
  accountId: string;
  error: Failure | undefined;
  parameters: string;
  response: string;
  approvals?: readonly Approval[];
  resources: string;
}

/**
 * Concatenates the event by hand, because every call has one and JSON.stringify of an object takes several times as
 * long.
 */
function eventOf({ api, operation, region, requestId, traceId, origin }: Request, parts: Parts): string {
  const { id, error, accountId } = parts;
  const { audit } = api;
  const isManagement = !audit.isDataEvent(operation);
  const { userAgent } = origin;
  return readable(
    `{"eventVersion":"${EVENT_VERSION}","userIdentity":${parts.identity},` +
      `"eventTime":${quoted(cloudTrailTime(origin.time))},"eventSource":${quoted(audit.eventSource)},` +
      `"eventName":${quoted(operation)},"awsRegion":${quoted(region)},"sourceIPAddress":${quotedStart(origin.sourceIp)},` +
      (userAgent === undefined ? '' : `"userAgent":${quotedStart(userAgent)},`) +
      (error ? `"errorCode":${quoted(error.name)},"errorMessage":${quotedStart(error.message)},` : '') +
      `"requestParameters":${parts.parameters},"responseElements":${parts.response},${additionalData(parts)}` +
      `"requestID":${quoted(requestId)},${traceId === undefined ? '' : `"traceId":${quoted(traceId)},`}` +
      `"eventID":${quoted(id)},"readOnly":${audit.isReadOnly(operation)},"resources":${parts.resources},` +
      `"eventType":"AwsApiCall","managementEvent":${isManagement},"recipientAccountId":${quoted(accountId)},` +
      `"eventCategory":"${isManagement ? 'Management' : 'Data'}"${tlsOf(origin)}}`,
  );
}

/** A call that needed the approval of one team has one approval; few need several. */
function additionalData({ approvals: [approval, ...others] = [] }: Parts): string {
  if (!approval) return '';
  return `"additionalEventData":${JSON.stringify({ approval, ...(others.length > 0 && { others }) })},`;
}

/**
 * JSON escapes, including those of characters that PostgreSQL's text can't hold (NUL, lone surrogates), and Unicode's
 * line separators.
 */
const ESCAPES = /\\(?:u(?:0000|d[89a-f]..)|.)|[\u2028\u2029]/g;

/**
 * Makes JSON that PostgreSQL can parse and that every reader treats as one line, whatever text the caller chose:
 * otherwise one event could make the log unreadable.
 */
function readable(json: string): string {
  if (!json.includes('\\u') && !json.includes('\u2028') && !json.includes('\u2029')) return json;
  return json.replaceAll(ESCAPES, (found) => {
    if (found.length === 1) return found === '\u2028' ? '\\u2028' : '\\u2029';
    return found.length === 2 ? found : '\\ufffd';
  });
}

/** The last second that was formatted. */
let second = { number: NaN, text: '' };

/** Formats a time to the second, as CloudTrail does. */
function cloudTrailTime(time: Date): string {
  const number = Math.floor(time.getTime() / 1000);
  if (number !== second.number) second = { number, text: `${time.toISOString().slice(0, 19)}Z` };
  return second.text;
}

/** Quotes a text whose length the caller chooses, shortened to CloudTrail's limit. */
function quotedStart(text: string): string {
  return quoted(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text);
}

/** JSON of userIdentity by principal, cached because callers send many requests. */
const identities = new WeakMap<Principal, string>();

function identityOf(principal: Principal): string {
  const known = identities.get(principal);
  if (known !== undefined) return known;
  const made = JSON.stringify(userIdentity(principal));
  identities.set(principal, made);
  return made;
}

function userIdentity({ arn, principalArn, accountId, accessKeyId, identity }: Principal): object {
  // An operator's command has no access key.
  if (!identity) return { type: 'Root', principalId: accountId, arn, accountId, ...(accessKeyId && { accessKeyId }) };
  const { type, userId, name, sessionIssuedAt } = identity;
  if (type === 'AWSService') return { type, principalId: userId, arn, accountId, accessKeyId };
  const attributes = sessionIssuedAt && { creationDate: cloudTrailTime(sessionIssuedAt), mfaAuthenticated: 'false' };
  // Neither has a user who signs in with a password.
  const who = { principalId: userId, arn, accountId, ...(accessKeyId && { accessKeyId }) };
  if (type === 'User')
    return { type: 'IAMUser', ...who, userName: name, ...(attributes && { sessionContext: { attributes } }) };
  const [principalId] = userId.split(':');
  const sessionIssuer = { type: 'Role', principalId, arn: principalArn, accountId, userName: name };
  return { type: 'AssumedRole', ...who, sessionContext: { sessionIssuer, attributes } };
}

function resourcesOf({ audit }: Api, keyArns: readonly string[], accountId: string): string {
  const each = keyArns.length > 1 ? [...new Set(keyArns)] : keyArns;
  const resources = each.map((arn) => {
    const type = audit.typeOf?.(arn) ?? audit.keyType;
    return `{"accountId":${quoted(accountId)},"type":${quoted(type)},"ARN":${quoted(arn)}}`;
  });
  return `[${resources.join()}]`;
}

function tlsOf({ tlsDetails }: Origin): string {
  return tlsDetails ? `,"tlsDetails":${JSON.stringify(tlsDetails)}` : '';
}
