import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import type { Approval } from '../../src/admin/approvals.schema.js';
import { documentLines, plain, plainLines } from '../../src/approvals/shown-text.js';
import { callApproval, operationName, type State, STATES, teamName, votes } from '../approvals.js';
import { useChange } from '../change.js';
import { Copy } from '../components/copy.js';
import { TextField } from '../components/field.js';
import { AwaitPage } from '../components/await-page.js';
import { Head } from '../components/head.js';
import { Sheet } from '../components/sheet.js';
import { Empty, Failure } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { useLoad } from '../load.js';
import { hrefOf, keyHref } from '../router.js';
import { identity, region } from '../session.js';
import { principalWords, timeWords, untilWords } from '../words.js';

/** Digits of the request hash that an approver types. */
const DIGITS = 8;

/** One request for approval: what will change, and the votes. @param id TEAM:ID, in the page's Region */
export function Request({ id }: { id: string }) {
  const loaded = useLoad(() => callApproval('GetApproval', id), [region.value]);
  return (
    <>
      <p class="crumb">
        <a href={hrefOf(['approvals'])}>Approvals</a>
      </p>
      <AwaitPage title={id} loaded={loaded}>
        {(value, reload) => <RequestPage of={value} reload={reload} />}
      </AwaitPage>
    </>
  );
}

interface PartProps {
  of: Approval;
  reload: () => void;
}

const TONES: Readonly<Partial<Record<State, 'ok' | 'warn' | 'bad'>>> = {
  PENDING: 'warn',
  APPROVED: 'ok',
  EXECUTED: 'ok',
  FAILED: 'bad',
};

function RequestPage({ of, reload }: PartProps) {
  const { Before, After, Parameters } = of;
  return (
    <>
      <Head title={operationName(of)}>
        <p class="row arn">
          <Tag tone={TONES[of.State]}>{STATES[of.State]}</Tag>
          {of.BreakGlassReason !== undefined && <Tag tone="bad">Break glass</Tag>}
          <code class="wrap">{of.SessionArn}</code>
          <Copy text={of.SessionArn} what="the ARN" />
        </p>
      </Head>
      <section class="sheet" aria-label="Request">
        <Facts of={of} />
      </section>
      <div class="cols">
        <div>
          <Change of={of} />
          {(Before !== undefined || After !== undefined) && (
            <Sheet title="Document" aside={<span class="quiet">- before, + after</span>}>
              <div class="body">
                <Document lines={documentLines(Before, After)} />
              </div>
            </Sheet>
          )}
          {Object.keys(Parameters).length > 0 && (
            <Sheet title="Parameters" aside={<span class="quiet">As in the audit log</span>}>
              <div class="body">
                <pre class="wrap" tabIndex={0}>
                  {plainLines(JSON.stringify(Parameters, null, 2))}
                </pre>
              </div>
            </Sheet>
          )}
        </div>
        <div>
          <NextStep of={of} reload={reload} />
          <Votes of={of} />
        </div>
      </div>
    </>
  );
}

/** Requester, deciding team and deadline. */
function Facts({ of }: { of: Approval }) {
  const { Requester, TeamArn, Approvals, MinApprovals, CreateTimestamp, ExpirationTimestamp, ApprovedUntil } = of;
  return (
    <dl class="facts">
      <div>
        <dt>Requester</dt>
        <dd>{plain(principalWords(Requester))}</dd>
        <dd>{plain(Requester)}</dd>
      </div>
      <div>
        <dt>Team</dt>
        <dd>{teamName(TeamArn)}</dd>
      </div>
      <div>
        <dt>Approvals</dt>
        <dd>
          {Approvals} of {MinApprovals}
        </dd>
      </div>
      <div>
        <dt>Requested</dt>
        <dd>{timeWords(CreateTimestamp)}</dd>
      </div>
      <div>
        <dt>Voting ends</dt>
        <dd>{timeWords(ExpirationTimestamp)}</dd>
        {of.State === 'PENDING' && <dd>{untilWords(ExpirationTimestamp)}</dd>}
      </div>
      {ApprovedUntil !== undefined && (
        <div>
          <dt>Approval expires</dt>
          <dd>{timeWords(ApprovedUntil)}</dd>
        </div>
      )}
    </dl>
  );
}

