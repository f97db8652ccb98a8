import { OTHER_API } from '../../test/support/other-api.js';
import { ADMIN } from '../admin/api.js';
import { CONTROL_PLANE, DATA_PLANE } from '../payment/api.js';
import { Apis } from './apis.js';

const apis = new Apis([CONTROL_PLANE, DATA_PLANE, ADMIN, OTHER_API]);
const rewritten = (target: string | undefined, url = '/') =>
  apis.rewriteUrl({ method: 'POST', url, headers: target === undefined ? {} : { 'x-amz-target': target } });

test.each([
  ['PaymentCryptographyControlPlane.ListKeys', '/PaymentCryptographyControlPlane/ListKeys'],
  ['TrentService.ListKeys', '/TrentService/ListKeys'],
  ['OtherService.ListKeys', '/'],
  ['TrentService.ListKeys.ListKeys', '/'],
  ['TrentServiceXListKeys', '/'],
  ['xTrentService.ListKeys', '/'],
  ['TrentService./../ListKeys', '/'],
  ['admin.ListPrincipals', '/'],
  ['.ListKeys', '/'],
  [undefined, '/'],
])('the target %s is rewritten to %s', (target, path) => {
  expect(rewritten(target)).toBe(path);
});

test('a path is not rewritten, whatever the target', () => {
  expect(rewritten('TrentService.ListKeys', '/mac/generate')).toBe('/mac/generate');
});

test.each([
  ['/TrentService/Unknown', '/', OTHER_API],
  ['/TrentService/ListKeys', '/TrentService/ListKeys', OTHER_API],
  ['/PaymentCryptographyControlPlane/Unknown', '/', CONTROL_PLANE],
  ['/', '/', CONTROL_PLANE],
  ['/admin/users', '/admin/users', ADMIN],
  ['/mac/generate', '/mac/generate', DATA_PLANE],
  ['/TrentService', '/TrentService', DATA_PLANE],
  ['/administrator', '/administrator', DATA_PLANE],
  ['http://example.com/admin/users', 'http://example.com/admin/users', DATA_PLANE],
])('%s, sent as %s, has its API', (url, originalUrl, api) => {
  expect(apis.of({ url, originalUrl })).toBe(api);
});

test.each([[[DATA_PLANE, ADMIN]], [[CONTROL_PLANE, ADMIN]], [[]]])('a server needs an API for / and one for any path', (served) => {
  expect(() => new Apis(served)).toThrow('The server needs');
}); // prettier-ignore
