import { Controller, Get, Header } from '@nestjs/common';
import { Metrics } from '../http/metrics.js';
import { METRICS_TYPE } from './metrics-server.js';

/** Metrics for Prometheus on the port of the service, unless they have a port of their own. They need no signature. */
@Controller()
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** Returns the metrics of all processes. */
  @Get('metrics')
  @Header('content-type', METRICS_TYPE)
  text(): Promise<string> {
    return this.metrics.text();
  }
}