/** The text that an approver has to read, with its hash at the end. */
function Change({
  of: { Facts: facts, Resources, Comment, RequestHash, Operation, BreakGlassReason },
}: {
  of: Approval;
}) {
  return (
    <Sheet title="What will change">
      <div class="body">
        <dl class="defs">
          {facts.map(({ Name, Value }) => (
            <Fragment key={Name}>
              <dt>{plain(Name)}</dt>
              <dd class="wrap">{plain(Value)}</dd>
            </Fragment>
          ))}
          <dt>Operation</dt>
          <dd class="wrap">{Operation}</dd>
          {Resources.length > 0 && (
            <>
              <dt>Uses</dt>
              <dd class="wrap">
                {Resources.map((resource) => (
                  <div key={resource}>
                    <Resource text={resource} />
                  </div>
                ))}
              </dd>
            </>
          )}
          {Comment !== undefined && (
            <>
              <dt>Requester’s comment</dt>
              <dd class="wrap">{plain(Comment)}</dd>
            </>
          )}
          {BreakGlassReason !== undefined && (
            <>
              <dt>Reason to break the glass</dt>
              <dd class="wrap">{plain(BreakGlassReason)}</dd>
            </>
          )}
          <dt>Request hash</dt>
          <dd>
            <code class="wrap">
              <strong>{RequestHash.slice(0, DIGITS)}</strong>
              {RequestHash.slice(DIGITS)}
            </code>
          </dd>
        </dl>
      </div>
    </Sheet>
  );
}

/** An ARN with its description; that of a key leads to its page. */
function Resource({ text }: { text: string }) {
  const [arn] = /^arn:aws:(?:payment-cryptography|kms):[a-z0-9-]+:\d+:key\/[\w-]+/.exec(text) ?? [];
  if (arn === undefined) return <>{plain(text)}</>;
  return (
    <>
      <a href={keyHref(arn)}>{arn}</a>
      {plain(text.slice(arn.length))}
    </>
  );
}

function Document({ lines }: { lines: readonly string[] }) {
  return (
    <pre class="wrap diff" tabIndex={0}>
      {lines.map((line, index) => {
        if (line.startsWith('+')) return <ins key={index}>{`${line}\n`}</ins>;
        return line.startsWith('-') ? <del key={index}>{`${line}\n`}</del> : `${line}\n`;
      })}
    </pre>
  );
}

/** The vote of the user, or why there is none and what comes next. */
function NextStep({ of, reload }: PartProps) {
  const isOwn = of.Requester === identity.value?.arn;
  const isLive = of.State === 'PENDING' || of.State === 'APPROVED';
  return (
    <Sheet title={of.MayVote ? 'Your vote' : 'What comes next'}>
      {of.MayVote ? <VoteForm of={of} reload={reload} /> : <Explanation of={of} isOwn={isOwn} />}
      {isOwn && isLive && <Cancellation of={of} reload={reload} />}
    </Sheet>
  );
}

function Explanation({ of, isOwn }: { of: Approval; isOwn: boolean }) {
  const { State: state, Barrier, StatusMessage, ApprovedUntil, Executes } = of;
  if (state === 'PENDING')
    return (
      <Empty title="You have no vote">
        <p class="wrap">{Barrier}</p>
      </Empty>
    );
  if (state === 'APPROVED') {
    const until = ApprovedUntil === undefined ? '' : timeWords(ApprovedUntil);
    return (
      <Empty title={isOwn ? 'Repeat the call' : 'Approved'}>
        <p>
          {Executes
            ? 'The service carries the call out within ten seconds.'
            : `${isOwn ? 'Make the same call again' : 'The requester can repeat the same call'} until ${until}. It takes effect once.`}
        </p>
      </Empty>
    );
  }
  const words = {
    EXECUTED: 'The call has taken effect.',
    FAILED: StatusMessage ?? 'The request has ended.',
    CANCELLED: 'The requester has cancelled the request.',
  };
  return (
    <Empty title={STATES[state]}>
      <p class="wrap">{plain(words[state])}</p>
    </Empty>
  );
}

