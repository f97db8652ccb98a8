import type { ComponentChildren } from 'preact';
import type { AuditVerificationOutput } from '../../src/admin/audit.schema.js';
import { Copy } from '../components/copy.js';
import { Empty } from '../components/states.js';
import { hrefOf } from '../router.js';
import { count, shortHash, timeWords } from '../words.js';

/** Reasons why a verification has no result, by state. */
const NO_RESULT: Readonly<Partial<Record<AuditVerificationOutput['State'], [title: string, words: string]>>> = {
  NONE: ['Not verified yet', 'Verify the chains to see whether events were edited, removed or inserted.'],
  RUNNING: ['Being verified', 'The service reads the whole log, with pauses. The result appears here.'],
  FAILED: ['The verification failed', 'The service log has the reason.'],
  INTERRUPTED: ['The verification was interrupted', 'The node that ran it stopped. Verify the chains again.'],
};

type VerifiedChain = NonNullable<AuditVerificationOutput['Chains']>[number];

/** Number of chains shown at first; the others are only counted. */
const SHOWN_CHAINS = 3;

export function Chains({
  of: { State, Started, Ended, Chains = [], ChainCount = 0, EventCount, Fault },
}: {
  of: AuditVerificationOutput;
}) {
  if (State === 'MODIFIED')
    return (
      <Broken title="The result of the verification was edited">
        <p>The row in the database doesn’t have the MAC that the service computed. Verify the chains again.</p>
      </Broken>
    );
  const noResult = NO_RESULT[State];
  if (noResult)
    return (
      <Empty title={noResult[0]}>
        <p>{noResult[1]}</p>
      </Empty>
    );
  const faulty = Chains.filter((chain) => chain.Fault);
  const heads = Chains.map(({ Chain, Head }) => `chain ${Chain} ${Head.Sequence} ${Head.Hash}`).join('\n');
  return (
    <>
      {Fault !== undefined && (
        <Broken title="The set of chains is broken">
          <p>{Fault}</p>
          <Advice />
        </Broken>
      )}
      {faulty.map((chain) => (
        <BrokenChain key={chain.Chain} of={chain} />
      ))}
      <dl class="facts">
        {Chains.slice(0, SHOWN_CHAINS).map((chain) => (
          <div key={chain.Chain}>
            <dt>
              Chain {chain.Chain}
              {chain.Host !== undefined && `, ${chain.Host}`}
            </dt>
            <dd class={chain.Fault ? 'fault' : 'fine'}>{chain.Fault ? `Broken: ${chain.Fault.Kind}` : 'Intact'}</dd>
            <dd>
              {chain.Elsewhere ? 'Events on a stream' : count(chain.Events, 'event')}, ends {shortHash(chain.Head.Hash)}
            </dd>
          </div>
        ))}
        {ChainCount > SHOWN_CHAINS && (
          <div>
            <dt>{count(ChainCount - SHOWN_CHAINS, 'more chain')}</dt>
            <dd class={faulty.length > SHOWN_CHAINS ? 'fault' : 'fine'}>
              {faulty.length > SHOWN_CHAINS ? `${faulty.length - SHOWN_CHAINS} broken` : 'Intact'}
            </dd>
            <dd>{count(EventCount ?? 0, 'event')} in all</dd>
          </div>
        )}
        <div>
          <dt>Checked</dt>
          <dd>{Ended === undefined ? '' : timeWords(Ended)}</dd>
          <dd>
            {Ended !== undefined && Started !== undefined && `in ${Math.max(1, Math.round(Ended - Started))} s `}
            <Copy text={heads} what="the chain heads" />
          </dd>
        </div>
      </dl>
    </>
  );
}

function BrokenChain({ of: { Chain, Fault, To } }: { of: VerifiedChain }) {
  const at = Fault?.Sequence === undefined ? '' : ` at event ${Fault.Sequence}`;
  return (
    <Broken title={`Chain ${Chain} is broken: ${Fault?.Kind}${at}`}>
      <p>{Fault?.What}</p>
      <Advice />
      {To !== undefined && (
        <p>
          <a href={hrefOf(['audit'], { at: String(To) })}>Show the events before and after</a>
        </p>
      )}
    </Broken>
  );
}

function Broken({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="verdict bad" role="alert">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

function Advice() {
  return (
    <p>
      Keep a copy of the database as it is. Compare these events with the copy on standard output, and the chain heads
      with those that you recorded earlier; docs/audit.md explains each fault.
    </p>
  );
}
