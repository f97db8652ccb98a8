import { Fragment } from 'preact';
import type {
  ApprovalSummary,
  Guard,
  ListGuardsOutput,
  ListTeamsOutput,
  Team,
} from '../../src/admin/approvals.schema.js';
import { admin, listAll } from '../api.js';
import { loadApprovals, operationName, type State, STATES, teamName, waitsForUser } from '../approvals.js';
import { Choice } from '../components/field.js';
import { Head } from '../components/head.js';
import { More } from '../components/more.js';
import { Sheet } from '../components/sheet.js';
import { Await, Empty } from '../components/states.js';
import { Table } from '../components/table.js';
import { Tag } from '../components/tag.js';
import { type Page, useLoad, usePages } from '../load.js';
import { approvalHref, hrefOf, place, setQuery } from '../router.js';
import { region } from '../session.js';
import { agoWords, count, principalWords, untilWords } from '../words.js';
import { Request } from './approval.js';

const PAGE = 50;
/** Maximum number of pending requests that are shown. */
const MOST_PENDING = 500;

/** The screen of a place below `#/approvals`; undefined if there is none. */
export function approvalsAt([first, id, ...rest]: readonly string[]) {
  if (rest.length > 0) return undefined;
  if (first === undefined) return <Requests />;
  if (id !== undefined) return <Request id={id} key={id} />;
  return first === 'teams' ? <Teams /> : undefined;
}

function Frame({ here }: { here: 'requests' | 'teams' }) {
  return (
    <>
      <Head title="Approvals">
        <p>Calls in {region.value} that other users must approve before they take effect.</p>
      </Head>
      <nav class="tabs" aria-label="Approvals">
        <a href={hrefOf(['approvals'])} aria-current={here === 'requests' ? 'page' : undefined}>
          Requests
        </a>
        <a href={hrefOf(['approvals', 'teams'])} aria-current={here === 'teams' ? 'page' : undefined}>
          Teams and guards
        </a>
      </nav>
    </>
  );
}

/** The requests for approval, those that are pending first. */
function Requests() {
  const state = place.value.query.get('state') ?? '';
  const { loaded, pages } = usePages<ApprovalSummary, Page<ApprovalSummary>>(
    (token) => loadPage(state, token),
    [state, region.value],
  );
  return (
    <>
      <Frame here="requests" />
      <section class="sheet" aria-label="Requests">
        <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
          <Choice
            label="State"
            value={state}
            onInput={(value) => setQuery({ state: value })}
            options={[['', 'All, pending first'], ...Object.entries(STATES)]}
          />
        </form>
        <Await loaded={loaded}>
          {() => (
            <>
              {pages.items.length === 0 && !pages.more ? (
                <Empty title={`No ${kindOf(state)}requests in ${region.value}`}>
                  <p>
                    A call that a guard covers is refused, and opens a request.{' '}
                    <a href={hrefOf(['approvals', 'teams'])}>See which calls are guarded</a>
                  </p>
                </Empty>
              ) : (
                <Table
                  caption="Requests"
                  head={['Operation', 'Requester', 'Team', '#Approvals', 'Requested', 'Ends', 'State']}
                >
                  {pages.items.map((request) => (
                    <Row key={`${request.Id} ${request.State}`} of={request} />
                  ))}
                </Table>
              )}
              <div class="foot">
                <span role="status">{count(pages.items.length, 'request')}</span>
                <span class="row">
                  <More pages={pages} text="Show more" />
                </span>
              </div>
            </>
          )}
        </Await>
      </section>
    </>
  );
}

/** E.g. `pending `; nothing for all requests. @param state one that the service has accepted as a filter */
function kindOf(state: string): string {
  return state === '' ? '' : `${STATES[state as State].toLowerCase()} `;
}

/** Loads a page of requests. Without a filter, the first page begins with all that are pending. */
async function loadPage(state: string, token: string | undefined): Promise<Page<ApprovalSummary>> {
  const [pending, { Approvals, NextToken }] = await Promise.all([
    state === '' && token === undefined ? loadPending() : [],
    loadApprovals({ State: state, MaxResults: PAGE, NextToken: token }),
  ]);
  const others = state === '' ? Approvals.filter(({ State }) => State !== 'PENDING') : Approvals;
  return { items: [...pending, ...others], next: NextToken };
}

async function loadPending(): Promise<ApprovalSummary[]> {
  const { items } = await listAll(
    (paging) => loadApprovals({ State: 'PENDING', ...paging }),
    ({ Approvals }) => Approvals,
    MOST_PENDING,
  );
  return items;
}

