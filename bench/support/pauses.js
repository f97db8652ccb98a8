/**
 * Interval in milliseconds of the timer by which Node.js measures the delay of its event loop; each sample includes it.
 */
const SAMPLING_MS = 10;

/**
 * Measures how long a working service blocks its event loop, from its own metrics.
 *
 * @param {number} port
 * @param {() => Promise<unknown>} work
 * @returns {Promise<{ p99: number, longest: number }>} milliseconds
 */
export async function pausesDuring(port, work) {
  // Reading the metrics resets the histogram.
  await metrics(port);
  await work();
  const text = await metrics(port);
  const delay = (name) => {
    const seconds = Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(text)?.[1]);
    return Number(Math.max(0, seconds * 1000 - SAMPLING_MS).toFixed(1));
  };
  return { p99: delay('p99'), longest: delay('max') };
}

async function metrics(port) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return response.text();
}
