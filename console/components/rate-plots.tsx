import type { GetRatesOutput } from '../../src/admin/rates.schema.js';
import { type Period, PERIODS, sumOf } from '../status.js';
import { Plot } from './plot.js';

/** Requests per second and latency of all operations. */
export function RatePlots({ rates: { From, Step, Series }, period = 24 }: { rates: GetRatesOutput; period?: Period }) {
  const over = PERIODS[period].replace('Last', 'over the last');
  const [total] = Series;
  const seconds = Step * 60;
  const perSecond = (counts: readonly number[]) => counts.map((number) => number / seconds);
  if (total === undefined) return <p class="quiet">No requests have been recorded in this period yet.</p>;
  const most = Math.max(...perSecond(total.Served));
  const [p50, p99] = [lastOf(total.P50), lastOf(total.P99)];
  return (
    <>
      <h3>Requests a second</h3>
      <Plot
        label={`Requests a second ${over}: at most ${numberWords(most)} served; ${sumOf(total.Refused)} refused in all`}
        from={From}
        step={seconds}
        series={[
          { name: 'Served', colour: 'ka', values: perSecond(total.Served) },
          { name: 'Refused', colour: 'kr', values: perSecond(total.Refused), bars: true },
        ]}
      />
      <p class="hint keyed">
        <i class="ka" /> served <i class="kr" /> refused, {sumOf(total.Refused).toLocaleString('en-GB')} in all
      </p>
      <h3 class="next">Latency in ms</h3>
      <Plot
        label={`Latency in milliseconds ${over}: most recently p50 ${p50}, p99 ${p99}`}
        from={From}
        step={seconds}
        series={[
          { name: 'p50', colour: 'ka', values: total.P50 },
          { name: 'p99', colour: 'kb', values: total.P99 },
        ]}
      />
      <p class="hint keyed">
        <i class="ka" /> p50 {p50} <i class="kb" /> p99 {p99}
      </p>
    </>
  );
}

function lastOf(values: readonly (number | null)[]): string {
  const last = values.findLast((value) => value !== null);
  return typeof last === 'number' ? numberWords(last) : 'unknown';
}

/** E.g. 0.42, 4.6, 209. */
export function numberWords(number: number): string {
  return number.toLocaleString('en-GB', { maximumSignificantDigits: number < 100 ? 2 : 3 });
}
