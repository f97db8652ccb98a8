import fc from 'fast-check';
import { useMonotonicClock } from '../../test/support/monotonic-clock.js';
import { pino } from 'pino';
import { Clock } from '../clock.js';
import { ChangeEpoch, type EpochAnswer, MAX_STALE_MS } from './change-epoch.js';
import { FreshCache } from './fresh-cache.js';
import { StaleServing } from './stale-serving.js';

/** Time for which data-plane calls may be served while the database is unreachable. */
const LIMIT_MS = 3000;
const UNREACHABLE = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

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
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('use' as const), name, isAtOnce: fc.boolean(), isData: fc.boolean() }),
  },
  // Outages last long enough for the limit.
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('reach' as const), isAway: fc.constantFrom(true, true, true, false) }),
  },
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
  #asked?: { take: (answer: EpochAnswer) => void; answer?: EpochAnswer };
  /** The node can't reach the database. */
  #isAway = false;
  /** The last attempt to read the change epoch showed this. */
  #isKnownAway = false;
  readonly #loads: Load[] = [];
  readonly #epoch = new ChangeEpoch(() => this.#cache.clear());
  readonly #staleServing = new StaleServing(this.#epoch, {
    limitSeconds: LIMIT_MS / 1000,
    audit: { announce: () => undefined, takesDataWithoutTable: true },
    clock: new Clock(),
    logger: pino({ level: 'silent' }),
  });
  readonly #cache = new Values(this.#staleServing);
  readonly served: string[] = [];
  servedStale = 0;
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
        if (!notified || next.isLost || this.#isAway) break;
        this.#cache.forget(notified.name);
        this.#epoch.heard(notified.n);
        break;
      }
      case 'ask':
        this.#asked ??= { take: this.#epoch.ask() };
        break;
      case 'query':
        if (this.#asked && !this.#isAway)
          this.#asked.answer ??= { n: this.#latest.n, server: String(this.#server), time: clock.now };
        break;
      case 'answer':
        this.#answer();
        this.#asked = undefined;
        break;
      case 'reach':
        this.#isAway = next.isAway;
        break;
      case 'round':
        for (const kind of ['ask', 'query', 'answer'] as const) await this.take({ kind });
        break;
      case 'use':
        this.#use(next.name, next.isData);
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

  #answer(): void {
    if (!this.#asked) return;
    const { take, answer } = this.#asked;
    if (this.#isAway) {
      this.#isKnownAway = true;
      this.#staleServing.failed(UNREACHABLE);
    } else if (answer) {
      this.#isKnownAway = false;
      this.#staleServing.reached();
      take(answer);
    }
  }

  #change(key: (typeof NAMES)[number], isOwn: boolean): void {
    const n = this.#latest.n + 1;
    this.#commits.push({ n, values: { ...this.#latest.values, [key]: ++this.#writes } });
    this.#recordValidity();
    this.#notifications.push({ name: key, n });
    if (!isOwn || this.#isAway) return;
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

  /** @param isData true for a use by a call of the data plane */
  #use(key: Name, isData: boolean): void {
    const usedAt = clock.now;
    const check = (value: Value) => this.#check(key, value, usedAt, isData && this.#isKnownAway);
    const found = this.#cache.find(key, isData, () => this.#load(key));
    if (found instanceof Promise) found.then(check, () => undefined);
    else check(found);
  }

  /** Reads from the database at one step; the answer arrives at a later one. */
  #load(key: Name): Promise<Value> {
    return new Promise((resolve, reject) => {
      const load: Load = {
        next: () => {
          const value = { name: key, write: this.#latest.values[key] };
          const isRead = !this.#isAway;
          load.next = () => {
            this.#loads.splice(this.#loads.indexOf(load), 1);
            if (isRead) resolve(value);
            else reject(UNREACHABLE);
          };
        },
      };
      this.#loads.push(load);
    });
  }

  /**
   * Checks that the database had the value at some time from one second before the use began, or in a call that may be
   * served while the database is unreachable, from the limit before.
   */
  #check(key: string, { write }: Value, usedAt: number, mayBeStale: boolean): void {
    this.served.push(key);
    const isGoodFor = (ms: number) =>
      this.#validity.some((each) => each.key === key && each.write === write && each.to >= usedAt - ms);
    if (isGoodFor(MAX_STALE_MS)) return;
    this.servedStale++;
    if (!mayBeStale || !isGoodFor(LIMIT_MS)) this.faults.push(`${key} of write ${write}, used at ${usedAt}`);
  }
}

test('serves no value older than a second, or older than the limit while the database is unreachable, in any interleaving', async () => {
  let served = 0;
  let servedStale = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 150 }), async (steps) => {
      clock.now = 10_000;
      const run = new Run();
      for (const next of steps) await run.take(next);
      served += run.served.length;
      servedStale += run.servedStale;
      expect(run.faults).toEqual([]);
    }),
    { numRuns: 1000 },
  );
  expect(served).toBeGreaterThan(1000);
  expect(servedStale).toBeGreaterThan(3);
});
