import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { OtlpExporter } from './otlp-exporter.js';
import { type Attributes, Span } from './span.js';
import { parseTraceParent } from './trace-parent.js';

/** The traces of a process. */
interface Tracing {
  readonly exporter: OtlpExporter;
  readonly ratio: number;
  readonly current: AsyncLocalStorage<Span>;
}

/** Undefined unless traces are recorded: without tracing, a request pays for nothing but this check. */
let tracing: Tracing | undefined;

/** Starts recording traces. @param ratio fraction of the requests without a parent that are recorded, 0 to 1 */
export function startTracing(exporter: OtlpExporter, ratio: number): void {
  tracing = { exporter, ratio, current: new AsyncLocalStorage() };
}

/** Records no more traces, and sends those that wait. */
export async function stopTracing(): Promise<void> {
  const stopped = tracing;
  tracing = undefined;
  await stopped?.exporter.close();
}

/** A request in a trace. */
export interface TracedRequest {
  readonly traceId: string;
  /** Absent if the trace isn't recorded. */
  readonly span?: Span;
}

/** The headers of a request, by names in lower case. */
interface Headers {
  get(name: string): string | undefined;
}

/** Begins the trace of a request, or takes part in its caller's. @returns undefined unless traces are recorded */
export function traceRequest(headers: Headers): TracedRequest | undefined {
  if (!tracing) return undefined;
  const parent = parseTraceParent(headers.get('traceparent')) ?? { traceId: randomBytes(16).toString('hex') };
  const isRecorded = 'isSampled' in parent ? parent.isSampled : Math.random() < tracing.ratio;
  const { traceId } = parent;
  return isRecorded ? { traceId, span: new Span('request', 'server', parent) } : { traceId };
}

/** Runs a function whose spans are parts of the request's. */
export function withinRequest<T>(span: Span | undefined, run: () => T): T {
  return span && tracing ? tracing.current.run(span, run) : run();
}

export function endSpan(span: Span, attributes: Attributes, hasFailed = false): void {
  span.endedAtMs = performance.now();
  span.hasFailed = hasFailed;
  Object.assign(span.attributes, attributes);
  tracing?.exporter.add(span);
}

/** Records a function's run, and that of the promise that it returns, as a part of the current request. */
export function inSpan<T>(name: string, kind: 'internal' | 'client', attributes: Attributes, run: () => T): T {
  const parent = tracing?.current.getStore();
  if (!tracing || !parent) return run();
  const span = new Span(name, kind, { traceId: parent.traceId, spanId: parent.id });
  const end = (hasFailed: boolean) => endSpan(span, attributes, hasFailed);
  try {
    const result = tracing.current.run(span, run);
    if (result instanceof Promise) {
      result.then(
        () => end(false),
        () => end(true),
      );
    } else end(false);
    return result;
  } catch (error) {
    end(true);
    throw error;
  }
}

/** Records something that has just ended as a part of the current request. @param durationMs 0 if it isn't known */
export function notePast(name: string, durationMs: number, attributes: Attributes, hasFailed: boolean): void {
  const parent = tracing?.current.getStore();
  if (!parent) return;
  const context = { traceId: parent.traceId, spanId: parent.id };
  endSpan(new Span(name, 'client', context, performance.now() - durationMs), attributes, hasFailed);
}
