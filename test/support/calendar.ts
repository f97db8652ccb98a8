import { setTimeout as pause } from 'node:timers/promises';

const PERIODS_MS = { hour: 3_600_000, day: 86_400_000 };

/**
 * Waits for the next hour or day (UTC) if less than this time is left of the present one. Streams of audit events have a
 * file for each hour, and much is counted by day.
 */
export async function leaveTime(period: keyof typeof PERIODS_MS, seconds: number): Promise<void> {
  const leftMs = PERIODS_MS[period] - (Date.now() % PERIODS_MS[period]);
  if (leftMs < seconds * 1000) await pause(leftMs + 10);
}
