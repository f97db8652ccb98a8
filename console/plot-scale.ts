const HOUR = 3600;
/** Distances between the times of an axis, in seconds. */
const TIME_STEPS = [HOUR / 4, HOUR / 2, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR];
/** Maximum number of labels of an axis, so that times fit at 320 px. */
const MOST_LABELS = 4;

/**
 * Returns the values of an axis that begins at 0: multiples of 1, 2 or 5 times a power of ten.
 *
 * @param highest of the values, not negative
 * @returns at least two, of which the last is not below `highest`
 */
export function valueTicks(highest: number): number[] {
  const top = highest > 0 ? highest : 1;
  const power = 10 ** Math.floor(Math.log10(top / MOST_LABELS));
  const step = power * ([1, 2, 5].find((factor) => factor * power * MOST_LABELS >= top) ?? 10);
  // Multiplied rather than added up, so that 3 times 0.1 stays below 0.31.
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

/** Returns the round times of an axis, in UTC. Both ends are seconds since 1970. */
export function timeTicks(from: number, to: number): number[] {
  const step = TIME_STEPS.find((each) => (to - from) / each <= MOST_LABELS) ?? 48 * HOUR;
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step);
}

/** Formats a time of an axis in UTC, e.g. `07:00`, and midnight as the day that begins, e.g. `30 Nov`. */
export function timeWords(seconds: number): string {
  const time = new Date(seconds * 1000);
  if (seconds % (24 * HOUR) === 0)
    return time.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
  return time.toISOString().slice(11, 16);
}
