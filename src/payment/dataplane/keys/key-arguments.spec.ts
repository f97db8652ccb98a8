import { readFileSync } from 'node:fs';
import { MODE_SETS, refusedBy, VALID_KEY_ROWS, type ValidKeys } from '../../../../test/support/key-arguments.js';
import { KEY_ALGORITHMS, KEY_STATES, KEY_USAGES } from '../../keys/key-attributes.js';
import type { Key } from '../../keys/key.entity.js';
import { checkUsable } from '../../keys/key.repository.js';
import { type KeyRequirement, modesOfUse } from '../../keys/key-rules.js';
import { keyArgumentsPage } from './key-arguments-page.js';
import { KEY_ARGUMENTS } from './key-arguments.js';

const RULES: Record<string, Record<string, Record<string, KeyRequirement>>> = KEY_ARGUMENTS;
const ARN = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/kwapwa6qaifllw2h';

/** Keys of these usages can't have the mode NoRestrictions, so no rule has to refuse such a key. */
const NEVER_UNRESTRICTED = /^TR31_(D1|K2|K3|M0|S0)_/;

/** Keys of all combinations of attributes, including those that the service never creates or imports. */
const KEYS = KEY_USAGES.flatMap((usage) =>
  KEY_ALGORITHMS.flatMap((algorithm) =>
    Object.entries(MODE_SETS)
      .filter(([modeSet]) => modeSet !== 'N' || !NEVER_UNRESTRICTED.test(usage))
      .map(([modeSet, modes]) => ({
        arn: ARN,
        usage,
        algorithm,
        modes: modesOfUse(modes),
        enabled: true,
        state: 'CREATE_COMPLETE' as const,
        modeSet,
      })),
  ),
);

/** Returns the message with which a rule refuses a key, or undefined if it accepts the key. */
function refusal(rule: KeyRequirement, key: object): string | undefined {
  try {
    checkUsable(rule, key as Key);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const ruleOf = ({ operation, argument, variant }: ValidKeys) => RULES[operation]![argument]![variant]!;

// The tests catch hundreds of thousands of errors and never read their stack traces.
const { stackTraceLimit } = Error;
beforeAll(() => void (Error.stackTraceLimit = 0));
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit));

test('only ReEncryptData has a specific message for an unrestricted data key', () => {
  const own = VALID_KEY_ROWS.filter((row) => 'unrestrictedRefusal' in ruleOf(row));
  expect(own.map(({ operation, argument, variant }) => `${operation} ${argument} ${variant}`)).toEqual([
    'ReEncryptData IncomingKeyIdentifier Symmetric',
    'ReEncryptData OutgoingKeyIdentifier Symmetric',
  ]);
});

test('the table has exactly the operations, arguments and variants of the expected table', () => {
  const written = Object.entries(RULES).flatMap(([operation, byArgument]) =>
    Object.entries(byArgument).flatMap(([argument, byVariant]) =>
      Object.keys(byVariant).map((variant) => `${operation} ${argument} ${variant}`),
    ),
  );
  const expected = VALID_KEY_ROWS.map(({ operation, argument, variant }) => `${operation} ${argument} ${variant}`);
  expect(written.sort()).toEqual(expected.sort());
  expect(new Set(expected).size).toBe(VALID_KEY_ROWS.length);
});

describe.each(VALID_KEY_ROWS)('$operation, $argument, $variant', (row) => {
  test('accepts or refuses a key of every usage, algorithm and set of modes as expected', () => {
    const rule = ruleOf(row);
    const expected = (key: (typeof KEYS)[number]): string | undefined => {
      const refused = refusedBy(row, key);
      if (refused === 'KeyModesOfUse' && key.modeSet === 'N' && 'unrestrictedRefusal' in rule)
        return `KeyUsages not allowed: use a key with the mode of use ${rule.modes.join()} instead of NoRestrictions.`;
      return refused && `${refused} of the input key ${ARN} is invalid for the operation.`;
    };
    const differences = KEYS.filter((key) => refusal(rule, key) !== expected(key));
    expect(differences).toEqual([]);
    expect(KEYS.filter((key) => refusedBy(row, key) === undefined)).toHaveLength(
      row.usages.length * row.algorithms.length * row.modeSets.length,
    );
  });

  test('accepts a valid key only while it is enabled', () => {
    const rule = ruleOf(row);
    const serving = KEYS.filter((key) => refusedBy(row, key) === undefined);
    const unusable = KEY_STATES.flatMap((state) => [true, false].map((enabled) => ({ state, enabled }))).filter(
      ({ state, enabled }) => !(enabled && state === 'CREATE_COMPLETE'),
    );
    const said = serving.flatMap((key) => unusable.map((state) => refusal(rule, { ...key, ...state })));
    expect(new Set(said)).toEqual(new Set([`Key ${ARN} is not in an enabled state.`]));
    expect(said).toHaveLength(7 * serving.length);
  });
});

test('docs/key-arguments.md is up to date with the table', () => {
  const written = readFileSync(new URL('../../../../docs/key-arguments.md', import.meta.url), 'utf8');
  // Prettier pads the columns.
  const bare = (page: string) => page.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').trim();
  expect(bare(written)).toBe(bare(keyArgumentsPage()));
});
