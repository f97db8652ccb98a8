import type { Span } from './span.js';

const INTERVAL_MS = 5000;
const TIMEOUT_MS = 10_000;
/** Spans that one request sends. */
const BATCH = 512;
/** Maximum number of spans that wait; more are dropped. */
const MAX_WAITING = 4096;

/** Kinds of spans as OTLP numbers them. */
const KINDS = { internal: 1, server: 2, client: 3 } as const;
const STATUS_ERROR = 2;

/** The part of a logger that the exporter uses. */
interface Warns {
  warn(details: object, message: string): void;
}

/**
 * Sends spans to a collector by OTLP over HTTP, as JSON: OpenTelemetry Protocol 1.x, POST /v1/traces. Spans that can't be
 * sent are dropped: a trace isn't a record.
 */
export class OtlpExporter {
  readonly #url: string;
  readonly #timer: NodeJS.Timeout;
  #waiting: Span[] = [];
  #sending?: Promise<void>;
  #problem?: string;

  /**
   * @param endpoint   base URL of the collector, e.g. `http://127.0.0.1:4318`
   * @param resource   attributes of this process
   */
  constructor(
    endpoint: string,
    private readonly resource: Readonly<Record<string, string>>,
    private readonly logger: Warns,
  ) {
    this.#url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
    this.#timer = setInterval(() => void this.flush(), INTERVAL_MS).unref();
  }

  add(span: Span): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#waiting.push(span);
    if (this.#waiting.length === BATCH) void this.flush();
  }

  /** Sends what waits. Never rejects. */
  flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined));
    return this.#sending;
  }

  /** Sends the waiting spans one last time. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0, BATCH));
      this.#problem = undefined;
    } catch (error) {
      const { message, cause } = error as Error;
      const problem = cause instanceof Error ? cause.message : message;
      if (problem !== this.#problem) this.logger.warn({ error: problem }, 'spans could not be sent and are dropped');
      this.#problem = problem;
    }
  }

  async #send(spans: readonly Span[]): Promise<void> {
    const scopeSpans = [{ scope: { name: 'keyblock' }, spans: spans.map(formatted) }];
    const resource = { attributes: attributesOf(this.resource) };
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`The collector answered ${response.status}`);
  }
}

/** Formats a span in the JSON of OTLP: ids in hexadecimal, times as text because they exceed a double. */
function formatted({ id, name, kind, parent, traceId, beganAtMs, endedAtMs, hasFailed, attributes }: Span) {
  return {
    traceId,
    spanId: id,
    ...(parent.spanId !== undefined && { parentSpanId: parent.spanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(beganAtMs),
    endTimeUnixNano: nanoseconds(endedAtMs),
    attributes: attributesOf(attributes),
    status: hasFailed ? { code: STATUS_ERROR } : {},
  };
}

function nanoseconds(monotonicMs: number): string {
  return String(BigInt(Math.round((performance.timeOrigin + monotonicMs) * 1000)) * 1000n);
}

function attributesOf(values: Readonly<Record<string, string | number>>) {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
  }));
}
