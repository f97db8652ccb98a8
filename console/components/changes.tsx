import { type AuditEvent, callerWords } from '../events.js';
import { timeWords } from '../words.js';
import { Tag } from './tag.js';

/** What operations did, as the predicate of a sentence. */
const DID: Readonly<Record<string, string>> = {
  CreateAlias: 'created an alias',
  CreateKey: 'created a key',
  DeleteAlias: 'deleted an alias',
  DeleteKey: 'scheduled a deletion',
  DeleteResourcePolicy: 'deleted a key policy',
  ExportKey: 'exported a key',
  ImportKey: 'imported a key',
  PutResourcePolicy: 'changed a key policy',
  RestoreKey: 'cancelled a deletion',
  StartKeyUsage: 'started the usage of a key',
  StopKeyUsage: 'stopped the usage of a key',
  SynchronizeMultiRegionKey: 'copied a key to another Region',
  TagResource: 'tagged a key',
  UntagResource: 'removed tags of a key',
  UpdateAlias: 'changed an alias',
};

/** Changes as sentences, the newest first. */
export function Changes({ events }: { events: readonly AuditEvent[] }) {
  return (
    <ul class="items log">
      {events.map((event) => (
        <li key={event.eventID}>
          <time class="small" dateTime={event.eventTime}>
            {timeWords(Date.parse(event.eventTime) / 1000)}
          </time>
          <div class="wrap">
            {callerWords(event)} {DID[event.eventName] ?? `called ${event.eventName}`}{' '}
            {event.errorCode !== undefined && <Tag tone="bad">{event.errorCode}</Tag>}
          </div>
        </li>
      ))}
    </ul>
  );
}
