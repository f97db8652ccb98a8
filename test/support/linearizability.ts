/** A call as its client saw it. */
export interface Recorded<Call> {
  call: Call;
  /** Anything that JSON can show. */
  answer: unknown;
  /** By one monotonic clock for all clients. */
  invokedAt: number;
  answeredAt: number;
}

/**
 * Looks for orders of calls, one after another, that explain what every client was answered: linearizability, Herlihy and
 * Wing 1990, by Wing and Gong's search. A call that was answered before another was made stands before it.
 *
 * @param step what one call makes of a state; it changes nothing itself
 * @returns every state that such an order ends in; none where there is no such order
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
