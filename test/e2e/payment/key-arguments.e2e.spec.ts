import { readFileSync } from 'node:fs';
import { DeleteKeyCommand, type KeyAttributes, StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import type { DeriveKeyUsage, KeyAlgorithm, KeyUsage } from '../../../src/payment/keys/key-attributes.js';
import { DERIVE_KEY_USAGES, KEY_ALGORITHMS, KEY_USAGES } from '../../../src/payment/keys/key-attributes.js';
import { checkCombination, modesOfUse } from '../../../src/payment/keys/key-rules.js';
import { useService } from '../../support/api.js';
import { ecParty, importRoot } from '../../support/import.js';
import { KEY_ARGUMENT_CALLS, type ServingKeys } from '../../support/key-argument-calls.js';
import { MODE_SETS, refusedBy, VALID_KEY_ROWS, type ValidKeys } from '../../support/key-arguments.js';
import { createKey, endDeletions } from '../../support/keys.js';
import { storePair } from '../../support/known-pairs.js';
import { testPki } from '../../support/tr34.js';

/** Paths of the OpenAPI document. */
const { paths } = JSON.parse(readFileSync(new URL('../../../openapi/dataplane.json', import.meta.url), 'utf8')) as {
  paths: Record<string, { post: { operationId: string } }>;
};
const served = new Set(Object.values(paths).map(({ post }) => post.operationId));
const rows = VALID_KEY_ROWS.filter(({ operation }) => served.has(operation));

interface PoolKey {
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  modeSet: string;
  arn: string;
}

const RSA_PRIVATE_KEY = testPki().kdh!.privateKey;

const service = useService();
/** Keys of every usage with each set of modes, and with each algorithm that is cheap to generate. */
const pool: PoolKey[] = [];
/** Stopped, pending and deleted keys of every usage that an argument accepts, by usage and algorithm. */
const unusable: Record<string, string[]> = {};
let authority: { arn: string; certificate: string };
/** Key agreement pairs, by the usage of the keys that they derive. */
const pairs = new Map<string, string>();

beforeAll(async () => {
  const party = ecParty('P-256');
  authority = { arn: (await importRoot(service, party.text)).KeyArn, certificate: party.text };
  await Promise.all(KEY_USAGES.map(fill));
  for (const derived of DERIVE_KEY_USAGES.filter((usage) => /^TR31_(D0|K1|P0)_/.test(usage)))
    pairs.set(derived.slice('TR31_'.length, 'TR31_K1'.length), await agreementPair(derived));

  const kinds = rows.flatMap(({ usages, algorithms }) => usages.map((usage) => `${usage} ${algorithms[0]!}`));
  const retired = [...new Set(kinds)].map((kind) => kind.split(' ') as [KeyUsage, KeyAlgorithm]);
  await Promise.all(retired.map(([usage, algorithm]) => retire(usage, algorithm)));
  await endDeletions(service);
  // These stay pending, because they are deleted after the waiting periods of the others have ended.
  await Promise.all(
    retired.map(async ([usage, algorithm]) => unusable[`${usage} ${algorithm}`]!.push(await deleted(usage, algorithm))),
  );
});

async function agreementPair(DeriveKeyUsage: DeriveKeyUsage): Promise<string> {
  const { KeyArn } = await createKey(service, {
    KeyAttributes: {
      KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
      KeyClass: 'ASYMMETRIC_KEY_PAIR',
      KeyAlgorithm: 'ECC_NIST_P256',
      KeyModesOfUse: { DeriveKey: true },
    },
    DeriveKeyUsage,
    Exportable: false,
  });
  return KeyArn;
}

/** Returns true for attributes that a key can have. */
const isPossible = (usage: KeyUsage, algorithm: KeyAlgorithm, modeSet: string) => {
  try {
    checkCombination(attributesOf(usage, algorithm, modeSet));
    return true;
  } catch {
    return false;
  }
};

const attributesOf = (usage: KeyUsage, algorithm: KeyAlgorithm, modeSet: string) => ({
  KeyUsage: usage,
  KeyClass: /^(RSA|ECC)/.test(algorithm) ? ('ASYMMETRIC_KEY_PAIR' as const) : ('SYMMETRIC_KEY' as const),
  KeyAlgorithm: algorithm,
  KeyModesOfUse: modesOfUse(MODE_SETS[modeSet]!),
});

/** Creates a key. RSA key pairs have a known private key, because generating one takes a long time. */
async function create(usage: KeyUsage, algorithm: KeyAlgorithm, modeSet: string): Promise<string> {
  if (algorithm === 'RSA_2048')
    return storePair(service, { usage, algorithm, modes: [...MODE_SETS[modeSet]!], privateKey: RSA_PRIVATE_KEY });
  const KeyAttributes = attributesOf(usage, algorithm, modeSet) as KeyAttributes;
  return (await createKey(service, { KeyAttributes, Exportable: false })).KeyArn;
}

/** Adds the keys of a usage to the pool, without the longer RSA keys, which take seconds to generate. */
async function fill(usage: KeyUsage): Promise<void> {
  const possible = KEY_ALGORITHMS.filter((one) => !/^RSA_[34]/.test(one)).flatMap((algorithm) =>
    Object.keys(MODE_SETS)
      .filter((modeSet) => isPossible(usage, algorithm, modeSet))
      .map((modeSet) => ({ algorithm, modeSet })),
  );
  const [first] = possible;
  const wanted = possible.filter((one) => one.algorithm === first?.algorithm || one.modeSet === first?.modeSet);
  const arns = await Promise.all(wanted.map(({ algorithm, modeSet }) => create(usage, algorithm, modeSet)));
  pool.push(...wanted.map((key, i) => ({ usage, ...key, arn: arns[i]! })));
}

/** Creates a key that a test takes out of use. */
function createAny(usage: KeyUsage, algorithm: KeyAlgorithm): Promise<string> {
  return create(
    usage,
    algorithm,
    Object.keys(MODE_SETS).find((modeSet) => isPossible(usage, algorithm, modeSet))!,
  );
}

async function deleted(usage: KeyUsage, algorithm: KeyAlgorithm): Promise<string> {
  const arn = await createAny(usage, algorithm);
  await service.controlPlane.send(new DeleteKeyCommand({ KeyIdentifier: arn }));
  return arn;
}

async function retire(usage: KeyUsage, algorithm: KeyAlgorithm): Promise<void> {
  const stopped = await createAny(usage, algorithm);
  await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: stopped }));
  unusable[`${usage} ${algorithm}`] = [stopped, await deleted(usage, algorithm)];
}

