import { z } from 'zod';
import { Timestamp } from '../http/fields.js';

export const ListCertificatesOutput = z
  .object({
    Certificates: z.array(
      z
        .object({
          Kind: z.enum(['authority', 'key', 'exchange token', 'imported']).meta({
            description:
              'Root of the service’s certificate authority, the latest certificate of a key pair, the certificate of an import or ' +
              'export token, or that of an imported public key.',
          }),
          KeyArn: z.string().optional().meta({ description: 'Key pair or public key of the certificate.' }),
          Subject: z.string().meta({ example: 'CN=Example' }),
          Issuer: z.string(),
          NotBefore: Timestamp,
          NotAfter: Timestamp,
        })
        .meta({ id: 'CertificateSummary' }),
    ),
    Complete: z.boolean().meta({ description: 'false if there are more than 1,000 of a kind.' }),
  })
  .meta({ id: 'ListCertificatesOutput' });
export type ListCertificatesOutput = z.infer<typeof ListCertificatesOutput>;
