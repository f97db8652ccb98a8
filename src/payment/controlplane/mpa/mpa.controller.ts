import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
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
    summary: 'Puts an operation under the approval of a team',
    description:
      'The first team is in force at once. Another one needs approval: the association goes to UPDATE_PENDING and keeps ' +
      'its team. **There is nobody to approve yet**, so it stays there. `RequesterComment` is not kept. The operation to ' +
      'protect, ImportKey of a root certificate, is not served yet.',
    example:
      '--action IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE --mpa-team-arn arn:aws:mpa:us-east-1:000000000000:approval-team/custodians',
    output: MpaTeamAssociationOutput,
    resource: 'team',
  })
  associate(
    @Req() { call }: SignedRequest,
    @Body(AssociateMpaTeamInput) input: AssociateMpaTeamInput,
  ): Promise<MpaTeamAssociationOutput> {
    return this.associateMpaTeam.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetMpaTeamAssociation',
    summary: 'Shows the team of an operation',
    description: 'The team in force and the state of the association; ResourceNotFoundException where there is none.',
    example: '--action IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE',
    output: MpaTeamAssociationOutput,
    resource: 'team',
  })
  get(
    @Req() { call }: SignedRequest,
    @Body(GetMpaTeamAssociationInput) input: GetMpaTeamAssociationInput,
  ): Promise<MpaTeamAssociationOutput> {
    return this.getMpaTeamAssociation.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DisassociateMpaTeam',
    summary: 'Asks to take an operation out of the approval of its team',
    description:
      'This needs approval: the association goes to DELETE_PENDING and stays in force. **There is nobody to approve ' +
      'yet**, so it stays there.',
    example: '--action IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE',
    output: MpaTeamAssociationOutput,
    resource: 'team',
  })
  disassociate(
    @Req() { call }: SignedRequest,
    @Body(DisassociateMpaTeamInput) input: DisassociateMpaTeamInput,
  ): Promise<MpaTeamAssociationOutput> {
    return this.disassociateMpaTeam.execute(call, input);
  }
}
