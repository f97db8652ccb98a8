import { BOUNDS } from '../http/request-counts.js';
import { percentileMs } from './rates.js';

const histogram = (...counts: number[]) => Array.from({ length: BOUNDS.length + 1 }, (_, i) => counts[i] ?? 0);

test.each([
  ['no requests', histogram(), 0.5, undefined],
  ['one bucket', histogram(100), 0.5, 0.25],
  ['the boundary of two', histogram(50, 50), 0.5, 0.5],
  ['the second of two', histogram(50, 50), 0.99, 0.99],
  ['a gap', histogram(10, 0, 0, 10), 0.75, 3.75],
  ['beyond all bounds', [...histogram().slice(1), 1], 0.5, 10_000],
])('the percentile of %s', (_, buckets, part, expected) => {
  const found = percentileMs(buckets, part);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toBeCloseTo(expected, 9);
});
