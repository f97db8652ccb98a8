import { z } from 'zod';
import { Timestamp } from '../http/fields.js';

const Listener = z
  .object({
    Host: z.string(),
    Pid: z.int(),
    Address: z.string().meta({ description: 'IP address and port.' }),
    Region: z.string(),
    Tls: z.boolean(),
    ClientCertificate: z.boolean().meta({ description: 'true if hosts must have a client certificate.' }),
    AllowedPeers: z.array(z.object({ Certificate: z.string().optional(), Principal: z.string() })).meta({
      description: 'Principals by certificate, at most 100. Without a Certificate, any host has the principal.',
    }),
    AllowedPeerCount: z.int(),
    Connections: z.int(),
    MaxConnections: z.int(),
    RefusedConnections: z.int(),
    Commands: z.array(z.object({ Command: z.string(), Served: z.int(), Refused: z.int() })),
    Errors: z
      .array(z.object({ Code: z.string(), Count: z.int() }))
      .meta({ description: 'Refused commands by the error code of their replies.' }),
  })
  .meta({ id: 'HostCommandListener' });

export const GetStatusOutput = z
  .object({
    Nodes: z
      .array(
        z.object({
          Host: z.string(),
          Pid: z.int(),
          Version: z.string(),
          Workers: z.int().meta({ description: 'Processes that share the port of this one, itself included.' }),
          Started: Timestamp,
          LastSeen: Timestamp,
          AuditWaiting: z.int().meta({ description: 'Audit events that wait to be written.' }),
        }),
      )
      .meta({
        description:
          'Processes that wrote their row in the last minute; each does so every ten seconds. At most 1,000.',
      }),
    Database: z.object({
      Kind: z.enum(['embedded', 'external']),
      Version: z.string(),
      Migration: z.string().meta({ description: 'Latest migration of the schema.' }),
    }),
    MasterKey: z.object({
      State: z.enum(['ACTIVE', 'ROTATING']),
      Holder: z.enum(['token', 'components', 'configuration', 'data directory']),
      Created: Timestamp,
      Retiring: Timestamp.optional().meta({
        description: 'Creation time of the key that a rotation in progress retires.',
      }),
    }),
    Token: z
      .object({ Label: z.string(), Reachable: z.boolean(), Sessions: z.int() })
      .optional()
      .meta({ description: 'Token that encrypts the master key, as seen by the node that responds.' }),
    Replication: z.array(
      z.object({
        Region: z.string(),
        Waiting: z.int(),
        OldestSeconds: z.number().meta({ description: 'Time since the oldest work became due.' }),
        Failed: z.int(),
      }),
    ),
    Audit: z.object({
      Sinks: z.array(z.string()).meta({
        description:
          'Destinations of audit events, as in KEYBLOCK_AUDIT; events that aren’t of the data plane are always in the table.',
      }),
      Verified: z.object({ State: z.string(), Ended: Timestamp.optional() }).optional(),
    }),
    Listeners: z.array(Listener).meta({
      description:
        'Listeners for host commands, of each process. Counts begin with the process, and are at most ten seconds old.',
    }),
  })
  .meta({ id: 'GetStatusOutput' });
export type GetStatusOutput = z.infer<typeof GetStatusOutput>;
