import { z } from 'zod';
import { sensitive } from '../../../http/fields.js';
import { MpaStatus } from '../../fields.js';
import { ASSOCIATION_STATES, MPA_OPERATIONS } from '../../keys/mpa-team-association.repository.js';

const Action = z.enum(MPA_OPERATIONS);
const MpaTeamArn = z
  .string()
  .min(20)
  .max(2048)
  .regex(
    /^arn:aws(?:-[^:]+)?:mpa:[a-z0-9-]{1,20}:[0-9]{12}:approval-team\/[a-zA-Z0-9._-]+$/,
    'must be the ARN of an approval team',
  );
const RequesterComment = sensitive(z.string().min(0).max(200));

const MpaTeamAssociation = z
  .object({ Action, MpaTeamArn, AssociationState: z.enum(ASSOCIATION_STATES), MpaStatus: MpaStatus.optional() })
  .meta({ id: 'MpaTeamAssociation' });

const ACTION = MPA_OPERATIONS[0];
const EXAMPLE_TEAM = 'arn:aws:mpa:us-east-1:000000000000:approval-team/custodians';

export const AssociateMpaTeamInput = z
  .object({ Action, MpaTeamArn, RequesterComment: RequesterComment.optional() })
  .meta({ id: 'AssociateMpaTeamInput', examples: [{ Action: ACTION, MpaTeamArn: EXAMPLE_TEAM }] });
export type AssociateMpaTeamInput = z.infer<typeof AssociateMpaTeamInput>;

export const GetMpaTeamAssociationInput = z
  .object({ Action })
  .meta({ id: 'GetMpaTeamAssociationInput', examples: [{ Action: ACTION }] });
export type GetMpaTeamAssociationInput = z.infer<typeof GetMpaTeamAssociationInput>;

export const DisassociateMpaTeamInput = z
  .object({ Action, RequesterComment: RequesterComment.optional() })
  .meta({ id: 'DisassociateMpaTeamInput', examples: [{ Action: ACTION }] });
export type DisassociateMpaTeamInput = z.infer<typeof DisassociateMpaTeamInput>;

export const MpaTeamAssociationOutput = z.object({ MpaTeamAssociation }).meta({ id: 'MpaTeamAssociationOutput' });
export type MpaTeamAssociationOutput = z.infer<typeof MpaTeamAssociationOutput>;