const serving: ServingKeys = (code, algorithm) => {
  if (code === 'certificate') return authority.certificate;
  if (code === 'S0') return authority.arn;
  if (code.startsWith('K3 ')) return pairs.get(code.slice('K3 '.length))!;
  return pool.find(({ usage, algorithm: of }) => usage.startsWith(`TR31_${code}_`) && of === algorithm)!.arn;
};

/** Calls the operation of a row with a key. @returns the attribute that the service rejects, 'state', or undefined */
async function verdict(row: ValidKeys, arn: string): Promise<string | undefined> {
  const { status, json } = await service.send(KEY_ARGUMENT_CALLS[row.operation]!(row)(arn, serving));
  const message = String(json['message']);
  if (status === 429 || status >= 500) throw new Error(`${status}: ${message}`);
  if (message === `Key ${arn} is not in an enabled state.`) return 'state';
  if (message.startsWith('KeyUsages not allowed')) return 'KeyModesOfUse';
  return /^(Key\w+) of the input key (\S+) is invalid for the operation\.$/
    .exec(message)
    ?.slice(1)
    .filter((part) => part !== arn)
    .join();
}

test('there is a call for every operation', () => {
  expect(Object.keys(KEY_ARGUMENT_CALLS).sort()).toEqual(
    [...new Set(VALID_KEY_ROWS.map(({ operation }) => operation))].sort(),
  );
  expect(rows.length).toBeGreaterThan(30);
});

test('the pool has keys of every usage, set of modes and algorithm', () => {
  expect(new Set(pool.map(({ usage }) => usage))).toEqual(new Set(KEY_USAGES));
  expect(new Set(pool.map(({ modeSet }) => modeSet))).toEqual(new Set(Object.keys(MODE_SETS)));
  expect(new Set(pool.map(({ algorithm }) => algorithm)).size).toBe(KEY_ALGORITHMS.length - 2);
});

describe.each(rows)('$operation, $argument, $variant', (row) => {
  const isAuthority = row.argument.startsWith('CertificateAuthority');

  test('rejects every other usage, algorithm and mode of use, and nothing else', async () => {
    const ofUsage = pool.filter(({ usage }) => row.usages.includes(usage));
    const others = KEY_USAGES.flatMap((usage) => pool.find((key) => key.usage === usage) ?? []);
    const candidates = [...new Set([...ofUsage, ...others])];
    const seen = await Promise.all(candidates.map(async (key) => ({ ...key, said: await verdict(row, key.arn) })));
    expect(seen).toEqual(
      candidates.map((key) => ({
        ...key,
        // The key pairs in the pool may verify, but an authority must be an imported public key.
        said: refusedBy(row, key) ?? (isAuthority ? 'KeyClass' : undefined),
      })),
    );
  });

  test('accepts a valid key only while it is enabled', async () => {
    const [usage, algorithm] = [row.usages[0]!, row.algorithms[0]!];
    const good = isAuthority
      ? authority.arn
      : pool.find((key) => key.usage === usage && refusedBy(row, key) === undefined)!.arn;
    expect(await verdict(row, good)).toBeUndefined();
    const states = unusable[`${usage} ${algorithm}`]!;
    expect(states).toHaveLength(3);
    for (const arn of states) expect(await verdict(row, arn)).toBe('state');
  });
});
