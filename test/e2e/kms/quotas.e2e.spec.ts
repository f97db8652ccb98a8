import { useService } from '../../support/api.js';
import { callKms, createKmsKey, expectRefused } from '../../support/kms.js';

const EUROPE = { region: 'eu-west-1' };
const ASIA = { region: 'ap-south-1' };
const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1,ap-south-1', KEYBLOCK_MAX_KEYS: '2' });

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
  const [{ KeyId }] = [await createKmsKey(service, {}, ASIA), await createKmsKey(service, {}, ASIA)];
  await callKms(service, 'ScheduleKeyDeletion', { KeyId }, ASIA);
  await expectRefused(service, 'CreateKey', {}, exceeded('ap-south-1'), ASIA);
});
