import type { Call } from '../call.js';
import type { Context } from '../policy/pattern.js';

/** A tag of a resource. */
export interface TagFact {
  key: string;
  value: string;
}

/** Looks up a condition key by its name in lower case; undefined if it is unknown or the request lacks it. */
export type ConditionKeys = (name: string) => Answer;

/** A call about one resource. */
interface Asked {
  call: Call;
  /** Tags of the resource. */
  tags?: readonly TagFact[];
  /** The API's own condition keys, e.g. `payment-cryptography:…`. */
  conditionKeys?: ConditionKeys;
}

/** The input members that condition keys expose. Every API with tags uses these names. */
interface Input {
  Tags?: readonly { Key: string; Value: string }[];
  TagKeys?: readonly string[];
}

type Answer = string | readonly string[] | undefined;

/** Condition keys of every API, in lower case. */
const KEYS: Record<string, (call: Call) => Answer> = {
  'aws:principalarn': (call) => call.principal.principalArn,
  'aws:principalaccount': (call) => call.principal.accountId,
  'aws:principaltype': (call) => call.principal.identity?.type ?? 'Account',
  'aws:userid': (call) => call.principal.identity?.userId ?? call.principal.accountId,
  'aws:username': (call) => {
    const { identity } = call.principal;
    return identity?.type === 'User' ? identity.name : undefined;
  },
  'aws:tokenissuetime': (call) => call.principal.identity?.sessionIssuedAt?.toISOString(),
  'aws:sourceip': (call) => call.origin.sourceIp,
  'aws:securetransport': (call) => String(call.origin.secureTransport),
  'aws:useragent': (call) => call.origin.userAgent,
  'aws:currenttime': (call) => call.origin.time.toISOString(),
  'aws:epochtime': (call) => String(Math.floor(call.origin.time.getTime() / 1000)),
  'aws:requestedregion': (call) => call.region,
  'aws:resourceaccount': (call) => call.principal.accountId,
  'aws:tagkeys': (call) => inputOf(call).TagKeys ?? inputOf(call).Tags?.map(({ Key }) => Key),
};

const RESOURCE_TAG = 'aws:resourcetag/';
const REQUEST_TAG = 'aws:requesttag/';

/** The condition keys of a call, looked up on demand. */
export function contextOf(asked: Asked): Context {
  return (name) => {
    const answer = answerOf(asked, name);
    return typeof answer === 'string' ? [answer] : answer;
  };
}

function answerOf(asked: Asked, name: string): Answer {
  if (Object.hasOwn(KEYS, name)) return KEYS[name]?.(asked.call);
  if (name.startsWith(RESOURCE_TAG)) return tagsNamed(asked.tags, name.slice(RESOURCE_TAG.length));
  if (!name.startsWith(REQUEST_TAG)) return asked.conditionKeys?.(name);
  const tags = inputOf(asked.call).Tags?.map(({ Key, Value }) => ({ key: Key, value: Value }));
  return tagsNamed(tags, name.slice(REQUEST_TAG.length));
}

/** Names of condition keys are case-insensitive, so several tags may match one. */
function tagsNamed(tags: readonly TagFact[] = [], name: string): readonly string[] | undefined {
  const found = tags.filter(({ key }) => key.toLowerCase() === name).map(({ value }) => value);
  return found.length > 0 ? found : undefined;
}

function inputOf({ record }: Call): Input {
  return record.input ?? {};
}
