import { type AuditEvent, callerWords, keyArnsOf } from '../events.js';
import { keyHref } from '../router.js';
import { timeWords } from '../words.js';
import { Tag } from './tag.js';

/** Verb phrases that describe the effect of each operation. */
const DID: Readonly<Record<string, string>> = {
  Approve: 'approved a request',
  CancelApproval: 'cancelled a request for approval',
  CreateAlias: 'created an alias',
  CreateKey: 'created a key',
  DeleteAlias: 'deleted an alias',
  DeleteKey: 'scheduled a deletion',
  DeleteResourcePolicy: 'deleted a key policy',
  Deny: 'denied a request',
  ExportKey: 'exported a key',
  ImportKey: 'imported a key',
  PutResourcePolicy: 'changed a key policy',
  RequestApproval: 'asked for approval',
  RestoreKey: 'cancelled a deletion',
  StartKeyUsage: 'started the usage of a key',
  StopKeyUsage: 'stopped the usage of a key',
  SynchronizeMultiRegionKey: 'copied a key to another Region',
  TagResource: 'tagged a key',
  UntagResource: 'removed tags of a key',
  UpdateAlias: 'changed an alias',
};

/** Changes as sentences, the newest first. @param nameOf returns the name of a key; none on the page of the key itself */
export function Changes({ events, nameOf }: { events: readonly AuditEvent[]; nameOf?: (arn: string) => string }) {
  return (
    <ul class="items log">
      {events.map((event) => (
        <li key={event.eventID}>
          <time class="small" dateTime={event.eventTime}>
            {timeWords(Date.parse(event.eventTime) / 1000)}
          </time>
          <div class="wrap">
            {callerWords(event)} {DID[event.eventName] ?? `called ${event.eventName}`}
            {nameOf && <KeyOf event={event} nameOf={nameOf} />}{' '}
            {event.errorCode !== undefined && <Tag tone="bad">{event.errorCode}</Tag>}
          </div>
        </li>
      ))}
    </ul>
  );
}

function KeyOf({ event, nameOf }: { event: AuditEvent; nameOf: (arn: string) => string }) {
  const [arn] = keyArnsOf(event);
  if (arn === undefined) return null;
  return (
    <>
      : <a href={keyHref(arn)}>{nameOf(arn)}</a>
    </>
  );
}
