import { OTHER_API } from '../../test/support/other-api.js';
import { ADMIN } from '../admin/api.js';
import { CONTROL_PLANE, DATA_PLANE } from '../payment/api.js';
import { XKS_PROXY } from '../xks-proxy/api.js';
import { Apis } from './apis.js';

const apis = new Apis([CONTROL_PLANE, DATA_PLANE, ADMIN, OTHER_API, XKS_PROXY]);

test.each([
  ['PaymentCryptographyControlPlane.ListKeys', '/PaymentCryptographyControlPlane/ListKeys'],
  ['TrentService.ListKeys', '/TrentService/ListKeys'],
  ['OtherService.ListKeys', '/'],
  ['TrentService.ListKeys.ListKeys', '/TrentService/ListKeys.ListKeys'],
  ['TrentService.', '/TrentService/'],
  ['TrentServiceXListKeys', '/'],
  ['xTrentService.ListKeys', '/'],
  ['TrentService./../ListKeys', '/'],
  ['admin.ListPrincipals', '/'],
  ['.ListKeys', '/'],
  [undefined, '/'],
])('routes the target %s to %s', (target, path) => {
  expect(apis.pathOf('/', target)).toBe(path);
});

test('routes a path as it is, whatever the target', () => {
  expect(apis.pathOf('/mac/generate', 'TrentService.ListKeys')).toBe('/mac/generate');
});

test.each([
  ['/TrentService/Unknown', '/', OTHER_API],
  ['/TrentService/ListKeys', '/TrentService/ListKeys', OTHER_API],
  ['/TrentService/', '/', OTHER_API],
  ['/PaymentCryptographyControlPlane/Unknown', '/', CONTROL_PLANE],
  ['/', '/', CONTROL_PLANE],
  ['/admin/users', '/admin/users', ADMIN],
  ['/mac/generate', '/mac/generate', DATA_PLANE],
  ['/TrentService', '/TrentService', DATA_PLANE],
  ['/administrator', '/administrator', DATA_PLANE],
  ['http://example.com/admin/users', 'http://example.com/admin/users', DATA_PLANE],
])('finds the API of %s, sent as %s', (path, url, api) => {
  expect(apis.of(url, path)).toBe(api);
});

describe('a path after a prefix', () => {
  test.each([
    ['/kms/xks/v1/health', '//kms/xks/v1/health'],
    ['/orders/kms/xks/v1/health', '/orders/kms/xks/v1/health'],
    ['/a/b-c/d_4/kms/xks/v1/keys/k.1/encrypt', '/a%2Fb-c%2Fd_4/kms/xks/v1/keys/k.1/encrypt'],
    ['/admin/kms/xks/v1/health', '/admin/kms/xks/v1/health'],
    ['/a/kms/xks/v1/b/kms/xks/v1/health', '/a%2Fkms%2Fxks%2Fv1%2Fb/kms/xks/v1/health'],
  ])('%s is routed as %s', (url, path) => {
    expect(apis.pathOf(url, undefined)).toBe(path);
    expect(apis.of(url, path)).toBe(XKS_PROXY);
  });

  test.each([
    ['a character that needs encoding', '/a%2Fb/c/kms/xks/v1/health'],
    ['an empty segment', '/a//b/kms/xks/v1/health'],
    ['a dot segment', '/a/../b/kms/xks/v1/health'],
  ])('with %s is left as it is, but belongs to the API', (_, url) => {
    expect(apis.pathOf(url, undefined)).toBe(url);
    expect(apis.of(url, url)).toBe(XKS_PROXY);
  });

  test.each([['/mac/generate?x=/kms/xks/v1/health'], ['/kms/xks/v1'], ['/kms/xks/v2/health'], ['/xkms/xks/v1/health']])(
    '%s is a path of another API',
    (url) => {
      expect(apis.pathOf(url, undefined)).toBe(url);
      expect(apis.of(url, url)).toBe(DATA_PLANE);
    },
  );
});

test.each([[[DATA_PLANE, ADMIN]], [[CONTROL_PLANE, ADMIN]], [[]]])(
  'a server needs both an API at / and a catch-all API',
  (served) => {
    expect(() => new Apis(served)).toThrow('The server needs');
  },
);
