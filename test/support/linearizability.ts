/** A call as its client saw it. */
export interface Recorded<Call> {
  call: Call;
  /** Any value that JSON can represent. */
  answer: unknown;
  /** Time of one monotonic clock for all clients. */
  invokedAt: number;
  answeredAt: number;
}

/**
 * Searches for sequential orders of the calls that explain every client's answers: linearizability (Herlihy and Wing,
 * 1990), by the algorithm of Wing and Gong. A call that was answered before another was made precedes it.
 *
 * @param step applies one call to a state; must not modify the state
 * @returns every final state of such an order; empty if there is no such order
 */
export function explain<State, Call>(
  initial: State,
  calls: readonly Recorded<Call>[],
  step: (state: State, call: Call) => { state: State; answer: unknown },
): State[] {
  const ends = new Map<string, State>();
  const visited = new Set<string>();
  const all = 2 ** calls.length - 1;

  const visit = (done: number, state: State) => {
    const text = JSON.stringify(state);
    const name = `${done} ${text}`;
    if (visited.has(name)) return;
    visited.add(name);
    if (done === all) ends.set(text, state);
    const left = calls.map((recorded, i) => ({ recorded, bit: 1 << i })).filter(({ bit }) => (done & bit) === 0);
    const firstAnswer = Math.min(...left.map(({ recorded }) => recorded.answeredAt));
    for (const { recorded, bit } of left) {
      if (recorded.invokedAt > firstAnswer) continue;
      const after = step(state, recorded.call);
      if (JSON.stringify(after.answer) === JSON.stringify(recorded.answer)) visit(done | bit, after.state);
    }
  };
  visit(0, initial);
  return [...ends.values()];
}
