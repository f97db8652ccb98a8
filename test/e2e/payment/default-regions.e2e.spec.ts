import { useService } from '../../support/api.js';
import { target } from '../../support/service.js';

const REGIONS = ['us-west-2', 'ap-south-1', 'eu-west-1', 'af-south-1'];
const service = useService({ KEYBLOCK_REGIONS: ['us-east-1', ...REGIONS].join() });

test('default Regions are listed in the order in which they were enabled', async () => {
  const ask = async (operation: string, body: object = {}) => {
    const headers = target(`${operation}DefaultKeyReplicationRegions`);
    return (await service.send({ headers, body: JSON.stringify(body) })).json['EnabledReplicationRegions'];
  };
  const enable = (...ReplicationRegions: string[]) => ask('Enable', { ReplicationRegions });

  expect(await enable('us-west-2', 'ap-south-1', 'eu-west-1')).toEqual(['us-west-2', 'ap-south-1', 'eu-west-1']);
  expect(await enable('eu-west-1', 'af-south-1', 'us-west-2')).toEqual(REGIONS);
  expect(await ask('Get')).toEqual(REGIONS);

  const rest = ['ap-south-1', 'eu-west-1', 'af-south-1'];
  expect(await ask('Disable', { ReplicationRegions: ['us-west-2'] })).toEqual(rest);
  expect(await enable('us-west-2')).toEqual([...rest, 'us-west-2']);
});
