import { InvalidArgumentError, Option } from 'commander';
import type { Approval, ApprovalOutput, ApprovalSummary, ListApprovalsOutput } from '../admin/approvals.schema.js';
import type { SessionState } from '../approvals/approval-session.entity.js';
import { documentLines, plain } from '../approvals/shown-text.js';
import type { Command, Streams } from './command.js';
import { type ConfirmationOptions, confirm, withConfirmation } from './confirmation.js';
import { EXIT, Failure } from './failure.js';
import { section, table, timeOf } from './layout.js';
import { type OutputOptions, print, printItems, remark, withOutput } from './results.js';
import { connect, type ServiceClient } from './service/client.js';
import { type ServiceOptions, withService } from './service/connection.js';

const DOCUMENT = 'docs/approvals.md';
/** As in ApprovalSession, whose module loads the database. */
const STATES: readonly SessionState[] = ['PENDING', 'APPROVED', 'FAILED', 'CANCELLED', 'EXECUTED'];
const ID = 'id of the session: TEAM:ID, or its ARN';
const EXAMPLE = '"$SESSION"';
const MIN_DIGITS = 8;

type CommentOptions = ServiceOptions & { comment?: string };

/** Adds `keyblock approvals`. */
export function addApprovals(program: Command, streams: Streams): void {
  const group = program.command('approvals').description('Read and decide on requests for approval.').readOn(DOCUMENT);
  addReads(group, streams);
  addVotes(group, streams);
  addBreakGlass(group, streams);
}

function addReads(group: Command, streams: Streams): void {
  const list = group
    .command('list')
    .description('List requests for approval, the newest first.')
    .addOption(new Option('--state <state>', 'Only those in this state.').choices(STATES))
    .examples('keyblock approvals list', 'keyblock approvals list --state PENDING --profile ann')
    .readOn(DOCUMENT);
  withService(list, 'Print a JSON line for each request.').action(
    async (options: ServiceOptions & { state?: string }) => {
      const client = await connect(options);
      const found: ApprovalSummary[] = [];
      const pages = client.pages((paging) =>
        client.admin<ListApprovalsOutput>('GET', ['approvals'], { query: { ...paging, State: options.state } }),
      );
      for await (const { Approvals } of pages) found.push(...Approvals);
      const header = ['ID', 'OPERATION', 'STATE', 'VOTES', 'EXPIRES', 'FOR ME', 'REQUESTER'];
      printItems(streams, options, found, header, (each) => [
        each.Id,
        each.Operation,
        each.State,
        `${each.Approvals}/${each.MinApprovals}`,
        timeOf(each.ExpirationTimestamp),
        each.MayVote ? 'yes' : '-',
        each.Requester,
      ]);
    },
  );
  const show = group
    .command('show')
    .description('Print what a request will change, and the votes so far.')
    .argument('<id>', ID)
    .examples(`keyblock approvals show ${EXAMPLE}`, `keyblock approvals show ${EXAMPLE} --profile ann`)
    .readOn(DOCUMENT);
  withService(show).action(async (id: string, options: ServiceOptions) => {
    const { Approval } = await get(await connect(options), id);
    print(streams, options, Approval, approvalLines(Approval));
  });
}

function addVotes(group: Command, streams: Streams): void {
  const approve = group
    .command('approve')
    .description(
      'Approve a request, as the user whose profile signs.\n\nGive the hash that `show` printed: it identifies the request that you have read. Its first 8 digits are enough.',
    )
    .argument('<id>', ID)
    .addOption(
      new Option('--hash <digits>', 'Request hash that `show` printed.').argParser(digits).makeOptionMandatory(),
    )
    .option('--comment <text>', 'Comment, visible to everyone who may read the request.')
    .examples(
      `keyblock approvals approve ${EXAMPLE} --hash 3f9a07c1`,
      `keyblock approvals approve ${EXAMPLE} \\\n  --hash 3f9a07c1 --profile ann`,
    )
    .readOn(DOCUMENT);
  withService(approve).action(async (id: string, options: CommentOptions & { hash: string }) => {
    const client = await connect(options);
    const { Approval } = await get(client, id);
    if (!Approval.RequestHash.startsWith(options.hash))
      throw new Failure(
        EXIT.no,
        `The request hash doesn't begin with ${options.hash}: read the request with keyblock approvals show before you vote.`,
      );
    await vote(client, streams, options, 'approve', Approval);
  });
  const deny = group
    .command('deny')
    .description('Deny a request, as the user whose profile signs.')
    .argument('<id>', ID)
    .option('--comment <text>', 'Reason, visible to everyone who may read the request.')
    .examples(
      `keyblock approvals deny ${EXAMPLE} --comment "not in this window"`,
      `keyblock approvals deny ${EXAMPLE} --profile ann`,
    )
    .readOn(DOCUMENT);
  withService(deny).action(async (id: string, options: CommentOptions) => {
    const client = await connect(options);
    await vote(client, streams, options, 'deny', (await get(client, id)).Approval);
  });
  const cancel = group
    .command('cancel')
    .description('Cancel a request that you have made.')
    .argument('<id>', ID)
    .examples(`keyblock approvals cancel ${EXAMPLE}`, `keyblock approvals cancel ${EXAMPLE} --json`)
    .readOn(DOCUMENT);
  withService(cancel).action(async (id: string, options: ServiceOptions) => {
    const client = await connect(options);
    const { Approval } = await client.admin<ApprovalOutput>('POST', ['approvals', idOf(id), 'cancel']);
    printState(streams, options, Approval);
  });
}

