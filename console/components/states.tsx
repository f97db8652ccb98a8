import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api.js';
import type { Loaded } from '../load.js';
import { approvalHref, simulatorHref } from '../router.js';
import { timeOfDay } from '../words.js';
import { Plain } from './plain.js';

/**
 * Renders a value once it is loaded, and a placeholder until then. Placeholders replace only values, never the frame of
 * the screen.
 */
export function Await<Value>({
  loaded,
  children,
}: {
  loaded: Loaded<Value>;
  children: (value: Value, reload: () => void) => ComponentChildren;
}) {
  if (loaded.state === 'loading') return <Loading />;
  if (loaded.state === 'failed') return <Failure error={loaded.error} retry={loaded.reload} />;
  return (
    <>
      {loaded.stale && <Stale since={loaded.at} error={loaded.stale} />}
      {children(loaded.value, loaded.reload)}
    </>
  );
}

/** If a value can't be reloaded, the previous one stays, with its time. */
function Stale({ since, error }: { since: number; error: ApiError }) {
  return (
    <p class="stale" role="status">
      As of {timeOfDay(since)}. The next attempt failed: {error.message}
    </p>
  );
}

/** Grey bars, which the style shows after 200 ms. */
export function Loading() {
  return (
    <div class="body loading" role="status">
      <span class="vh">Loading</span>
      <i />
      <i />
      <i />
    </div>
  );
}

/**
 * A refusal names the missing permission or approval; a failure gives the service's own words.
 *
 * @param retry loads the value again; absent for a change
 */
export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div class="body state" role="alert">
      {error.approvals.length > 0 ? (
        <>
          <p class="title">It needs approval</p>
          <p class="wrap">{error.message}</p>
          {error.approvals.map((arn) => (
            <p key={arn}>
              <a href={approvalHref(arn)}>Show the request</a>
            </p>
          ))}
        </>
      ) : error.isRefusal ? (
        <>
          <p class="title">{`You don’t have permission to ${retry ? 'see' : 'do'} this`}</p>
          <p>
            It needs the permission <code>{error.action}</code> on <code class="wrap">{error.resource}</code>.{' '}
            {error.message}
          </p>
          <p>
            <a href={simulatorHref({ action: error.action, resource: error.resource })}>Open in the simulator</a>
          </p>
        </>
      ) : (
        <>
          <p class="title">{error.name}</p>
          <p class="wrap">
            <Plain text={error.message} />
          </p>
          {!retry && error.isUnanswered && <p>It may have taken effect all the same: check before you repeat it.</p>}
        </>
      )}
      {error.requestId !== undefined && (
        <p class="small quiet">
          Request <code>{error.requestId}</code>
        </p>
      )}
      {retry && (
        <button type="button" class="btn slim" onClick={retry}>
          Retry
        </button>
      )}
    </div>
  );
}

/** Replaces an empty list with a description of its contents and the next step. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="body state">
      <p class="title">{title}</p>
      {children}
    </div>
  );
}
