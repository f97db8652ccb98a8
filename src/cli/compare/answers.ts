/** Kinds of differences, which are reported separately. */
export const KINDS = ['verdict', 'error', 'value'] as const;
export type Kind = (typeof KINDS)[number];

/** Names of errors that are the result of a verification: AWS's exceptions, and the error codes of host commands. */
const VERDICTS = new Set([
  'VerificationFailedException',
  'KMSInvalidMacException',
  'KMSInvalidSignatureException',
  '01',
]);

/** A response in a common form for AWS APIs and host commands. */
export interface Answer {
  /** Name of the exception or error code; undefined if the call succeeded. */
  readonly error?: string | undefined;
  /** Values by the path of their member. */
  readonly values: ReadonlyMap<string, string>;
}

/** A difference between a recorded response and the service's. */
export interface Difference {
  readonly kind: Kind;
  /** Path of the differing member; undefined if the responses differ as a whole. */
  readonly member?: string | undefined;
  readonly recorded: string | undefined;
  readonly answered: string | undefined;
}

/** Returns the first difference between two responses. @param skip members that aren't compared */
export function difference(recorded: Answer, answered: Answer, skip?: ReadonlySet<string>): Difference | undefined {
  if (recorded.error !== answered.error) {
    const isVerdict =
      (recorded.error === undefined || answered.error === undefined) &&
      VERDICTS.has(recorded.error ?? answered.error ?? '');
    return {
      kind: isVerdict ? 'verdict' : 'error',
      recorded: recorded.error ?? 'served',
      answered: answered.error ?? 'served',
    };
  }
  for (const member of new Set([...recorded.values.keys(), ...answered.values.keys()])) {
    if (skip?.has(member) === true) continue;
    const [was, is] = [recorded.values.get(member), answered.values.get(member)];
    if (was !== is) return { kind: 'value', member, recorded: was, answered: is };
  }
  return undefined;
}

/** Returns the members whose values differ between two responses to the same call, because they are random. */
export function randomMembers(first: Answer, second: Answer): ReadonlySet<string> {
  return new Set(
    [...first.values].filter(([member, value]) => second.values.get(member) !== value).map(([member]) => member),
  );
}

/** Describes a difference without quoting values, because they may be PINs, account numbers or keys. */
export function described({ member, recorded, answered }: Difference): string {
  if (member === undefined) return `${recorded} was recorded, the service answers ${answered}`;
  if (recorded === undefined) return `${member} was not recorded`;
  if (answered === undefined) return `${member} is missing in the answer of the service`;
  let place = 0;
  while (place < recorded.length && recorded[place] === answered[place]) place++;
  return `${member} differs from character ${place + 1} on (${recorded.length} recorded, ${answered.length} answered)`;
}
