import { randomUUID } from 'node:crypto';
import type { Call, Origin, Principal } from '../call.js';
import type { ServiceException } from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { requestParameters } from './request-parameters.js';

const EVENT_VERSION = '1.11';
/** Who acts where the service does so by itself. */
const SERVICE = 'Keyblock';

/** As long as CloudTrail has a user agent and a message; whoever calls chooses the one and parts of the other. */
const MAX_TEXT = 1000;

type Request = Pick<Call, 'api' | 'operation' | 'region' | 'requestId' | 'origin'>;

/** A request without a valid signature. */
export interface UnauthenticatedRequest extends Request {
  /** The account that was called. */
  accountId: string;
  /** The access key id that the request names, if it names one; not verified. */
  claimedAccessKeyId?: string;
}

/** An action that the service takes by itself, when it is due. */
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
 * A call as CloudTrail would tell it, in one line of JSON.
 *
 * @param error what was answered, where the call failed
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

/** The event of a request that was refused before its signer was known. */
export function unauthenticatedEvent(request: UnauthenticatedRequest, error: ServiceException): string {
  const { accountId, claimedAccessKeyId: accessKeyId } = request;
  const identity = JSON.stringify({ type: 'Unknown', accessKeyId });
  return eventOf(request, { error, identity, accountId, parameters: 'null', response: 'null', resources: '[]' });
}

/** What the service did by itself. */
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

/** What is known of a request besides; what an event has as JSON is JSON already. */
interface Facts {
  identity: string;
  accountId: string;
  error: ServiceException | undefined;
  parameters: string;
  response: string;
  resources: string;
}

/** Written out: it is done for every call, and an object for JSON.stringify takes several times as long. */
function eventOf({ api, operation, region, requestId, origin }: Request, facts: Facts): string {
  const { error, accountId } = facts;
  const { audit } = api;
  const isManagement = !audit.isDataEvent(operation);
  const { userAgent } = origin;
  return readable(
    `{"eventVersion":"${EVENT_VERSION}","userIdentity":${facts.identity},"eventTime":"${cloudTrailTime(origin.time)}",` +
      `"eventSource":"${audit.eventSource}","eventName":"${operation}","awsRegion":"${region}",` +
      `"sourceIPAddress":${quoted(origin.sourceIp)},` +
      (userAgent === undefined ? '' : `"userAgent":${quoted(userAgent)},`) +
      (error ? `"errorCode":"${error.name}","errorMessage":${quoted(error.message)},` : '') +
      `"requestParameters":${facts.parameters},"responseElements":${facts.response},` +
      `"requestID":"${requestId}","eventID":"${randomUUID()}","readOnly":${audit.isReadOnly(operation)},` +
      `"resources":${facts.resources},"eventType":"AwsApiCall","managementEvent":${isManagement},` +
      `"recipientAccountId":"${accountId}","eventCategory":"${isManagement ? 'Management' : 'Data'}"${tlsOf(origin)}}`,
  );
}

/** Escapes of what PostgreSQL's text can't have, NUL and halves of surrogate pairs, among all others; separators of lines. */
const ESCAPES = /\\(?:u(?:0000|d[89a-f]..)|.)|[\u2028\u2029]/g;

/**
 * JSON that PostgreSQL takes apart and that is one line to whoever reads lines, whatever text callers chose: they could keep
 * the log from being read by one event.
 */
function readable(json: string): string {
  if (!json.includes('\\u') && !json.includes('\u2028') && !json.includes('\u2029')) return json;
  return json.replaceAll(ESCAPES, (found) => {
    if (found.length === 1) return found === '\u2028' ? '\\u2028' : '\\u2029';
    return found.length === 2 ? found : '\\ufffd';
  });
}

/** What calls of one second have in common. */
let second = { number: NaN, text: '' };

/** To the second. */
function cloudTrailTime(time: Date): string {
  const number = Math.floor(time.getTime() / 1000);
  if (number !== second.number) second = { number, text: `${time.toISOString().slice(0, 19)}Z` };
  return second.text;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text);
}

/** Whoever calls does so many times. */
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
