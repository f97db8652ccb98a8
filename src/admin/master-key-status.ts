import type { EntityManager } from 'typeorm';
import type { Config } from '../config/config.js';
import { epochSeconds } from '../http/fields.js';
import { MasterKeyRow } from '../provider/master-key.entity.js';
import type { GetStatusOutput } from './status.schema.js';

/** Reads the state of the master key, and its source in this process. */
export async function masterKeyStatus(manager: EntityManager, config: Config): Promise<GetStatusOutput['MasterKey']> {
  const { createdAt } = await manager.findOneByOrFail(MasterKeyRow, { state: 'ACTIVE' });
  const retiring = await manager.findOneBy(MasterKeyRow, { state: 'RETIRING' });
  return {
    State: retiring ? 'ROTATING' : 'ACTIVE',
    Holder: holderOf(config),
    Created: epochSeconds(createdAt),
    Retiring: retiring ? epochSeconds(retiring.createdAt) : undefined,
  };
}

function holderOf({ masterKeyToken, masterKeyComponents, masterKey }: Config): GetStatusOutput['MasterKey']['Holder'] {
  if (masterKeyToken) return 'token';
  if (masterKeyComponents) return 'components';
  return masterKey ? 'configuration' : 'data directory';
}