function VoteForm({ of, reload }: PartProps) {
  const { Id, RequestHash, OwnVote, Executes, MinApprovals } = of;
  const [digits, setDigits] = useState('');
  const [comment, setComment] = useState('');
  const { failure, run } = useChange();
  const typed = digits.trim().toLowerCase();
  const isRead = typed === RequestHash.slice(0, DIGITS);
  const vote = async (operation: 'Approve' | 'Deny', done: string) => {
    const body = { RequestHash, ...(comment.trim() !== '' && { Comment: comment.trim() }) };
    if (await run(() => callApproval(operation, Id, body), `${done} ${operationName(of)}`)) {
      setDigits('');
      setComment('');
      votes.value += 1;
    }
    // The request may have ended meanwhile.
    reload();
  };
  return (
    <form
      class="body"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRead) void vote('Approve', 'Approved');
      }}
    >
      {OwnVote !== undefined && (
        <p class="lede">
          You have {OwnVote === 'APPROVE' ? 'approved' : 'denied'} this request. A new vote replaces it.
        </p>
      )}
      <TextField
        label={`First ${DIGITS} digits of the request hash`}
        value={digits}
        onInput={setDigits}
        hint="Needed to approve. The hash is at the end of the change, and covers exactly that text."
        mono
      />
      {typed.length >= DIGITS && !isRead && (
        <p class="problem" role="alert">
          These aren’t the first {DIGITS} digits. Read the request again.
        </p>
      )}
      <TextField
        label="Comment, or reason to deny"
        value={comment}
        onInput={(text) => setComment(text.slice(0, 200))}
        hint="Up to 200 characters, for everyone who may read the request."
      />
      <div class="row">
        <button type="submit" class="btn go" disabled={!isRead}>
          Approve
        </button>
        <button type="button" class="btn stop" onClick={() => void vote('Deny', 'Denied')}>
          Deny
        </button>
      </div>
      <p class="hint">
        {MinApprovals === 1 ? 'One approval is' : `${MinApprovals} approvals are`} needed. Then{' '}
        {Executes ? 'the service carries the call out.' : 'the requester can repeat the call within an hour.'}
      </p>
      {failure && <Failure error={failure} />}
    </form>
  );
}

function Cancellation({ of, reload }: PartProps) {
  const { failure, run } = useChange();
  const cancel = async () => {
    await run(() => callApproval('CancelApproval', of.Id), `Cancelled ${operationName(of)}`);
    reload();
  };
  return (
    <div class="foot">
      <button type="button" class="btn stop" onClick={() => void cancel()}>
        Cancel the request
      </button>
      {failure && <Failure error={failure} />}
    </div>
  );
}

function Votes({ of: { Votes: cast } }: { of: Approval }) {
  return (
    <Sheet title="Votes">
      {cast.length === 0 ? (
        <Empty title="Nobody has voted yet" />
      ) : (
        <Table caption="Votes" head={['Voter', 'Vote', 'When']}>
          {cast.map(({ Voter, Decision, Timestamp, Comment }) => (
            <tr key={Voter}>
              <td class="wrap">{plain(principalWords(Voter))}</td>
              <td class="corner">
                <Tag tone={Decision === 'APPROVE' ? 'ok' : 'bad'}>{Decision === 'APPROVE' ? 'Approved' : 'Denied'}</Tag>
              </td>
              <td class="wide wrap">
                {timeWords(Timestamp)}
                {Comment !== undefined && <small>{plain(Comment)}</small>}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Sheet>
  );
}
