import { useState } from 'preact/hooks';
import type { ExplainAccessOutput } from '../../src/admin/admin.schema.js';
import { admin } from '../api.js';
import { plainLines } from '../../src/approvals/shown-text.js';
import { Copy } from '../components/copy.js';
import { Plain, PlainList } from '../components/plain.js';
import { Tag } from '../components/tag.js';
import { DEPLOYMENT } from '../deployment.js';
import { type AuditEvent, callerWords, keyArnsOf } from '../events.js';
import { type Loaded, useLoad } from '../load.js';
import { keyHref, simulatorHref } from '../router.js';
import { shortHash } from '../words.js';

export function EventTable({ events, nameOf }: { events: readonly AuditEvent[]; nameOf: (arn: string) => string }) {
  const [open, setOpen] = useState<string>();
  return (
    <table class="table cards">
      <caption class="vh">Events, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Time, UTC</th>
          <th scope="col">Caller</th>
          <th scope="col">Operation</th>
          <th scope="col">Keys</th>
          <th scope="col">Outcome</th>
          <th scope="col">From</th>
          <th scope="col" class="num">
            Event
          </th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => {
          const isOpen = event.eventID === open;
          return [
            <tr key={event.eventID} class={isOpen ? 'open' : undefined}>
              <td>
                <code>
                  {event.eventTime.slice(5, 10)} {event.eventTime.slice(11, 19)}
                </code>
              </td>
              <td class="name">
                <Plain text={callerWords(event)} />
              </td>
              <td class="wide">
                <button
                  type="button"
                  class="link"
                  aria-expanded={isOpen}
                  onClick={() => setOpen(isOpen ? undefined : event.eventID)}
                >
                  {event.eventName}
                </button>
              </td>
              <td class="wide wrap">{keyArnsOf(event).map(nameOf).join(', ')}</td>
              <td>
                <Outcome of={event} />
              </td>
              <td class="gone">
                <code>{event.sourceIPAddress}</code>
              </td>
              <td class="num gone">
                <code>
                  {event.node}/{event.sequence}
                </code>
              </td>
            </tr>,
            isOpen && (
              <tr key={`${event.eventID} detail`} class="open">
                <td colSpan={7} class="wide detail">
                  <Detail of={event} nameOf={nameOf} />
                </td>
              </tr>
            ),
          ];
        })}
      </tbody>
    </table>
  );
}

/** Outcomes that mean only that a value was wrong. */
const VERIFICATIONS = /^Verification|^Kms?InvalidMac|InvalidSignatureException$/;

function Outcome({ of: { errorCode, userIdentity } }: { of: AuditEvent }) {
  if (errorCode === undefined) return <>Served</>;
  const isWarning = VERIFICATIONS.test(errorCode) && userIdentity.arn !== undefined;
  return <Tag tone={isWarning ? 'warn' : 'bad'}>{errorCode.replace(/Exception$/, '')}</Tag>;
}

function Detail({ of: event, nameOf }: { of: AuditEvent; nameOf: (arn: string) => string }) {
  const { userIdentity, requestID, requestParameters, userAgent, errorMessage, node, sequence, previous } = event;
  const parameters = Object.entries(requestParameters ?? {});
  const keys = keyArnsOf(event);
  return (
    <>
      <dl class="defs">
        <dt>Why</dt>
        <dd>
          <Why of={event} />
        </dd>
        {errorMessage !== undefined && (
          <>
            <dt>Answer</dt>
            <dd class="wrap">
              <Plain text={errorMessage} />
            </dd>
          </>
        )}
        <dt>Caller</dt>
        <dd class="wrap">
          <code>
            <Plain text={userIdentity.arn ?? callerWords(event)} />
          </code>
          {userIdentity.accessKeyId !== undefined && (
            <>
              , access key <code>{userIdentity.accessKeyId}</code>
            </>
          )}{' '}
          from <code>{event.sourceIPAddress}</code>
          {userAgent !== undefined && (
            <small class="quiet">
              <Plain text={userAgent} />
            </small>
          )}
        </dd>
        {keys.length > 0 && (
          <>
            <dt>Keys</dt>
            <dd class="wrap">
              {keys.map((arn) => (
                <div key={arn}>
                  <a href={keyHref(arn)}>{nameOf(arn)}</a> <code class="quiet">{arn}</code>
                </div>
              ))}
            </dd>
          </>
        )}
        <dt>Request</dt>
        <dd class="wrap">
          <code>{requestID ?? 'none: action of the service itself'}</code>
          {parameters.length > 0 && (
            <div>
              <code>
                <PlainList texts={parameters.map(([name, value]) => `${name}=${asText(value)}`)} />
              </code>
            </div>
          )}
        </dd>
        <dt>Place in the chain</dt>
        <dd class="row">
          <Tag tone="ok">{sequence}</Tag> of chain {node}, after{' '}
          {sequence === 1 ? 'its beginning' : <code>{shortHash(previous)}</code>}
        </dd>
      </dl>
      <details>
        <summary>Raw JSON</summary>
        <pre tabIndex={0}>{plainLines(JSON.stringify(event, null, 2))}</pre>
        <Copy text={JSON.stringify(event)} what="the event" />
      </details>
    </>
  );
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Reason for the decision on the call. */
function Why({ of: event }: { of: AuditEvent }) {
  const { arn, invokedBy } = event.userIdentity;
  if (arn !== undefined) return <PoliciesNow of={event} principal={arn} />;
  return <>{invokedBy === undefined ? 'The signer isn’t known.' : 'This was an action of the service itself.'}</>;
}

/** Evaluates the call with the current policies, which may have changed since. */
function PoliciesNow({ of: event, principal }: { of: AuditEvent; principal: string }) {
  const action = `${event.eventSource.replace(/\..*$/, '')}:${event.eventName}`;
  const resource = resourceOf(event);
  const loaded = useLoad(
    () =>
      admin<ExplainAccessOutput>('ExplainAccess', ['POST', 'explain'], {
        body: { Principal: principal, Action: action, Resource: resource },
        resource: principal,
      }),
    [event.eventID],
  );
  return (
    <>
      <Reason loaded={loaded} /> <a href={simulatorHref({ principal, action, resource })}>Open in the simulator</a>
    </>
  );
}

function Reason({ loaded }: { loaded: Loaded<ExplainAccessOutput> }) {
  if (loaded.state === 'loading') return <>Evaluating the policies …</>;
  if (loaded.state === 'failed')
    return loaded.error.isRefusal ? (
      <>
        It needs the permission <code>{loaded.error.action}</code>.
      </>
    ) : (
      <>The policies can’t be evaluated: {loaded.error.message}</>
    );
  const { Decision, Reason: reason } = loaded.value;
  return (
    <>
      Under the current policies, it is {Decision}.{' '}
      <span class="wrap">
        <Plain text={reason} />
      </span>
    </>
  );
}

/** The resource of a call: the key of its response or event, or the user or role of its path. */
function resourceOf(event: AuditEvent): string {
  const { errorMessage = '', requestParameters } = event;
  const [named] = /arn:aws:[\w:-]+:key\/[\w-]+/.exec(errorMessage) ?? [];
  const key = named ?? keyArnsOf(event)[0];
  if (key !== undefined) return key;
  const { kind, name } = requestParameters ?? {};
  if (typeof kind !== 'string' || typeof name !== 'string') return '*';
  return `arn:aws:iam::${DEPLOYMENT.accountId}:${kind === 'users' ? 'user' : 'role'}/${name}`;
}
