import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';

/** A line of a plot, or bars. */
export interface PlotSeries {
  name: string;
  /** Custom property of the style sheet, e.g. `--ink`. */
  colour: string;
  values: readonly (number | null)[];
  bars?: boolean;
}

const HEIGHT = 120;

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
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    let plot: uPlot | undefined;
    let draw: (() => void) | undefined;
    let current = true;
    // The text beside a plot doesn't depend on it.
    void import('uplot').then(
      ({ default: Plotter }) => {
        if (!current) return;
        draw = () => {
          plot?.destroy();
          plot = new Plotter(optionsOf(Plotter, element, series), dataOf(from, step, series), element);
        };
        draw();
      },
      () => undefined,
    );
    const redraw = () => draw?.();
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    dark.addEventListener('change', redraw);
    return () => {
      current = false;
      dark.removeEventListener('change', redraw);
      resized.disconnect();
      plot?.destroy();
    };
  }, [from, step, series]);
  return <div class="plot" role="img" aria-label={label} ref={box} />;
}

function dataOf(from: number, step: number, series: readonly PlotSeries[]): uPlot.AlignedData {
  const times = (series[0]?.values ?? []).map((_, i) => from + i * step);
  return [times, ...series.map(({ values }) => [...values])];
}

function optionsOf(Plotter: typeof uPlot, element: HTMLElement, series: readonly PlotSeries[]): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name);
  const axis = {
    stroke: colour('--ink-2'),
    font: `12px ${colour('--sans')}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const bars = Plotter.paths.bars?.({ size: [1, 6] });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    tzDate: (seconds) => Plotter.tzDate(new Date(seconds * 1000), 'UTC'),
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, size: 24, values: (_plot, times) => times.map(timeWords) },
      { ...axis, size: 44, space: 30 },
    ],
    series: [
      {},
      ...series.map(({ name, colour: property, bars: isBars }) => ({
        label: name,
        stroke: colour(property),
        width: 1.5,
        points: { show: false },
        // A step without requests has no duration.
        spanGaps: true,
        ...(isBars && bars && { paths: bars, fill: colour(property) }),
      })),
    ],
  };
}

/** E.g. `07:00`. */
function timeWords(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(11, 16);
}
