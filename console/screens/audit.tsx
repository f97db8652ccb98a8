import type { AuditVerificationOutput } from '../../src/admin/audit.schema.js';
import { admin } from '../api.js';
import { useChange } from '../change.js';
import { Head } from '../components/head.js';
import { Await, Failure } from '../components/states.js';
import { useLoad, usePolling } from '../load.js';
import { Chains } from './audit-chains.js';
import { EventList } from './audit-events.js';

/** The audit log: its chains and its events. */
export function Audit() {
  const verification = useLoad(
    () => admin<AuditVerificationOutput>('GetAuditVerification', ['GET', 'audit/verifications/latest']),
    [],
  );
  const { failure, run } = useChange();
  const isRunning = verification.state === 'ready' && verification.value.State === 'RUNNING';
  usePolling(verification.reload, isRunning ? 1000 : undefined);
  const verify = async () => {
    const started = await run(() => admin<object>('VerifyAuditChains', ['POST', 'audit/verifications']));
    if (started) verification.reload();
  };
  return (
    <>
      <Head
        title="Audit"
        actions={
          <button type="button" class="btn" disabled={isRunning} onClick={() => void verify()}>
            {isRunning ? 'Verifying' : 'Verify chains'}
          </button>
        }
      >
        <p>Every call and its outcome. Events are hash-chained, so edits and gaps are detected.</p>
      </Head>
      <section class="sheet" aria-label="Chains">
        {failure && <Failure error={failure} />}
        <Await loaded={verification}>{(latest) => <Chains of={latest} />}</Await>
      </section>
      <section class="sheet" aria-label="Events">
        <EventList />
      </section>
    </>
  );
}
