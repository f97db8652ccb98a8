import { BlockList, isIP } from 'node:net';
import { type Context, type Test, textTest } from './pattern.js';

/** True if a request meets a condition. */
export type Condition = (context: Context) => boolean;

/** Compiles one value of a policy. @returns undefined for a value that the operator can't compare with */
type Operator = (text: string, variables: boolean) => Test | undefined;

/** Makes an operator that parses both sides. A value of the request that can't be parsed doesn't match. */
function comparison<T>(read: (text: string) => T | undefined, holds: (value: T, limit: T) => boolean): Operator {
  return (text) => {
    const limit = read(text);
    if (limit === undefined) return undefined;
    return (value) => {
      const actual = read(value);
      return actual !== undefined && holds(actual, limit);
    };
  };
}

function numberOf(text: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Parses a time: a W3C date and time format of ISO 8601, or seconds since 1970. @returns milliseconds */
function timeOf(text: string): number | undefined {
  if (/^\d{5,}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function booleanOf(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'true' || lower === 'false' ? lower === 'true' : undefined;
}

/** Matches an address, or a range in CIDR notation. */
const ipAddress: Operator = (text) => {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  if (version === 0 || rest.length > 0) return undefined;
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most)) return undefined;
  const prefix = bits === undefined ? most : Number(bits);
  if (version === 4) {
    // BlockList isn't used for IPv4: it would create an object for each address, which costs more than the rest of a
    // decision.
    const size = 2 ** (32 - prefix);
    const network = Math.floor(ipv4Of(address) / size);
    return (value) => isIP(value) === 4 && Math.floor(ipv4Of(value) / size) === network;
  }
  const range = new BlockList();
  range.addSubnet(address, prefix, 'ipv6');
  // Without the isIP test, BlockList would map an IPv4 address to ::ffff:0:0/96 and look it up in the IPv6 range.
  return (value) => isIP(value) === 6 && range.check(value, 'ipv6');
};

/** Converts an IPv4 address to a number. @param address valid */
function ipv4Of(address: string): number {
  let number = 0;
  let part = 0;
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i);
    if (code === DOT) {
      number = number * 256 + part;
      part = 0;
    } else part = part * 10 + code - ZERO;
  }
  return number * 256 + part;
}

const DOT = 0x2e;
const ZERO = 0x30;

/** Matches the six parts of an ARN separately: only in the last may a wildcard match a colon. */
const arn: Operator = (text, variables) => {
  if (text === '*') return () => true;
  const parts = arnParts(text);
  if (!parts) return undefined;
  const tests = parts.map((part) => textTest(part, { wildcards: true, variables }));
  return (value, context) => {
    const values = arnParts(value);
    return values !== undefined && tests.every((test, i) => test(values[i] as string, context));
  };
};

/**
 * A part of an ARN; a colon within `${…}` doesn't end the part. The pattern is unambiguous, so it can't backtrack for
 * long.
 */
const PART = /((?:[^:$]|\$\{[^{}$]*\}|\$(?!\{[^{}$]*\}))*)/.source;
const ARN = new RegExp(`^(arn):${PART}:${PART}:${PART}:${PART}:(.+)$`, 's');

function arnParts(text: string): string[] | undefined {
  return ARN.exec(text)?.slice(1);
}

const string =
  (wildcards: boolean): Operator =>
  (text, variables) =>
    textTest(text, { wildcards, variables });
const equalsIgnoreCase: Operator = (text, variables) => {
  const test = textTest(text.toLowerCase(), { wildcards: false, variables });
  return (value, context) => test(value.toLowerCase(), (key) => context(key)?.map((filled) => filled.toLowerCase()));
};

const OPERATORS: Record<string, Operator> = {
  StringEquals: string(false),
  StringEqualsIgnoreCase: equalsIgnoreCase,
  StringLike: string(true),
  NumericEquals: comparison(numberOf, (value, limit) => value === limit),
  NumericLessThan: comparison(numberOf, (value, limit) => value < limit),
  NumericLessThanEquals: comparison(numberOf, (value, limit) => value <= limit),
  NumericGreaterThan: comparison(numberOf, (value, limit) => value > limit),
  NumericGreaterThanEquals: comparison(numberOf, (value, limit) => value >= limit),
  DateEquals: comparison(timeOf, (value, limit) => value === limit),
  DateLessThan: comparison(timeOf, (value, limit) => value < limit),
  DateLessThanEquals: comparison(timeOf, (value, limit) => value <= limit),
  DateGreaterThan: comparison(timeOf, (value, limit) => value > limit),
  DateGreaterThanEquals: comparison(timeOf, (value, limit) => value >= limit),
  Bool: comparison(booleanOf, (value, limit) => value === limit),
  BinaryEquals: (text) => (value) => value === text,
  IpAddress: ipAddress,
  ArnEquals: arn,
  ArnLike: arn,
};
const NEGATIONS = [
  'StringNotEquals',
  'StringNotEqualsIgnoreCase',
  'StringNotLike',
  'NumericNotEquals',
  'DateNotEquals',
  'NotIpAddress',
  'ArnNotEquals',
  'ArnNotLike',
];

/** A parsed operator name. */
interface WrittenOperator {
  set?: 'ForAllValues' | 'ForAnyValue';
  operator: Operator;
  negated: boolean;
  ifExists: boolean;
}

const WRITTEN = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/;

function parseOperator(text: string): WrittenOperator | undefined {
  const [, set, name = '', ifExists] = WRITTEN.exec(text) ?? [];
  const negated = NEGATIONS.includes(name);
  const base = negated ? name.replace('Not', '') : name;
  if (!Object.hasOwn(OPERATORS, base)) return undefined;
  return {
    set: set as WrittenOperator['set'],
    operator: OPERATORS[base] as Operator,
    negated,
    ifExists: ifExists !== undefined,
  };
}

/** True if a condition operator of this name exists. */
export function isOperator(text: string): boolean {
  return text === 'Null' || parseOperator(text) !== undefined;
}

/** True if a condition operator can compare with a value. */
export function canCompare(operator: string, value: string): boolean {
  if (operator === 'Null') return booleanOf(value) !== undefined;
  return parseOperator(operator)?.operator(value, true) !== undefined;
}

/**
 * Compiles one line of a condition.
 *
 * @param key    condition key, in any case
 * @param values values in the policy, checked by canCompare; one match is enough
 */
export function condition(text: string, key: string, values: readonly string[], variables: boolean): Condition {
  const name = key.toLowerCase();
  if (text === 'Null') {
    const absent = values.map((value) => booleanOf(value));
    return (context) => absent.includes((context(name) ?? []).length === 0);
  }
  const written = parseOperator(text);
  if (!written) throw new Error(`${text} is not a condition operator`);
  const { set, operator, negated, ifExists } = written;
  const tests = values.flatMap((value) => operator(value, variables) ?? []);
  // If the key is missing, IfExists, ForAllValues and negated operators match; all others don't.
  const whenMissing = ifExists || set === 'ForAllValues' || (negated && set === undefined);
  return (context) => {
    const actual = context(name);
    if (actual === undefined || actual.length === 0) return whenMissing;
    const holds = (value: string) => tests.some((test) => test(value, context)) !== negated;
    const all = set === 'ForAllValues' || (negated && set === undefined);
    return all ? actual.every(holds) : actual.some(holds);
  };
}
