import { timeTicks, timeWords, valueTicks } from './plot-scale.js';

test.each([
  [0, [0, 0.5, 1]],
  [0.003, [0, 0.001, 0.002, 0.003]],
  [0.31, [0, 0.1, 0.2, 0.3, 0.4]],
  [1, [0, 0.5, 1]],
  [4, [0, 1, 2, 3, 4]],
  [4.1, [0, 2, 4, 6]],
  [99, [0, 50, 100]],
  [209, [0, 100, 200, 300]],
  [12_345, [0, 5000, 10_000, 15_000]],
])('an axis up to %d has the values %j', (highest, ticks) => {
  expect(valueTicks(highest)).toEqual(ticks);
});

test.each([
  [168, ['1 Dec', '3 Dec', '5 Dec']],
  [24, ['12:00', '18:00', '30 Nov', '06:00']],
  [3, ['08:00', '09:00', '10:00']],
  [1, ['07:30', '07:45', '08:00', '08:15']],
])('an axis of %d hours from 07:20 has the times %j', (hours, words) => {
  const from = Date.UTC(2026, 10, 29, 7, 20) / 1000;
  expect(timeTicks(from, from + hours * 3600).map(timeWords)).toEqual(words);
});

test('an axis without a duration has no times', () => {
  expect(timeTicks(1, 1)).toEqual([]);
});
