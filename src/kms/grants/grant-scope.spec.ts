import { USER, ROLE, ROOT, SESSION } from '../../../test/support/policy.js';
import type { Principal } from '../../call.js';
import { allows, type GrantedCall, type GrantScope, mayRetire } from './grant-scope.js';
import type { GrantConstraints, KmsGrant } from './kms-grant.entity.js';

function grantOf(operations: string[], constraints?: GrantConstraints, changes: Partial<KmsGrant> = {}): KmsGrant {
  return {
    keyArn: '',
    grantId: '',
    sequence: '1',
    name: null,
    granteePrincipal: USER,
    retiringPrincipal: null,
    operations,
    constraints: constraints ? JSON.stringify(constraints) : null,
    createdAt: new Date(),
    ...changes,
  };
}

const SUBSET = { EncryptionContextSubset: { table: 'orders' } };
const EQUALS = { EncryptionContextEquals: { table: 'orders' } };
const ON_BEHALF = { SourceArn: 'arn:aws:s3:::a-bucket-of-orders' };

type Row = [rule: string, grant: KmsGrant, call: GrantedCall, allowed: boolean];

test.each<Row>([
  ['its operations', grantOf(['Encrypt']), { operation: 'Encrypt' }, true],
  ['no other operation', grantOf(['Encrypt']), { operation: 'Decrypt' }, false],
  [
    'no operation whose name merely begins the same',
    grantOf(['GenerateDataKey']),
    { operation: 'GenerateDataKeyPair' },
    false,
  ],
  [
    'any context without constraints',
    grantOf(['Encrypt']),
    { operation: 'Encrypt', encryptionContext: { a: '1' } },
    true,
  ],
  ['no call without the context', grantOf(['Encrypt'], SUBSET), { operation: 'Encrypt' }, false],
  [
    'a context with the pairs of the subset and others',
    grantOf(['Encrypt'], SUBSET),
    { operation: 'Encrypt', encryptionContext: { row: '1', table: 'orders' } },
    true,
  ],
  [
    'no other value',
    grantOf(['Encrypt'], SUBSET),
    { operation: 'Encrypt', encryptionContext: { table: 'Orders' } },
    false,
  ],
  [
    'no name in another case',
    grantOf(['Encrypt'], SUBSET),
    { operation: 'Encrypt', encryptionContext: { Table: 'orders' } },
    false,
  ],
  [
    'no name that every object has',
    grantOf(['Encrypt'], { EncryptionContextSubset: { toString: 'x' } }),
    { operation: 'Encrypt', encryptionContext: { table: 'orders' } },
    false,
  ],
  [
    'the equal context',
    grantOf(['Encrypt'], EQUALS),
    { operation: 'Encrypt', encryptionContext: { table: 'orders' } },
    true,
  ],
  [
    'no context with more pairs than EncryptionContextEquals',
    grantOf(['Encrypt'], EQUALS),
    { operation: 'Encrypt', encryptionContext: { table: 'orders', row: '1' } },
    false,
  ],
  [
    'no pairs if EncryptionContextEquals is empty',
    grantOf(['Encrypt'], { EncryptionContextEquals: {} }),
    { operation: 'Encrypt', encryptionContext: { a: '1' } },
    false,
  ],
  [
    'nothing that meets only one of two constraints',
    grantOf(['Encrypt'], { ...EQUALS, EncryptionContextSubset: { row: '1' } }),
    { operation: 'Encrypt', encryptionContext: { table: 'orders' } },
    false,
  ],
  ['DescribeKey without the context', grantOf(['DescribeKey'], EQUALS), { operation: 'DescribeKey' }, true],
  ['RetireGrant without the context', grantOf(['RetireGrant'], EQUALS), { operation: 'RetireGrant' }, true],
  ['nothing for a resource of AWS', grantOf(['Encrypt'], ON_BEHALF), { operation: 'Encrypt' }, false],
  ['no DescribeKey for a resource of AWS', grantOf(['DescribeKey'], ON_BEHALF), { operation: 'DescribeKey' }, false],
  ['RetireGrant for a resource of AWS', grantOf(['RetireGrant'], ON_BEHALF), { operation: 'RetireGrant' }, true],
])('a grant allows %s', (_, grant, call, allowed) => expect(allows(grant, call)).toBe(allowed));

