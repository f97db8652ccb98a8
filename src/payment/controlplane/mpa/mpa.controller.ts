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
      'The first association takes effect at once. Replacing the team needs approval: the association becomes ' +
      'UPDATE_PENDING and keeps its team until the operator settles it with `keyblock mpa settle`. ' +
      '`RequesterComment` is not stored. While a team is associated with the import of root certificates, ' +
      'ImportKey refuses them with AccessDeniedException.',
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
      'Returns the team in force and the state of the association. Fails with ResourceNotFoundException if ' +
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
      'This needs approval: the association becomes DELETE_PENDING and stays in force until the operator settles ' +
      'it with `keyblock mpa settle`.',
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
