import { randomBytes } from 'node:crypto';
import type { TraceParent } from './trace-parent.js';

/** The value of a span's attribute. Never a key, its ARN, a principal or data. */
export type Attributes = Record<string, string | number>;

/** A part of the work for a request, with its time. */
export class Span {
  /** 16 hexadecimal digits. */
  readonly id = randomBytes(8).toString('hex');
  readonly attributes: Attributes = {};
  readonly beganAtMs: number;
  endedAtMs = 0;
  hasFailed = false;

  /**
   * @param parent the span that this one is a part of, here or at the caller
   * @param beganAtMs by performance.now()
   */
  constructor(
    readonly name: string,
    readonly kind: 'server' | 'internal' | 'client',
    readonly parent: Pick<TraceParent, 'traceId'> & { readonly spanId?: string },
    beganAtMs = performance.now(),
  ) {
    this.beganAtMs = beganAtMs;
  }

  get traceId(): string {
    return this.parent.traceId;
  }
}
