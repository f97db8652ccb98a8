import { useService } from '../../support/api.js';
import { callKms, createKmsKey, expectRefused } from '../../support/kms.js';

const EUROPE = { region: 'eu-west-1' };
const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1', KEYBLOCK_MAX_KEYS: '2' });

const exceeded = (region: string) => ({
  name: 'LimitExceededException',
  message: `This account has the 2 KMS keys in ${region} that its quota allows: delete some, or have the quota raised.`,
});
const keysIn = async (options = {}) => ((await callKms(service, 'ListKeys', {}, options))['Keys'] as object[]).length;

test('CreateKey and ReplicateKey add no more keys to a Region than the quota allows', async () => {
  const { Arn: KeyId } = await createKmsKey(service, { MultiRegion: true });
  await createKmsKey(service);
  await expectRefused(service, 'CreateKey', {}, exceeded('us-east-1'));

  const replica = { KeyId, ReplicaRegion: 'eu-west-1' };
  for (const _ of [1, 2]) await callKms(service, 'CreateKey', {}, EUROPE);
  await expectRefused(service, 'ReplicateKey', replica, exceeded('eu-west-1'));
  expect([await keysIn(), await keysIn(EUROPE)]).toEqual([2, 2]);
});

test('keys that are pending deletion count', async () => {
  const [key] = (await callKms(service, 'ListKeys', {}, EUROPE))['Keys'] as [{ KeyId: string }];
  await callKms(service, 'ScheduleKeyDeletion', { KeyId: key.KeyId }, EUROPE);
  await expectRefused(service, 'CreateKey', {}, exceeded('eu-west-1'), EUROPE);
});
