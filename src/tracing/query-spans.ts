import type { EntitySubscriberInterface } from 'typeorm';
import { notePast } from './tracing.js';

type QueryEvent = Parameters<NonNullable<EntitySubscriberInterface['afterQuery']>>[0];

/** Records the queries of requests, each with its first word only: SQL may contain the caller's input. */
export class QuerySpans implements EntitySubscriberInterface {
  afterQuery({ query, success, executionTime = 0 }: QueryEvent): void {
    const [operation = ''] = /^\s*\w+/.exec(query) ?? [];
    const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': operation.trim().toUpperCase() };
    notePast('database', executionTime, attributes, !success);
  }
}