const OPERATIONS = ['Encrypt', 'Decrypt', 'CreateGrant'];
const child = (Operations: string[], Constraints?: GrantConstraints): GrantScope => ({ Operations, Constraints });
const both = { ...EQUALS, ...SUBSET };

test.each<[rule: string, constraints: GrantConstraints | undefined, child: GrantScope | undefined, allowed: boolean]>([
  ['fewer operations', undefined, child(['Encrypt']), true],
  ['the same operations', undefined, child(OPERATIONS), true],
  ['another operation', undefined, child(['Encrypt', 'GenerateDataKey']), false],
  ['a constraint of its own', undefined, child(['Encrypt'], SUBSET), true],
  ['an unknown grant', undefined, undefined, false],
  ['no constraint', SUBSET, child(['Encrypt']), false],
  ['the same subset', SUBSET, child(['Encrypt'], SUBSET), true],
  ['a larger subset', SUBSET, child(['Encrypt'], { EncryptionContextSubset: { table: 'orders', row: '1' } }), true],
  ['another subset', SUBSET, child(['Encrypt'], { EncryptionContextSubset: { row: '1' } }), false],
  ['an equal context that has the subset', SUBSET, child(['Encrypt'], EQUALS), true],
  ['an equal context without the subset', SUBSET, child(['Encrypt'], { EncryptionContextEquals: {} }), false],
  ['the same equal context', EQUALS, child(['Encrypt'], EQUALS), true],
  ['a subset instead of the equal context', EQUALS, child(['Encrypt'], SUBSET), false],
  [
    'an equal context with more',
    EQUALS,
    child(['Encrypt'], { EncryptionContextEquals: { table: 'orders', row: '1' } }),
    false,
  ],
  ['one of two constraints', { ...EQUALS, EncryptionContextSubset: { row: '1' } }, child(['Encrypt'], EQUALS), false],
  ['both constraints', both, child(['Encrypt'], both), true],
  ['anything for a resource of AWS', ON_BEHALF, child(['Encrypt'], ON_BEHALF), false],
])('a grant that a grantee creates: %s', (_, constraints, granted, allowed) => {
  expect(allows(grantOf(OPERATIONS, constraints), { operation: 'CreateGrant', child: granted })).toBe(allowed);
});

const principal = (arn: string, principalArn = arn): Principal => ({
  arn,
  principalArn,
  accountId: '000000000000',
  accessKeyId: '',
});
const OTHER = 'arn:aws:iam::000000000000:user/other';

test.each<[who: string, principal: Principal, grant: Partial<KmsGrant>, operations: string[], allowed: boolean]>([
  ['the retiring principal', principal(USER), { granteePrincipal: OTHER, retiringPrincipal: USER }, ['Encrypt'], true],
  [
    'a session of the retiring role',
    principal(SESSION, ROLE),
    { granteePrincipal: OTHER, retiringPrincipal: ROLE },
    ['Encrypt'],
    true,
  ],
  ['a grantee whom it allows RetireGrant', principal(USER), {}, ['RetireGrant'], true],
  ['a grantee whom it does not allow RetireGrant', principal(USER), {}, ['Encrypt'], false],
  ['a session of the grantee role', principal(SESSION, ROLE), { granteePrincipal: ROLE }, ['RetireGrant'], true],
  ['another user', principal(OTHER), { retiringPrincipal: USER }, ['RetireGrant'], false],
  ['a user of a retiring account', principal(OTHER), { retiringPrincipal: ROOT }, ['Encrypt'], false],
])('a grant allows %s to retire it: %#', (_, who, grant, operations, allowed) => {
  expect(mayRetire(who, grantOf(operations, undefined, grant))).toBe(allowed);
});
