import type { RawResponse } from './service.js';

/** Expects a response to be an exception in the form that both planes have in common. */
export function expectFailure(
  { status, headers, json }: RawResponse,
  expected: { status: number; name: string },
): void {
  expect({ status, name: headers.get('x-amzn-errortype') }).toEqual(expected);
  expect((json['__type'] as string).replace(/^.*#/, '')).toBe(expected.name);
  expect(json['message']).toBe(json['Message']);
  expect(headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  expect(Date.parse(headers.get('date')!)).toBeGreaterThan(Date.now() - 60_000);
}
