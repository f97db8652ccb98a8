import { timeTicks, timeWords, valueTicks } from '../plot-scale.js';

/** A line of a plot, or bars. */
export interface PlotSeries {
  name: string;
  /** Class that colours it. */
  colour: 'ka' | 'kb' | 'kr';
  values: readonly (number | null)[];
  bars?: boolean;
}

const HEIGHT = 120;
/** Space above the highest value, and space for the times below the plot. */
const ABOVE = 8;
const BELOW = 24;
const INNER = HEIGHT - ABOVE - BELOW;

/**
 * Values over time. The label describes the plot for screen readers.
 *
 * @param from seconds since 1970 of the first value @param step seconds between the values
 */
export function Plot({
  label,
  from,
  step,
  series,
}: {
  label: string;
  from: number;
  step: number;
  series: readonly PlotSeries[];
}) {
  const count = Math.max(2, ...series.map(({ values }) => values.length));
  const to = from + (count - 1) * step;
  const ticks = valueTicks(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const top = ticks.at(-1) ?? 1;
  return (
    <svg class="plot" role="img" aria-label={label} height={HEIGHT}>
      {ticks.map((value) => {
        const y = ABOVE + INNER * (1 - value / top);
        return (
          <g key={value}>
            <line x2="100%" y1={y} y2={y} />
            <text x="-8" y={y + 4} text-anchor="end">
              {value.toLocaleString('en-GB', { maximumSignificantDigits: 3 })}
            </text>
          </g>
        );
      })}
      {timeTicks(from, to).map((time) => (
        <text key={time} x={`${(100 * (time - from)) / (to - from)}%`} y={HEIGHT - 4} text-anchor="middle">
          {timeWords(time)}
        </text>
      ))}
      <svg y={ABOVE} width="100%" height={INNER} viewBox={`0 0 ${count - 1} ${top}`} preserveAspectRatio="none">
        {series.map(({ name, colour, values, bars }) => (
          <path key={name} class={`${colour}${bars ? ' bars' : ''}`} d={(bars ? barsOf : lineOf)(values, top)} />
        ))}
      </svg>
    </svg>
  );
}

/** A step without a value has no point: the line goes on at the next one. */
function lineOf(values: readonly (number | null)[], top: number): string {
  const points = values.flatMap((value, i) => (value === null ? [] : [`${i},${top - value}`]));
  return points.length === 0 ? '' : `M${points.join('L')}`;
}

function barsOf(values: readonly (number | null)[], top: number): string {
  return values.map((value, i) => (value ? `M${i},${top}V${top - value}` : '')).join('');
}
