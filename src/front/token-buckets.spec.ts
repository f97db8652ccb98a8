import { TokenBuckets } from './token-buckets.js';

/** Creates buckets with a clock that stands still until it is set. */
function bucketsOf(perSecond: number) {
  const clock = { ms: 1000 };
  const buckets = new TokenBuckets(perSecond, () => clock.ms);
  const takeUp = (name: string) => {
    let taken = 0;
    while (buckets.take(name)) taken++;
    return taken;
  };
  return { clock, buckets, takeUp };
}

test("a bucket holds a second's worth and fills in a second", () => {
  const { clock, takeUp } = bucketsOf(5);
  expect(takeUp('a')).toBe(5);
  expect(takeUp('a')).toBe(0);
  clock.ms += 1000;
  expect(takeUp('a')).toBe(5);
});

test('a token is available as soon as it is due, and refusals cost no token', () => {
  const { clock, buckets, takeUp } = bucketsOf(4);
  takeUp('a');
  clock.ms += 249;
  expect(buckets.take('a')).toBe(false);
  clock.ms += 1;
  expect(buckets.take('a')).toBe(true);
  expect(buckets.take('a')).toBe(false);
});

test("a bucket never holds more than a second's worth", () => {
  const { clock, takeUp } = bucketsOf(3);
  takeUp('a');
  clock.ms += 3_600_000;
  expect(takeUp('a')).toBe(3);
});

test('over a long time a bucket grants exactly the rate, however often a token is requested', () => {
  const { clock, buckets } = bucketsOf(500);
  let taken = 0;
  for (let step = 0; step < 100_000; step++, clock.ms += 0.125) if (buckets.take('a')) taken++;
  // The bucket was full at first, and gained tokens for 12.5 seconds.
  expect(taken).toBe(500 + 6249);
});

test('each name has a separate bucket', () => {
  const { buckets, takeUp } = bucketsOf(2);
  takeUp('000000000000/us-east-1');
  expect(buckets.take('000000000000/eu-west-1')).toBe(true);
  expect(buckets.take('000000000000/us-east-1')).toBe(false);
});
