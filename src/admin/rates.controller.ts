import type { Call } from '../call.js';
import { Clock } from '../clock.js';
import { ValidationException } from '../errors/exceptions.js';
import { percentileMs, type Rate, Rates } from '../front/rates.js';
import { epochSeconds } from '../http/fields.js';
import { Query } from '../http/input.js';
import { OperationsController } from '../http/operation.js';
import { AdminOperation } from './admin-operation.js';
import { GetRatesOutput, GetRatesQuery } from './rates.schema.js';

const DEFAULT_HOURS = 24;
const DEFAULT_STEPS = 288;
const MAX_STEPS = 500;
const MAX_SERIES = 50;
const MINUTE_MS = 60_000;

@OperationsController('rates')
export class RatesController {
  constructor(
    private readonly rates: Rates,
    private readonly clock: Clock,
  ) {}

  @AdminOperation({
    name: 'GetRates',
    route: ['GET', 'rates'],
    resource: 'nothing',
    summary: 'Gets the numbers of successful and refused requests, and their durations',
    description:
      'Returns the requests of all processes in time steps, the oldest first; the last step is not complete yet. Each process writes its ' +
      'counts within a minute. They are kept for 168 hours. Percentiles are estimated from the buckets of the histogram that ' +
      '`/metrics` has, too.',
    example: '"http://127.0.0.1:8080/admin/rates?Hours=24"',
    output: GetRatesOutput,
  })
  async get(
    _call: Call,
    @Query(GetRatesQuery) { Hours = DEFAULT_HOURS, Step, ByOperation }: GetRatesQuery,
  ): Promise<GetRatesOutput> {
    const stepMinutes = Step ?? Math.ceil((Hours * 60) / DEFAULT_STEPS);
    const steps = Math.ceil((Hours * 60) / stepMinutes);
    if (steps > MAX_STEPS)
      throw new ValidationException(
        `Step must be longer: this would be ${steps} steps, and the maximum is ${MAX_STEPS}.`,
      );
    const stepMs = stepMinutes * MINUTE_MS;
    // Steps begin at multiples of their length, so that each poll returns the same ones.
    const end = Math.floor(this.clock.now().getTime() / stepMs + 1) * stepMs;
    const from = new Date(end - steps * stepMs);
    const rows = await this.rates.read({ from, stepMinutes, byOperation: ByOperation === 'true' });
    const series = new Map<string, Rate[]>();
    for (const row of rows) {
      const name = `${row.api} ${row.operation}`;
      series.set(name, [...(series.get(name) ?? []), row]);
    }
    return {
      From: epochSeconds(from),
      Step: stepMinutes,
      Series: [...series.values()]
        .toSorted((one, other) => totalOf(other) - totalOf(one))
        .slice(0, MAX_SERIES)
        .map((found) => presentSeries(found, steps)),
    };
  }
}

function totalOf(rates: readonly Rate[]): number {
  return rates.reduce((sum, { served, refused }) => sum + served + refused, 0);
}

function presentSeries(rates: readonly Rate[], steps: number): GetRatesOutput['Series'][number] {
  const byStep = new Map(rates.map((rate) => [rate.step, rate]));
  const all = Array.from({ length: steps }, (_, step) => byStep.get(step));
  const percentiles = (part: number) => all.map((rate) => (rate && percentileMs(rate.buckets, part)) ?? null);
  return {
    Api: rates[0]?.api,
    Operation: rates[0]?.operation,
    Served: all.map((rate) => rate?.served ?? 0),
    Refused: all.map((rate) => rate?.refused ?? 0),
    P50: percentiles(0.5),
    P99: percentiles(0.99),
  };
}