function addBreakGlass(group: Command, streams: Streams): void {
  const command = group
    .command('break-glass')
    .description(
      'Approve a request in place of its team, on this machine.\n\nFor a deployment whose approvers are locked out. The command needs the environment of the service with its master key, approves this one request, and is audited as BreakGlass with the reason. The requester then repeats the call, or the service executes it within ten seconds.',
    )
    .argument('<id>', ID)
    .requiredOption('--reason <text>', 'Reason for bypassing the team, for the audit log.')
    .examples(
      `keyblock approvals break-glass ${EXAMPLE} \\\n  --reason "INC-4711: both custodians have left"`,
      `keyblock approvals break-glass ${EXAMPLE} --yes \\\n  --reason INC-4711`,
    )
    .readOn(DOCUMENT);
  withConfirmation(withOutput(command)).action(
    async (id: string, options: OutputOptions & ConfirmationOptions & { reason: string }) => {
      await confirm(streams, options, `Approve ${id} in place of its team?`);
      const { breakGlass } = await import('./break-glass.js');
      const approved = await breakGlass(idOf(id), options.reason);
      print(streams, options, approved, [
        `${approved.Operation} of ${approved.Requester} is approved until ${timeOf(approved.ApprovedUntil)}.`,
      ]);
      if (approved.Notified === false) remark(streams, options, 'The webhook did not get the notice.');
    },
  );
}

async function vote(
  client: ServiceClient,
  streams: Streams,
  options: CommentOptions,
  verb: 'approve' | 'deny',
  { Id, RequestHash }: Approval,
): Promise<void> {
  const body = JSON.stringify({ RequestHash, ...(options.comment !== undefined && { Comment: options.comment }) });
  const { Approval } = await client.admin<ApprovalOutput>('POST', ['approvals', Id, verb], { body });
  printState(streams, options, Approval);
}

function printState(streams: Streams, options: ServiceOptions, approval: Approval): void {
  print(streams, options, approval, []);
  const { Id, State, Approvals, MinApprovals, Executes, ApprovedUntil } = approval;
  remark(streams, options, `${Id} is ${State}: ${Approvals} of ${MinApprovals} approvals.`);
  if (State === 'APPROVED' && !Executes)
    remark(streams, options, `The requester can repeat the call until ${timeOf(ApprovedUntil)}.`);
}

function get(client: ServiceClient, id: string): Promise<ApprovalOutput> {
  return client.admin<ApprovalOutput>('GET', ['approvals', idOf(id)]);
}

/** Returns the id of a session whose id or ARN is given. */
function idOf(text: string): string {
  const [, team, id] = /:session\/([^/]+)\/([^/]+)$/.exec(text) ?? [];
  return team !== undefined && id !== undefined ? `${team}:${id}` : text;
}

function digits(text: string): string {
  const hash = text.toLowerCase().replace(/…$/, '');
  if (hash.length < MIN_DIGITS || !/^[0-9a-f]{1,64}$/.test(hash))
    throw new InvalidArgumentError(`Give at least ${MIN_DIGITS} digits of the request hash that \`show\` printed.`);
  return hash;
}

function approvalLines(approval: Approval): string[] {
  const { Before, After, Votes, Comment, StatusMessage, BreakGlassReason } = approval;
  const parameters = JSON.stringify(approval.Parameters, null, 2);
  return [
    ...table([
      ['request', approval.Id],
      ['operation', approval.Operation],
      ['requester', plain(approval.Requester)],
      ...(Comment === undefined ? [] : [['comment', plain(Comment)]]),
      ['state', `${approval.State}${StatusMessage === undefined ? '' : ` (${plain(StatusMessage)})`}`],
      ...(BreakGlassReason === undefined ? [] : [['break glass', plain(BreakGlassReason)]]),
      ['approvals', `${approval.Approvals} of ${approval.MinApprovals}`],
      ['created', timeOf(approval.CreateTimestamp)],
      ['expires', timeOf(approval.ExpirationTimestamp)],
      ['hash', approval.RequestHash],
      ...(approval.Barrier === undefined ? [] : [['your vote', plain(approval.Barrier)]]),
    ]),
    ...section('What will change', [
      ...table(approval.Facts.map(({ Name, Value }) => [Name, plain(Value)])),
      ...approval.Resources.map((resource) => `Uses ${plain(resource)}`),
    ]),
    ...(parameters === '{}' ? [] : section('Parameters', parameters.split('\n').map(plain))),
    ...(Before === undefined && After === undefined
      ? []
      : section('Document (- before, + after)', documentLines(Before, After))),
    ...(Votes.length === 0
      ? []
      : section(
          'Votes',
          table(
            Votes.map(({ Voter, Decision, Timestamp, Comment: said }) => [
              Decision,
              plain(Voter),
              timeOf(Timestamp),
              plain(said ?? ''),
            ]),
          ),
        )),
  ];
}
