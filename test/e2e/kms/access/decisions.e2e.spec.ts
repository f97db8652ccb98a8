import { PolicySimulator } from '../../../../src/admin/policy-simulator.js';
import {
  allow,
  type Caller,
  DELEGATION,
  denied,
  IDENTITY_DENY,
  noPolicy,
  policyOf,
  RESOURCE_DENY,
  ROOT,
  useKmsAccess,
} from '../../../support/kms-access.js';
import { REGION } from '../../../support/service.js';

const { service, call, user, session, newKey, grant } = useKmsAccess();

const encrypt = (KeyId: string, by?: Caller) => call('Encrypt', { KeyId, Plaintext: 'AA==' }, by);

/** Key policies. All of them allow the administrator of the keys. */
type KeyPolicy = 'delegates' | 'names' | 'is silent' | 'denies';
/** Policies of the caller. */
type Identity = 'none' | 'allows' | 'denies';

const NO_IDENTITY = noPolicy('identity', 'Encrypt');
const NO_RESOURCE = noPolicy('resource', 'Encrypt');

/** The decisions according to AWS's guide, "Policy evaluation logic" of KMS, with and without a grant. */
const TABLE: [policy: KeyPolicy, identity: Identity, withoutGrant: string, withGrant: string][] = [
  ['delegates', 'none', NO_IDENTITY, 'ok'],
  ['delegates', 'allows', 'ok', 'ok'],
  ['delegates', 'denies', IDENTITY_DENY, IDENTITY_DENY],
  ['names', 'none', 'ok', 'ok'],
  ['names', 'allows', 'ok', 'ok'],
  ['names', 'denies', IDENTITY_DENY, IDENTITY_DENY],
  ['is silent', 'none', NO_RESOURCE, 'ok'],
  ['is silent', 'allows', NO_RESOURCE, 'ok'],
  ['is silent', 'denies', IDENTITY_DENY, IDENTITY_DENY],
  ['denies', 'none', RESOURCE_DENY, RESOURCE_DENY],
  ['denies', 'allows', RESOURCE_DENY, RESOURCE_DENY],
  ['denies', 'denies', IDENTITY_DENY, IDENTITY_DENY],
];
/** The root has no policies of its own: the key policy binds it. */
const OF_ROOT: typeof TABLE = [
  ['delegates', 'none', 'ok', 'ok'],
  ['names', 'none', 'ok', 'ok'],
  ['is silent', 'none', NO_RESOURCE, 'ok'],
  ['denies', 'none', RESOURCE_DENY, RESOURCE_DENY],
];

const keys = new Map<string, string>();
const callers = new Map<string, Caller | undefined>();

beforeAll(async () => {
  const admin = await user(allow(['CreateKey', 'CreateGrant']));
  const statements = { none: [], allows: [allow('Encrypt')], denies: [allow('Encrypt', { Effect: 'Deny' })] };
  for (const [identity, own] of Object.entries(statements)) {
    callers.set(`user ${identity}`, await user(...own));
    callers.set(`session ${identity}`, await session(...own));
  }
  callers.set('root none', undefined);
  const named = [...callers.values()].map((caller) => caller?.principalArn ?? ROOT);
  const administration = allow('*', { Principal: { AWS: admin.arn } });
  const forAll = allow('Encrypt', { Principal: { AWS: named } });
  const policies: Record<KeyPolicy, object[]> = {
    delegates: [DELEGATION],
    names: [forAll],
    'is silent': [],
    denies: [DELEGATION, { ...forAll, Effect: 'Deny' }],
  };
  for (const [name, statements] of Object.entries(policies))
    for (const isGranted of [false, true]) {
      const Policy = policyOf(administration, ...(statements as Record<string, unknown>[]));
      const arn = await newKey({ Policy }, admin);
      keys.set(`${name} ${isGranted}`, arn);
      if (isGranted) for (const principal of named) await grant(arn, principal, ['Encrypt'], {}, admin);
    }
});

const rows = [
  ...TABLE.flatMap((row) => [['user', ...row] as const, ['session', ...row] as const]),
  ...OF_ROOT.map((row) => ['root', ...row] as const),
].flatMap(([who, policy, identity, withoutGrant, withGrant]) => [
  { who, policy, identity, isGranted: false, decision: withoutGrant },
  { who, policy, identity, isGranted: true, decision: withGrant },
]);

describe.each(rows)(
  'A $who whose key policy $policy, with policies of its own: $identity, granted: $isGranted',
  ({ who, policy, identity, isGranted, decision }) => {
    const keyOf = () => keys.get(`${policy} ${isGranted}`) ?? '';
    const caller = () => callers.get(`${who} ${identity}`);

    test('is decided as by AWS KMS', async () => {
      const expected = decision === 'ok' ? 'ok' : denied(caller()?.arn ?? ROOT, 'Encrypt', keyOf(), decision);
      expect(await encrypt(keyOf(), caller())).toBe(expected);
    });

    test('is explained by the policy or grant that decides', async () => {
      const question = {
        principal: caller()?.arn ?? ROOT,
        action: 'kms:Encrypt',
        resource: keyOf(),
        context: {},
      };
      const origin = { sourceIp: '127.0.0.1', secureTransport: false, userAgent: undefined, time: new Date() };
      const { allowed, statement, grantId } = await service.app.get(PolicySimulator).explain(question, origin, REGION);
      expect(allowed).toBe(decision === 'ok');
      expect({ policy: statement?.policy, isGrant: grantId !== undefined }).toEqual(deciding());
    });

    /** The policy of the deciding statement, or a grant. */
    function deciding(): { policy: string | undefined; isGrant: boolean } {
      if (decision === IDENTITY_DENY) return { policy: 'own', isGrant: false };
      if (decision === RESOURCE_DENY || policy === 'names') return { policy: keyOf(), isGrant: false };
      if (decision !== 'ok') return { policy: undefined, isGrant: false };
      if (policy === 'delegates' && identity === 'allows') return { policy: 'own', isGrant: false };
      return policy === 'delegates' && who === 'root'
        ? { policy: keyOf(), isGrant: false }
        : { policy: undefined, isGrant: true };
    }
  },
);
