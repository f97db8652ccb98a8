import { randomUUID } from 'node:crypto';
import type { Call, Origin, Principal } from '../call.js';
import type { ServiceException } from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { requestParameters } from './request-parameters.js';

const EVENT_VERSION = '1.11';
/** The actor in events of the service's own actions. */
const SERVICE = 'Keyblock';

/** CloudTrail's limit for user agent and message, whose text the caller chooses wholly or in part. */
const MAX_TEXT = 1000;

type Request = Pick<Call, 'api' | 'operation' | 'region' | 'requestId' | 'origin'>;

/** A request without a valid signature. */
export interface UnauthenticatedRequest extends Request {
  /** The account that was called. */
  accountId: string;
  /** The access key id that the request names, if it names one; not verified. */
  claimedAccessKeyId?: string;
}

/** An action that the service takes without a call, when it is due. */
export interface ServiceAct {
  /** The API whose keys it is about. */
  api: Api;
  /** In CloudTrail's terms, e.g. `DeleteKey` or `SynchronizeMultiRegionKey`. */
  name: string;
  /** The key that is acted on; its account and Region are the event's. */
  keyArn: string;
  details?: Readonly<Record<string, string>>;
}

/**
 * Formats the event of a call as CloudTrail does, in one line of JSON.
 *
 * @param error the answer, if the call failed
 */
export function callEvent(call: Call, error?: ServiceException): string {
  const { principal, record } = call;
  const { input, requestParameters: parameters, responseElements } = record;
  const { accountId } = principal;
  return eventOf(call, {
    error,
    identity: identityOf(principal),
    accountId,
    parameters: parameters ? requestParameters(call.api.audit.members, parameters, input) : 'null',
    response: responseElements === undefined || error ? 'null' : JSON.stringify(responseElements),
    resources: resourcesOf(call.api, record.keyArns, accountId),
  });
}

/** Formats the event of a request that was refused before its signer was known. */
export function unauthenticatedEvent(request: UnauthenticatedRequest, error: ServiceException): string {
  const { accountId, claimedAccessKeyId: accessKeyId } = request;
  const identity = JSON.stringify({ type: 'Unknown', accessKeyId });
  return eventOf(request, { error, identity, accountId, parameters: 'null', response: 'null', resources: '[]' });
}

/** Formats the event of an action that the service took without a call. */
export function serviceEvent({ api, name, keyArn, details }: ServiceAct, time: Date): string {
  const [, , , region = '', accountId = ''] = keyArn.split(':');
  return (
    `{"eventVersion":"${EVENT_VERSION}","userIdentity":{"accountId":"${accountId}","invokedBy":"${SERVICE}"},` +
    `"eventTime":"${cloudTrailTime(time)}","eventSource":"${api.audit.eventSource}","eventName":"${name}","awsRegion":"${region}",` +
    `"sourceIPAddress":"${SERVICE}","userAgent":"${SERVICE}","requestParameters":null,"responseElements":null,` +
    (details ? `"serviceEventDetails":${JSON.stringify(details)},` : '') +
    `"eventID":"${randomUUID()}","readOnly":false,"resources":${resourcesOf(api, [keyArn], accountId)},` +
    `"eventType":"AwsServiceEvent","managementEvent":true,"recipientAccountId":"${accountId}","eventCategory":"Management"}`
  );
}

/** The parts of an event that depend on its kind; all but error and account are JSON. */
interface Parts {
  identity: string;
  accountId: string;
  error: ServiceException | undefined;
  parameters: string;
  response: string;
  resources: string;
}

/** Concatenates the event by hand, because there is one for every call, and JSON.stringify of an object takes several times as long. */
function eventOf({ api, operation, region, requestId, origin }: Request, parts: Parts): string {
  const { error, accountId } = parts;
  const { audit } = api;
  const isManagement = !audit.isDataEvent(operation);
  const { userAgent } = origin;
  return readable(
    `{"eventVersion":"${EVENT_VERSION}","userIdentity":${parts.identity},"eventTime":"${cloudTrailTime(origin.time)}",` +
      `"eventSource":"${audit.eventSource}","eventName":"${operation}","awsRegion":"${region}",` +
      `"sourceIPAddress":${quoted(origin.sourceIp)},` +
      (userAgent === undefined ? '' : `"userAgent":${quoted(userAgent)},`) +
      (error ? `"errorCode":"${error.name}","errorMessage":${quoted(error.message)},` : '') +
      `"requestParameters":${parts.parameters},"responseElements":${parts.response},` +
      `"requestID":"${requestId}","eventID":"${randomUUID()}","readOnly":${audit.isReadOnly(operation)},` +
      `"resources":${parts.resources},"eventType":"AwsApiCall","managementEvent":${isManagement},` +
      `"recipientAccountId":"${accountId}","eventCategory":"${isManagement ? 'Management' : 'Data'}"${tlsOf(origin)}}`,
  );
}

/** JSON escapes, among them those that PostgreSQL's text can't hold (NUL, lone surrogates), and Unicode's line separators. */
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

function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text);
}

/** JSON of userIdentity by principal: callers send many requests. */
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
  const attributes = sessionIssuedAt && { creationDate: cloudTrailTime(sessionIssuedAt), mfaAuthenticated: 'false' };
  const who = { principalId: userId, arn, accountId, accessKeyId };
  if (type === 'User')
    return { type: 'IAMUser', ...who, userName: name, ...(attributes && { sessionContext: { attributes } }) };
  const [principalId] = userId.split(':');
  const sessionIssuer = { type: 'Role', principalId, arn: principalArn, accountId, userName: name };
  return { type: 'AssumedRole', ...who, sessionContext: { sessionIssuer, attributes } };
}

function resourcesOf({ audit }: Api, keyArns: readonly string[], accountId: string): string {
  const each = keyArns.length > 1 ? [...new Set(keyArns)] : keyArns;
  const resources = each.map((arn) => `{"accountId":"${accountId}","type":"${audit.keyType}","ARN":"${arn}"}`);
  return `[${resources.join()}]`;
}

function tlsOf({ tlsDetails }: Origin): string {
  return tlsDetails ? `,"tlsDetails":${JSON.stringify(tlsDetails)}` : '';
}