function Row({ of }: { of: ApprovalSummary }) {
  const { SessionArn, Requester, TeamArn, Approvals, MinApprovals, CreateTimestamp } = of;
  const end = endOf(of);
  return (
    <tr>
      <td class="wrap">
        <a href={approvalHref(SessionArn)}>
          {operationName(of)}
          <span class="vh"> of {of.Id}</span>
        </a>
      </td>
      <td class="wide wrap">{principalWords(Requester)}</td>
      <td class="wrap" data-k="Team">
        {teamName(TeamArn)}
      </td>
      <td class="num" data-k="Approvals">
        {Approvals} of {MinApprovals}
      </td>
      <td data-k="Asked">{agoWords(CreateTimestamp)}</td>
      <td {...(end === undefined ? { class: 'gone' } : { 'data-k': 'Ends' })}>
        {end !== undefined && untilWords(end)}
      </td>
      <td class="corner">
        <StateTag of={of} />
      </td>
    </tr>
  );
}

/** End of the time to vote, or to repeat the call; undefined for a request that has ended. */
function endOf({ State, ExpirationTimestamp, ApprovedUntil }: ApprovalSummary): number | undefined {
  if (State === 'PENDING') return ExpirationTimestamp;
  return State === 'APPROVED' ? ApprovedUntil : undefined;
}

function StateTag({ of }: { of: ApprovalSummary }) {
  if (of.State === 'EXECUTED') return <>Executed</>;
  if (of.State !== 'PENDING') return <Tag tone={TONES[of.State]}>{STATES[of.State]}</Tag>;
  if (waitsForUser(of)) return <Tag tone="warn">Waits for you</Tag>;
  if (of.OwnVote !== undefined) return <Tag>{of.OwnVote === 'APPROVE' ? 'You approved' : 'You denied'}</Tag>;
  return <Tag>Pending</Tag>;
}

const TONES = { APPROVED: 'ok', FAILED: 'bad', CANCELLED: undefined } as const;

/** The teams and the guards of the Region, which the admin API changes. */
function Teams() {
  const teams = useLoad(() => admin<ListTeamsOutput>('ListTeams', ['GET', 'teams']), [region.value]);
  const guards = useLoad(() => admin<ListGuardsOutput>('ListGuards', ['GET', 'guards']), [region.value]);
  return (
    <>
      <Frame here="teams" />
      <Sheet title="Teams">
        <Await loaded={teams}>
          {({ Teams: found }) =>
            found.length === 0 ? (
              <Empty title={`No teams in ${region.value}`}>
                <p>
                  A team is a set of users, a number of whom must approve a call. CreateTeam of the admin API makes one.
                </p>
              </Empty>
            ) : (
              <TeamTable of={found} />
            )
          }
        </Await>
      </Sheet>
      <Sheet title="Guards">
        <Await loaded={guards}>
          {({ Guards, Guardable }) => (
            <>
              {Guards.length === 0 ? (
                <Empty title={`No guards in ${region.value}`}>
                  <p>A guard requires the approval of a team for an operation. PutGuard of the admin API sets one.</p>
                </Empty>
              ) : (
                <GuardTable of={Guards} />
              )}
              <Unguarded of={Guardable.filter((name) => !Guards.some(({ Operation }) => Operation === name))} />
            </>
          )}
        </Await>
      </Sheet>
    </>
  );
}

function TeamTable({ of: teams }: { of: readonly Team[] }) {
  return (
    <Table caption="Teams" head={['Team', 'Approvers', '#Needed', 'Time to vote']}>
      {teams.map(({ TeamArn, Name, Approvers, MinApprovals, SessionSeconds }) => (
        <tr key={TeamArn}>
          <td class="wrap">{Name}</td>
          <td class="wide wrap">
            {Approvers.map(({ UniqueId, Name: user }, index) => (
              <Fragment key={UniqueId}>
                {index > 0 && ', '}
                {user === undefined ? `${UniqueId} (deleted)` : <a href={hrefOf(['access', 'users', user])}>{user}</a>}
              </Fragment>
            ))}
          </td>
          <td class="num" data-k="Needed">
            {MinApprovals} of {Approvers.length}
          </td>
          <td data-k="Time to vote">{count(Math.floor(SessionSeconds / 3600), 'hour')}</td>
        </tr>
      ))}
    </Table>
  );
}

function GuardTable({ of: guards }: { of: readonly Guard[] }) {
  return (
    <Table caption="Guards" head={['Operation', 'Team', 'Concerns']}>
      {guards.map(({ Operation, TeamArn, Condition }) => (
        <tr key={Operation}>
          <td class="wrap">{Operation}</td>
          <td class="wrap" data-k="Team">
            {teamName(TeamArn)}
          </td>
          <td class="wide wrap">
            {Condition === undefined ? 'Every call' : <code class="wrap">{JSON.stringify(Condition)}</code>}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Unguarded({ of: names }: { of: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <div class="foot">
      <span class="wrap">Not guarded: {names.join(', ')}</span>
    </div>
  );
}
