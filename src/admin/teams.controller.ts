import { ApprovalTeams, teamArn } from '../approvals/approval-teams.js';
import { GuardedOperations } from '../approvals/guarded-operations.js';
import { type Call, scopeOf } from '../call.js';
import { Nothing } from '../http/fields.js';
import { Body, Param } from '../http/input.js';
import { OperationsController } from '../http/operation.js';
import { AdminOperation } from './admin-operation.js';
import { presentGuard, presentTeam } from './approvals.presenter.js';
import {
  CreateTeamInput,
  GuardOutput,
  GuardPath,
  ListGuardsOutput,
  ListTeamsOutput,
  PutGuardInput,
  TeamOutput,
  TeamPath,
  UpdateTeamInput,
} from './approvals.schema.js';

const ofTeam = (call: Call, { team }: TeamPath) => teamArn(scopeOf(call), team);

@OperationsController('approval teams')
export class TeamsController {
  constructor(
    private readonly teams: ApprovalTeams,
    private readonly operations: GuardedOperations,
  ) {}

  @AdminOperation({
    name: 'ListTeams',
    route: ['GET', 'teams'],
    resource: 'nothing',
    summary: 'Lists approval teams',
    description: 'Lists the teams of the Region for which the request is signed.',
    example: 'http://127.0.0.1:8080/admin/teams',
    output: ListTeamsOutput,
  })
  async list(call: Call): Promise<ListTeamsOutput> {
    return { Teams: (await this.teams.list(call)).map(presentTeam) };
  }

  @AdminOperation({
    name: 'CreateTeam',
    route: ['POST', 'teams'],
    resource: 'team',
    about: (call: Call, { Name }: CreateTeamInput) => teamArn(scopeOf(call), Name),
    summary: 'Creates an approval team',
    description:
      'A request needs the approval of MinApprovals of the approvers, which are users. As soon as the team exists, it must approve changes of its ' +
      'approvers’ access: policies, access keys, passwords and sessions. It must also approve changes of itself and of its guards.',
    example:
      '-d \'{"Name":"vault","Approvers":["custodian-1","custodian-2"],"MinApprovals":1}\' http://127.0.0.1:8080/admin/teams',
    output: TeamOutput,
  })
  async create(call: Call, @Body(CreateTeamInput) input: CreateTeamInput): Promise<TeamOutput> {
    return { Team: presentTeam(await this.teams.create(call, input.Name, membersOf(input))) };
  }

  @AdminOperation({
    name: 'GetTeam',
    route: ['GET', 'teams/:team'],
    resource: 'team',
    about: ofTeam,
    summary: 'Gets an approval team',
    description: 'Returns the approvers, and the number of approvals that a request needs.',
    example: 'http://127.0.0.1:8080/admin/teams/custodians',
    output: TeamOutput,
  })
  async get(call: Call, @Param(TeamPath) { team }: TeamPath): Promise<TeamOutput> {
    return { Team: presentTeam(await this.teams.get(call, team)) };
  }

  @AdminOperation({
    name: 'UpdateTeam',
    route: ['PUT', 'teams/:team'],
    resource: 'team',
    about: ofTeam,
    summary: 'Changes an approval team',
    description: 'The current team must approve. All pending sessions end with FAILED.',
    example:
      '-X PUT -d \'{"Approvers":["custodian-1","custodian-2"],"MinApprovals":1}\' http://127.0.0.1:8080/admin/teams/custodians',
    output: TeamOutput,
  })
  async update(
    call: Call,
    @Param(TeamPath) { team }: TeamPath,
    @Body(UpdateTeamInput) input: UpdateTeamInput,
  ): Promise<TeamOutput> {
    return { Team: presentTeam(await this.teams.update(call, team, membersOf(input))) };
  }

  @AdminOperation({
    name: 'DeleteTeam',
    route: ['DELETE', 'teams/:team'],
    resource: 'team',
    about: ofTeam,
    summary: 'Deletes an approval team',
    description: 'The team must approve. Fails with ConflictException while a guard names the team.',
    example: '-X DELETE http://127.0.0.1:8080/admin/teams/custodians',
    output: Nothing,
  })
  async delete(call: Call, @Param(TeamPath) { team }: TeamPath): Promise<Nothing> {
    await this.teams.remove(call, team);
    return {};
  }

  @AdminOperation({
    name: 'ListGuards',
    route: ['GET', 'guards'],
    resource: 'nothing',
    summary: 'Lists guards',
    description: 'Lists the guards, with operation and team, of the Region for which the request is signed.',
    example: 'http://127.0.0.1:8080/admin/guards',
    output: ListGuardsOutput,
  })
  async listGuards(call: Call): Promise<ListGuardsOutput> {
    const guards = await this.teams.guards(call);
    return { Guards: guards.map(presentGuard), Guardable: this.operations.guards };
  }

  @AdminOperation({
    name: 'PutGuard',
    route: ['PUT', 'guards/:operation'],
    resource: 'team',
    about: (_call: Call, _path: GuardPath, { TeamArn }: PutGuardInput) => TeamArn,
    summary: 'Sets the team that must approve an operation',
    description:
      'From now on, a call that the guard covers is refused with AccessDeniedException until the team has approved it; then the same call ' +
      'must be repeated within an hour. If the operation already has a guard, its current team must approve the change.',
    example:
      '-X PUT -d \'{"TeamArn":"arn:aws:mpa:us-east-1:000000000000:approval-team/custodians"}\' http://127.0.0.1:8080/admin/guards/ExportKey',
    output: GuardOutput,
  })
  async putGuard(
    call: Call,
    @Param(GuardPath) { operation }: GuardPath,
    @Body(PutGuardInput) { TeamArn, Condition }: PutGuardInput,
  ): Promise<GuardOutput> {
    return {
      Guard: presentGuard(await this.teams.putGuard(call, operation, { teamArn: TeamArn, condition: Condition })),
    };
  }

  @AdminOperation({
    name: 'DeleteGuard',
    route: ['DELETE', 'guards/:operation'],
    resource: 'nothing',
    summary: 'Removes the guard of an operation',
    description: 'The team of the guard must approve.',
    example: '-X DELETE http://127.0.0.1:8080/admin/guards/ExportKey',
    output: Nothing,
  })
  async deleteGuard(call: Call, @Param(GuardPath) { operation }: GuardPath): Promise<Nothing> {
    await this.teams.removeGuard(call, operation);
    return {};
  }
}

function membersOf({ Approvers, MinApprovals, SessionSeconds }: UpdateTeamInput) {
  return { approvers: Approvers, minApprovals: MinApprovals, sessionSeconds: SessionSeconds };
}
