import { z } from 'zod';
import { Timestamp } from '../../http/fields.js';
import { AliasName, demoKmsAlias, demoKmsKeyId, KeyId, Limit, Marker } from '../fields.js';

const AliasListEntry = z
  .object({
    AliasName: AliasName.optional(),
    AliasArn: z.string().optional(),
    TargetKeyId: KeyId.optional(),
    CreationDate: Timestamp.optional(),
    LastUpdatedDate: Timestamp.optional(),
  })
  .meta({ id: 'AliasListEntry' });
export type AliasListEntry = z.infer<typeof AliasListEntry>;

export const CreateAliasInput = z
  .object({ AliasName, TargetKeyId: KeyId })
  .meta({ id: 'CreateAliasInput', examples: [{ AliasName: demoKmsAlias('new'), TargetKeyId: demoKmsKeyId('edit') }] });
export type CreateAliasInput = z.infer<typeof CreateAliasInput>;

export const UpdateAliasInput = z.object({ AliasName, TargetKeyId: KeyId }).meta({
  id: 'UpdateAliasInput',
  examples: [{ AliasName: demoKmsAlias('current'), TargetKeyId: demoKmsKeyId('edit') }],
});
export type UpdateAliasInput = z.infer<typeof UpdateAliasInput>;

export const DeleteAliasInput = z
  .object({ AliasName })
  .meta({ id: 'DeleteAliasInput', examples: [{ AliasName: demoKmsAlias('former') }] });
export type DeleteAliasInput = z.infer<typeof DeleteAliasInput>;

export const ListAliasesInput = z
  .object({ KeyId: KeyId.optional(), Limit: Limit.optional(), Marker: Marker.optional() })
  .meta({ id: 'ListAliasesInput', examples: [{ Limit: 10 }] });
export type ListAliasesInput = z.infer<typeof ListAliasesInput>;
export const ListAliasesOutput = z
  .object({
    Aliases: z.array(AliasListEntry).optional(),
    NextMarker: Marker.optional(),
    Truncated: z.boolean().optional(),
  })
  .meta({ id: 'ListAliasesOutput' });
export type ListAliasesOutput = z.infer<typeof ListAliasesOutput>;
