import fc from 'fast-check';
import { useMonotonicClock } from '../../test/support/monotonic-clock.js';
import { ChangeEpoch, MAX_STALE_MS } from './change-epoch.js';
import { FreshCache } from './fresh-cache.js';

/** The value of a key: the number of the change that wrote it, unique across all servers. */
interface Value {
  name: string;
  write: number;
}

class Values extends FreshCache<Value> {
  owns(): boolean {
    return true;
  }

  protected sourceOf({ name }: Value): string {
    return name;
  }
}

const clock = useMonotonicClock();
const NAMES = ['a', 'b'] as const;
type Name = (typeof NAMES)[number];
const name = fc.constantFrom(...NAMES);
const isLost = fc.boolean();

/** A step of a run. The parts of a query or a read happen at once, or with other steps in between. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 125, 250, 500, 1000) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), name, isOwn: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('notify' as const), isLost }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'round' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('ask' as const, 'query' as const, 'answer' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('use' as const), name, isAtOnce: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('load' as const), which: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failover' as const), lost: fc.integer({ min: 0, max: 3 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A read by the node, with the function that takes it to its next stage. */
interface Load {
  next: () => void;
}

/** A database and a node that uses it. */
class Run {
  /** The change number and values of the database after each commit that wasn't lost. */
  #commits = [{ n: 0, values: { a: 0, b: 0 } }];
  /** The time during which the database had each value of each key. */
  readonly #validity = NAMES.map((key) => ({ key, write: 0, from: -Infinity, to: Infinity }));
  #writes = 0;
  #server = 0;
  readonly #notifications: { name: string; n: number }[] = [];
  #asked?: { take: (answer: { n: number; server: string }) => void; answer?: { n: number; server: string } };
  readonly #loads: Load[] = [];
  readonly #epoch = new ChangeEpoch(() => this.#cache.clear());
  readonly #cache = new Values(this.#epoch);
  readonly served: string[] = [];
  readonly faults: string[] = [];

  async take(next: Step): Promise<void> {
    switch (next.kind) {
      case 'wait':
        clock.now += next.ms;
        break;
      case 'change':
        this.#change(next.name, next.isOwn);
        break;
      case 'notify': {
        const notified = this.#notifications.shift();
        if (!notified || next.isLost) break;
        this.#cache.forget(notified.name);
        this.#epoch.heard(notified.n);
        break;
      }
      case 'ask':
        this.#asked ??= { take: this.#epoch.ask() };
        break;
      case 'query':
        if (this.#asked) this.#asked.answer ??= { n: this.#latest.n, server: String(this.#server) };
        break;
      case 'answer':
        if (this.#asked?.answer) this.#asked.take(this.#asked.answer);
        this.#asked = undefined;
        break;
      case 'round':
        for (const kind of ['ask', 'query', 'answer'] as const) await this.take({ kind });
        break;
      case 'use':
        this.#use(next.name);
        if (next.isAtOnce) while (this.#loads.length > 0) this.#loads.at(-1)!.next();
        break;
      case 'load':
        this.#loads[next.which]?.next();
        break;
      case 'failover':
        this.#failover(next.lost);
        break;
    }
    // Let pending promises settle.
    await new Promise((resolve) => setImmediate(resolve));
  }

  get #latest() {
    return this.#commits.at(-1)!;
  }

  #change(key: (typeof NAMES)[number], isOwn: boolean): void {
    const n = this.#latest.n + 1;
    this.#commits.push({ n, values: { ...this.#latest.values, [key]: ++this.#writes } });
    this.#recordValidity();
    this.#notifications.push({ name: key, n });
    if (!isOwn) return;
    this.#cache.forget(key);
    this.#epoch.heard(n);
  }

  /** The standby that takes over lacks the last commits. Notifications that were not received yet are lost. */
  #failover(lost: number): void {
    this.#commits = this.#commits.slice(0, Math.max(1, this.#commits.length - lost));
    this.#server++;
    this.#notifications.length = 0;
    this.#recordValidity();
  }

  #recordValidity(): void {
    for (const key of NAMES) {
      const write = this.#latest.values[key];
      const current = this.#validity.findLast((each) => each.key === key)!;
      if (current.write === write) continue;
      current.to = clock.now;
      this.#validity.push({ key, write, from: clock.now, to: Infinity });
    }
  }

  #use(key: Name): void {
    const usedAt = clock.now;
    const known = this.#cache.known(key);
    if (known) {
      this.#check(key, known.value, usedAt);
      return;
    }
    void this.#cache.read(key, () => this.#load(key)).then((value) => this.#check(key, value, usedAt));
  }

  /** Reads from the database at one step; the answer arrives at a later one. */
  #load(key: Name): Promise<Value> {
    return new Promise((resolve) => {
      const load: Load = {
        next: () => {
          const value = { name: key, write: this.#latest.values[key] };
          load.next = () => {
            this.#loads.splice(this.#loads.indexOf(load), 1);
            resolve(value);
          };
        },
      };
      this.#loads.push(load);
    });
  }

  /** Checks that the database had the value at some time from one second before the use began. */
  #check(key: string, { write }: Value, usedAt: number): void {
    this.served.push(key);
    const isGood = this.#validity.some(
      (each) => each.key === key && each.write === write && each.to >= usedAt - MAX_STALE_MS,
    );
    if (!isGood) this.faults.push(`${key} of write ${write}, used at ${usedAt}`);
  }
}

test('serves no value that is older than a second, however changes, notifications, answers and reads interleave', async () => {
  let served = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 150 }), async (steps) => {
      clock.now = 10_000;
      const run = new Run();
      for (const next of steps) await run.take(next);
      served += run.served.length;
      expect(run.faults).toEqual([]);
    }),
    { numRuns: 1000 },
  );
  expect(served).toBeGreaterThan(1000);
});
