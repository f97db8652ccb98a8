/** Replaces `performance.now()` during each test of a block by a time in milliseconds that the test sets. */
export function useMonotonicClock(): { now: number } {
  const clock = { now: 0 };
  const { now } = performance;
  beforeEach(() => {
    clock.now = 1;
    performance.now = () => clock.now;
  });
  afterEach(() => {
    performance.now = now;
  });
  return clock;
}
