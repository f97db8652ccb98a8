import { z } from 'zod';
import { MaxResults, NextToken } from '../../../http/fields.js';
import { demoAlias, demoKeyArn, KeyArn } from '../../fields.js';

const AliasName = z
  .string()
  .min(7)
  .max(256)
  .regex(/^alias\/[a-zA-Z0-9/_-]+$/, 'must be alias/ and letters, digits, /, _ or -');

const Alias = z.object({ AliasName, KeyArn: KeyArn.optional() }).meta({ id: 'Alias' });
export type Alias = z.infer<typeof Alias>;

export const CreateAliasInput = z
  .object({ AliasName, KeyArn: KeyArn.optional() })
  .meta({ id: 'CreateAliasInput', examples: [{ AliasName: demoAlias('new'), KeyArn: demoKeyArn('mac') }] });
export type CreateAliasInput = z.infer<typeof CreateAliasInput>;

export const GetAliasInput = z
  .object({ AliasName })
  .meta({ id: 'GetAliasInput', examples: [{ AliasName: demoAlias('mac') }] });
export type GetAliasInput = z.infer<typeof GetAliasInput>;

export const ListAliasesInput = z
  .object({ KeyArn: KeyArn.optional(), NextToken: NextToken.optional(), MaxResults: MaxResults.optional() })
  .meta({ id: 'ListAliasesInput', examples: [{ MaxResults: 10 }] });
export type ListAliasesInput = z.infer<typeof ListAliasesInput>;

export const UpdateAliasInput = z
  .object({ AliasName, KeyArn: KeyArn.optional() })
  .meta({ id: 'UpdateAliasInput', examples: [{ AliasName: demoAlias('current'), KeyArn: demoKeyArn('cvk') }] });
export type UpdateAliasInput = z.infer<typeof UpdateAliasInput>;

export const DeleteAliasInput = z
  .object({ AliasName })
  .meta({ id: 'DeleteAliasInput', examples: [{ AliasName: demoAlias('former') }] });
export type DeleteAliasInput = z.infer<typeof DeleteAliasInput>;

export const AliasOutput = z.object({ Alias }).meta({ id: 'AliasOutput' });
export type AliasOutput = z.infer<typeof AliasOutput>;

export const ListAliasesOutput = z
  .object({ Aliases: z.array(Alias), NextToken: NextToken.optional() })
  .meta({ id: 'ListAliasesOutput' });
export type ListAliasesOutput = z.infer<typeof ListAliasesOutput>;
