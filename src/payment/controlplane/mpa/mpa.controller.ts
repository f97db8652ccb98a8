import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { ControlPlaneOperation } from '../../operation.js';
import { AssociateMpaTeamOperation } from './associate-mpa-team.operation.js';
import { DisassociateMpaTeamOperation } from './disassociate-mpa-team.operation.js';
import { GetMpaTeamAssociationOperation } from './get-mpa-team-association.operation.js';
import {
  AssociateMpaTeamInput,
  DisassociateMpaTeamInput,
  GetMpaTeamAssociationInput,
  MpaTeamAssociationOutput,
} from './mpa.schema.js';

@OperationsController('multi-party approval')
export class MpaController {
  constructor(
    private readonly associateMpaTeam: AssociateMpaTeamOperation,
    private readonly getMpaTeamAssociation: GetMpaTeamAssociationOperation,
    private readonly disassociateMpaTeam: DisassociateMpaTeamOperation,
  ) {}

  @ControlPlaneOperation({
    name: 'AssociateMpaTeam',
    summary: 'Associates an approval team with an operation',
    description:
      'The team is one of the account and Region, which CreateTeam of the admin API has made. The first association takes effect at ' +
      'once. To replace the team, the current one must approve: the association becomes UPDATE_PENDING, and the service changes it ' +
      'on the last vote. While a team is associated, ImportKey requires RequesterComment for a root certificate, and the key stays in ' +
      'CREATE_IN_PROGRESS until the team has approved.',
    example:
      '--action IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE --mpa-team-arn arn:aws:mpa:us-east-1:000000000000:approval-team/custodians',
    output: MpaTeamAssociationOutput,
    resource: 'team',
  })
  associate(call: Call, @Body(AssociateMpaTeamInput) input: AssociateMpaTeamInput): Promise<MpaTeamAssociationOutput> {
    return this.associateMpaTeam.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetMpaTeamAssociation',
    summary: 'Gets the approval team of an operation',
    description:
      'Returns the team in force, the state of the association and the latest request to change it. Fails with ResourceNotFoundException if ' +
      'there is none.',
    example: '--action IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE',
    output: MpaTeamAssociationOutput,
    resource: 'team',
  })
  get(
    call: Call,
    @Body(GetMpaTeamAssociationInput) input: GetMpaTeamAssociationInput,
  ): Promise<MpaTeamAssociationOutput> {
    return this.getMpaTeamAssociation.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DisassociateMpaTeam',
    summary: 'Disassociates the approval team from an operation',
    description:
      'The team must approve: the association becomes DELETE_PENDING, and the service removes it on the last vote.',
    example: '--action IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE',
    output: MpaTeamAssociationOutput,
    resource: 'team',
  })
  disassociate(
    call: Call,
    @Body(DisassociateMpaTeamInput) input: DisassociateMpaTeamInput,
  ): Promise<MpaTeamAssociationOutput> {
    return this.disassociateMpaTeam.execute(call, input);
  }
}
