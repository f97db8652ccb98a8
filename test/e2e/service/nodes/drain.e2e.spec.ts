import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '../../../../src/clock.js';
import { mac } from '../../../support/audit.js';
import { CMAC_ATTRIBUTES } from '../../../support/keys.js';
import { newStore, type TestStore } from '../../../support/database.js';
import { ownPort } from '../../../support/own-port.js';
import { type ServiceProcess, useProcesses } from '../../../support/process.js';
import { type RawRequest, send, serviceEnv, sign, target } from '../../../support/service.js';

const CONNECTIONS = 32;

let store: TestStore;
const spawnService = useProcesses();
beforeEach(async () => {
  store = await newStore();
});
afterEach(() => store.remove());

const clock = new Clock();
const create: Partial<RawRequest> = {
  headers: target('CreateKey'),
  body: JSON.stringify({ KeyAttributes: CMAC_ATTRIBUTES, Exportable: false }),
};

/** A node behind the balancer. A restart replaces its process, but keeps its address. */
interface Target {
  service: ServiceProcess;
  url: string;
  isReady: boolean;
  /** Answers of /readyz with a status other than 200. */
  refusals: unknown[];
}

async function start(port: number): Promise<Target> {
  const service = spawnService({ ...serviceEnv(store), KEYBLOCK_DRAIN_SECONDS: '2', KEYBLOCK_PORT: String(port) });
  return { service, url: await service.listening, isReady: true, refusals: [] };
}

/** Sends calls in turn to the nodes that are ready, over connections that stay open unless an answer closes them. */
class Balancer {
  #isStopping = false;
  readonly #work: Promise<void>[];
  served = 0;
  closed = 0;
  failures: string[] = [];

  constructor(
    readonly targets: readonly Target[],
    private readonly calls: readonly Partial<RawRequest>[],
  ) {
    this.#work = [this.#probe(), ...Array.from({ length: CONNECTIONS }, (_, i) => this.#callOn(i))];
  }

  async #probe(): Promise<void> {
    while (!this.#isStopping) {
      for (const target of this.targets) {
        const answer = await fetch(`${target.url}/readyz`).catch(() => undefined);
        target.isReady = answer?.status === 200;
        if (answer && !target.isReady) target.refusals.push(await answer.json());
      }
      await pause(50);
    }
  }

  async #callOn(connection: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = connection; !this.#isStopping; turn++) {
      const ready = this.targets.filter(({ isReady }) => isReady);
      const target = ready[turn % ready.length];
      if (!target) {
        // A slow machine answers no probe in time for a moment; a load balancer then waits, too.
        await pause(10);
        continue;
      }
      const call = this.calls[connection % this.calls.length]!;
      try {
        const { status, closes } = await this.#call(target.url, agent, call);
        if (status !== 200) this.failures.push(`${status}`);
        if (closes) this.closed += 1;
        this.served += 1;
      } catch (error) {
        this.failures.push((error as Error).message);
      }
    }
    agent.destroy();
  }

  async #call(url: string, agent: Agent, call: Partial<RawRequest>): Promise<{ status: number; closes: boolean }> {
    const { path, headers, body } = await sign(url, clock, call);
    return new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { method: 'POST', headers, agent }, (answer) => {
        answer.resume();
        const closes = answer.headers.connection === 'close';
        answer.once('end', () => resolve({ status: answer.statusCode!, closes }));
        answer.once('error', reject);
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }

  async more(count: number): Promise<void> {
    const enough = this.served + count;
    while (this.served < enough && this.failures.length === 0) await pause(10);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#work);
  }
}

test('nodes are restarted one at a time under load, and no request fails', async () => {
  const targets = await Promise.all([start(await ownPort()), start(await ownPort())]);
  const { json } = await send(targets[0].url, clock, create);
  const { KeyArn } = (json as { Key: { KeyArn: string } }).Key;
  const balancer = new Balancer(targets, [mac(KeyArn), mac(KeyArn), create]);
  await balancer.more(200);
  for (const target of targets) {
    target.service.child.kill('SIGTERM');
    expect(await target.service.ended).toBe(0);
    const again = await start(Number(new URL(target.url).port));
    target.service = again.service;
    while (!target.isReady) await pause(20);
    await balancer.more(200);
  }
  await balancer.stop();
  expect(balancer.failures).toEqual([]);
  expect(balancer.closed).toBeGreaterThanOrEqual(CONNECTIONS);
  for (const { refusals } of targets)
    expect(refusals).toEqual(expect.arrayContaining([{ status: 'unavailable', reason: 'StoppingError' }]));
});
