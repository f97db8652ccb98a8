import { z } from 'zod';
import { Timestamp } from '../http/fields.js';

export const GetIdentityOutput = z
  .object({
    Arn: z.string().meta({ description: 'ARN of the root, the user, or the session of the role.' }),
    Name: z.string().meta({ description: 'Name of the user or the role; `root` for the root.' }),
    Type: z.enum(['Root', 'User', 'AssumedRole']),
    AccountId: z.string(),
    AccessKeyId: z.string(),
    ExpirationTimestamp: Timestamp.optional().meta({
      description: 'End of the session; absent for a long-term access key.',
    }),
    Regions: z.array(z.string()).meta({ description: 'Regions that the deployment serves; the default one is first.' }),
    Apis: z.array(z.string()).meta({
      description:
        'APIs that the deployment serves, by the prefixes of their actions; `hostcommands` if it has listeners for them.',
    }),
    Version: z.string().meta({ description: 'Version of the node that answers.' }),
    Label: z.string().optional().meta({ description: 'Name of the deployment: KEYBLOCK_CONSOLE_LABEL.' }),
  })
  .meta({ id: 'GetIdentityOutput' });
export type GetIdentityOutput = z.infer<typeof GetIdentityOutput>;
