import { Inject } from '@nestjs/common';
import { z } from 'zod';
import type { Call } from '../../call.js';
import { CONFIG, type Config } from '../../config/config.js';
import { Param, Query } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { notFound } from '../errors.js';
import { envelope, type Envelope, Filter, matches, pageOf, Paging } from '../lists.js';
import { CckmOperation } from '../operation.js';
import { IdPath } from '../tokens/tokens.schema.js';
import { Owned, ownership } from '../resources.js';
import { CONNECTION } from './connection.js';

const Connection = Owned.extend({
  name: z.string(),
  service: z.string(),
  category: z.string(),
  products: z.array(z.string()),
  cloud_name: z.string(),
  aws_region: z.string(),
  account_id: z.string(),
}).meta({ id: 'Connection' });
type Connection = z.infer<typeof Connection>;
const Connections = envelope('Connections', Connection);
const ListConnectionsQuery = Paging.extend({ id: Filter, name: Filter });
type ListConnectionsQuery = z.infer<typeof ListConnectionsQuery>;

/** Thales's Terraform provider reads a connection before it creates a KMS container. */
@OperationsController('connections')
export class ConnectionsController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  @CckmOperation({
    name: 'ListConnections',
    route: ['GET', 'connectionmgmt/services/aws/connections'],
    resource: 'self',
    summary: 'Lists the connections to AWS',
    description: 'There is one, `keyblock`: this service’s own KMS.',
    output: Connections,
  })
  list(_call: Call, @Query(ListConnectionsQuery) query: ListConnectionsQuery): Envelope<Connection> {
    const found = [this.#connection()].filter(({ id, name }) => matches(query.id, id) && matches(query.name, name));
    return pageOf(found, query, {});
  }

  @CckmOperation({
    name: 'GetConnection',
    route: ['GET', 'connectionmgmt/services/aws/connections/:id'],
    resource: 'self',
    summary: 'Gets the connection to AWS',
    description: 'Accepts its id or its name.',
    output: Connection,
  })
  get(_call: Call, @Param(IdPath) { id }: IdPath): Connection {
    const connection = this.#connection();
    if (id !== connection.id && id !== connection.name) throw notFound('Connection');
    return connection;
  }

  #connection(): Connection {
    const { accountId, region } = this.config;
    return {
      ...ownership('connection', CONNECTION.id),
      name: CONNECTION.name,
      service: 'aws',
      category: 'cloud',
      products: ['cckm'],
      cloud_name: 'aws',
      aws_region: region,
      account_id: accountId,
    };
  }
}
