import type { GetStatusOutput } from '../../admin/status.schema.js';
import type { Command, Streams } from '../command.js';
import { count, section, table, timeOf } from '../layout.js';
import { headed, print } from '../results.js';
import { connect } from './client.js';
import { type ServiceOptions, withService } from './connection.js';

const DESCRIPTION = `Print the state of a service.

Prints its processes, and the state of the database, the master key, replication and the audit log. Needs the permission keyblock:GetStatus.`;

/** Adds `keyblock status`. */
export function addStatus(program: Command, streams: Streams): void {
  const status = program
    .command('status')
    .description(DESCRIPTION)
    .examples('keyblock status', 'keyblock status --json')
    .readOn('docs/cli.md');
  withService(status).action(async (options: ServiceOptions) => {
    const client = await connect(options);
    const answer = await client.admin<GetStatusOutput>('GET', ['status']);
    print(streams, options, answer, statusLines(streams, options, answer, client.connection.endpoint));
  });
}

function statusLines(
  streams: Streams,
  options: ServiceOptions,
  { Nodes, Database, MasterKey, Token, Replication, Audit }: GetStatusOutput,
  endpoint: string,
): string[] {
  const { State = 'never', Ended } = Audit.Verified ?? {};
  const rotation = MasterKey.Retiring === undefined ? '' : `, replaces that of ${timeOf(MasterKey.Retiring)}`;
  const replicas = Replication.map(
    ({ Region, Waiting, OldestSeconds, Failed }) =>
      `${Region}: ${Waiting} waiting${Waiting > 0 ? ` for up to ${Math.ceil(OldestSeconds)} s` : ''}, ${Failed} failed`,
  );
  return [
    ...table([
      ['service', endpoint],
      ['database', `${Database.Kind} PostgreSQL ${Database.Version}, ${Database.Migration}`],
      ['master key', `${words(MasterKey.State)}, from ${MasterKey.Holder}, of ${timeOf(MasterKey.Created)}${rotation}`],
      ...(Token
        ? [
            [
              'token',
              `${Token.Label}, ${Token.Reachable ? 'reachable' : 'NOT REACHABLE'}, ${count(Token.Sessions, 'session')}`,
            ],
          ]
        : []),
      ['replication', replicas.join('; ') || 'none'],
      [
        'audit log',
        `to ${Audit.Sinks.join(' and ')}, verified: ${words(State)}${Ended === undefined ? '' : ` ${timeOf(Ended)}`}`,
      ],
    ]),
    ...section('Nodes', []),
    ...headed(
      streams,
      options,
      ['HOST', 'PROCESS', 'VERSION', 'WORKERS', 'STARTED', 'LAST SEEN', 'AUDIT WAITING'],
      Nodes.map(({ Host, Pid, Version, Workers, Started, LastSeen, AuditWaiting }) => [
        Host,
        String(Pid),
        Version,
        String(Workers),
        timeOf(Started),
        timeOf(LastSeen),
        String(AuditWaiting),
      ]),
    ),
  ];
}

function words(state: string): string {
  return state.toLowerCase().replaceAll('_', ' ');
}
