import { OPERATIONS } from '../../../src/http/operation.js';
import { statement } from '../../support/admin.js';
import { type CckmUser, useCckm, userArn } from '../../support/cckm.js';

const { admin, user } = useCckm();

interface Page {
  Users?: { Arn: string }[];
  Roles?: { Arn: string }[];
  IsTruncated: boolean;
  Marker?: string;
}

let ann: CckmUser, dee: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement('keyblock:ListPrincipals'));
  dee = await user('dee', statement(['kms:*', 'cckm:*']));
  for (const name of ['bob', 'cy']) await admin('POST', 'users', { Name: name });
  for (const name of ['auditor', 'operator']) await admin('POST', 'roles', { Name: name });
});
const users = (body: object) => ann.ok<Page>('POST', 'cckm/aws/get-iam-users', { kms: 'kms', ...body });
const roles = (body: object) => ann.ok<Page>('POST', 'cckm/aws/get-iam-roles', { kms: 'kms', ...body });

describe('users and roles', () => {
  test('are listed in the form of IAM', async () => {
    expect(await users({ marker: '', max_items: 0, path_prefix: '' })).toEqual({
      Users: ['ann', 'bob', 'cy', 'dee'].map((name) => ({
        Arn: userArn(name),
        Path: '/',
        CreateDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        UserId: expect.stringMatching(/^AIDA/),
        UserName: name,
      })),
      IsTruncated: false,
    });
    expect((await roles({})).Roles).toMatchObject([
      { RoleId: expect.stringMatching(/^AROA/), RoleName: 'auditor' },
      { RoleName: 'operator' },
    ]);
  });

  test('come in pages, which the Terraform provider collects', async () => {
    const found: string[] = [];
    let marker = '';
    do {
      const page: Page = await users({ marker, max_items: 2 });
      found.push(...page.Users!.map(({ Arn }) => Arn));
      marker = page.IsTruncated ? page.Marker! : '';
    } while (marker !== '');
    expect(found).toEqual(['ann', 'bob', 'cy', 'dee'].map(userArn));
  });

  test('have the path /', async () => {
    expect((await users({ path_prefix: '/' })).Users).toHaveLength(4);
    expect(await users({ path_prefix: '/division/' })).toEqual({ Users: [], IsTruncated: false });
  });

  test.each<[string, object, string]>([
    ['no container', { kms: undefined }, '400 15 '],
    ['an unknown container', { kms: 'none' }, '404 16 '],
    ['1,001 items', { max_items: 1001 }, '400 9 '],
    ['a marker that was not issued', { marker: 'AAAA' }, '400 9 '],
  ])('are not listed with %s', async (_, body, message) => {
    expect(await ann.refused('POST', 'cckm/aws/get-iam-users', { kms: 'kms', ...body })).toContain(message);
  });

  test('are not listed with the marker of the other list', async () => {
    const { Marker } = await roles({ max_items: 1 });
    expect(await ann.refused('POST', 'cckm/aws/get-iam-users', { kms: 'kms', marker: Marker })).toMatch(/^400 9 /);
  });

  test('are not listed for a user with all permissions on keys', async () => {
    for (const path of ['get-iam-users', 'get-iam-roles'])
      expect(await dee.refused('POST', `cckm/aws/${path}`, { kms: 'none' })).toMatch(
        /^403 4 NCERRForbidden \| AccessDeniedException: .*keyblock:ListPrincipals/,
      );
  });
});

describe('endpoints that need other parts of CipherTrust Manager', () => {
  const NOT_SERVED = OPERATIONS.filter(({ document }) => document.summary.endsWith(': not served')).map(
    ({ route }) => ({
      method: route.method,
      path: route.path.replace('/api/v1/', '').replaceAll(/:\w+/g, 'baf58871-2503-4d13-a84a-339aeb8fdfaf'),
    }),
  );

  test('are 21', () => {
    expect(NOT_SERVED).toHaveLength(21);
  });

  test.each(NOT_SERVED)('$method $path says what to do instead', async ({ method, path }) => {
    expect(await ann.refused(method, path, method === 'GET' ? undefined : {})).toMatch(
      /^400 15 NCERRBadRequest: Bad HTTP request \| Keyblock doesn't serve this request\. [A-Z].*\.$/,
    );
  });
});
