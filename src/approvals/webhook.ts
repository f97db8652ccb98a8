import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { ApprovalsWebhook } from '../config/approvals-webhook.js';

/** Time limit of an attempt. */
const TIMEOUT_MS = 5000;
/** Pauses after attempts that failed; a notice whose last attempt fails is abandoned. */
const PAUSES_MS = [1000, 10_000, 60_000, 300_000];
/** Maximum number of notices that are being delivered or wait for another attempt; more are dropped. */
const MAX_WAITING = 100;

/** Outcome of a notice. */
export type NoticeOutcome = 'delivered' | 'failed' | 'dropped';

export interface WebhookOptions extends ApprovalsWebhook {
  clock: Clock;
  logger: Pick<Logger, 'warn' | 'error'>;
  /** Called once for each notice. */
  count: (outcome: NoticeOutcome) => void;
  /** Limits that tests lower. */
  timeoutMs?: number;
  pausesMs?: readonly number[];
}

interface Notice {
  id: string;
  /** JSON. */
  body: string;
}

/**
 * Sends notices to one receiver by the Standard Webhooks specification 1.0: a POST of JSON with the headers `webhook-id`,
 * `webhook-timestamp` and `webhook-signature`. Redirects are not followed, and of a response only the status is read.
 * Notices wait in memory: what isn't delivered when the process stops is lost.
 */
export class Webhook {
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(private readonly options: WebhookOptions) {}

  /** Sends a notice in the background. Never throws. @param type e.g. `approval.pending` */
  send(type: string, data: object): void {
    const { clock, count, logger } = this.options;
    if (this.#running.size >= MAX_WAITING) {
      logger.error({ notice: type }, 'too many notices about approvals wait for the webhook: this one was dropped');
      count('dropped');
      return;
    }
    const body = JSON.stringify({ type, timestamp: clock.now().toISOString(), data });
    const delivery = this.#deliver({ id: `msg_${randomUUID()}`, body }).finally(() => this.#running.delete(delivery));
    this.#running.add(delivery);
  }

  /** Waits for the attempts that are under way, and gives up the notices that wait for another one. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #deliver(notice: Notice): Promise<void> {
    const { count, logger, pausesMs = PAUSES_MS } = this.options;
    for (let attempt = 1; ; attempt++) {
      const error = await this.#attempt(notice);
      if (error === undefined) {
        count('delivered');
        return;
      }
      const pauseMs = pausesMs[attempt - 1];
      if (pauseMs !== undefined) {
        logger.warn({ notice: notice.id, error, attempt }, 'a notice about an approval was not delivered');
        if (await this.#pause(pauseMs)) continue;
      }
      logger.error({ notice: notice.id, error, attempt }, 'a notice about an approval was abandoned');
      count('failed');
      return;
    }
  }

  /** Waits before another attempt. @returns false if the webhook is closed */
  #pause(ms: number): Promise<boolean> {
    return pause(ms, undefined, { signal: this.#stop.signal, ref: false }).then(
      () => true,
      () => false,
    );
  }

  /** @returns why the attempt failed, without the URL */
  async #attempt({ id, body }: Notice): Promise<string | undefined> {
    const { url, secret, clock, timeoutMs = TIMEOUT_MS } = this.options;
    const timestamp = Math.floor(clock.now().getTime() / 1000);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'keyblock',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signatureOf(secret, id, timestamp, body),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      return response.ok ? undefined : `The receiver answered ${response.status}.`;
    } catch (error) {
      const { name, cause } = error as Error & { cause?: { code?: string } };
      return cause?.code ?? name;
    }
  }
}

/** Signs an attempt: `v1,` and the HMAC-SHA-256 of id, time in seconds and body, in base64. */
export function signatureOf(secret: Buffer, id: string, timestamp: number, body: string): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
