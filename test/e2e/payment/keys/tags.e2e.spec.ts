import {
  AccessDeniedException,
  DeleteKeyCommand,
  ListTagsForResourceCommand,
  paginateListTagsForResource,
  ResourceNotFoundException,
  type Tag,
  TagResourceCommand,
  UntagResourceCommand,
  ValidationException,
} from '@aws-sdk/client-payment-cryptography';
import { useService } from '../../../support/api.js';
import { createKey, endDeletions, FAR_KEY, FOREIGN_KEY, MISSING_KEY } from '../../../support/keys.js';
import { target } from '../../../support/service.js';

const service = useService();

const tag = (ResourceArn: string, Tags: Tag[]) =>
  service.controlPlane.send(new TagResourceCommand({ ResourceArn, Tags }));
const untag = (ResourceArn: string, TagKeys: string[]) =>
  service.controlPlane.send(new UntagResourceCommand({ ResourceArn, TagKeys }));
const page = (input: ListTagsForResourceCommand['input']) =>
  service.controlPlane.send(new ListTagsForResourceCommand(input));

async function list(ResourceArn: string, pageSize = 100): Promise<Tag[]> {
  const tags: Tag[] = [];
  const client = service.controlPlane;
  for await (const { Tags } of paginateListTagsForResource({ client, pageSize }, { ResourceArn })) {
    expect(Tags!.length).toBeLessThanOrEqual(pageSize);
    tags.push(...Tags!);
  }
  return tags;
}

const numbered = (count: number, prefix = 'k') =>
  Array.from({ length: count }, (_, i) => ({ Key: `${prefix}${i}`, Value: `v${i}` }));

describe('TagResource', () => {
  test('adds tags to those of CreateKey and changes values', async () => {
    const { KeyArn } = await createKey(service, { Tags: [{ Key: 'given', Value: 'at creation' }] });
    const { $metadata: _metadata, ...output } = await tag(KeyArn, [{ Key: 'added', Value: 'later' }]);
    expect(output).toEqual({});
    await tag(KeyArn, [
      { Key: 'given', Value: 'anew' },
      { Key: 'third', Value: '' },
    ]);
    expect(await list(KeyArn)).toEqual([
      { Key: 'added', Value: 'later' },
      { Key: 'given', Value: 'anew' },
      { Key: 'third', Value: '' },
    ]);
  });

  test('is case-sensitive and keeps any text', async () => {
    const { KeyArn } = await createKey(service);
    const tags = [
      { Key: 'Case', Value: 'A' },
      { Key: 'case', Value: 'a' },
      { Key: 'ключ 🔑', Value: "'); DROP TABLE tags; --" },
    ];
    await tag(KeyArn, tags);
    expect(await list(KeyArn)).toEqual(expect.arrayContaining(tags));
  });

  test.each<[string, Tag[], RegExp]>([
    ['no tags', [], /Tags must have at least one member/],
    ['a reserved key', [{ Key: 'aws:x', Value: 'y' }], /aws:/],
    ['a reserved key in capitals', [{ Key: 'AWS:x', Value: 'y' }], /aws:/],
    [
      'a key given twice',
      [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
      /once/,
    ],
    ['an empty key', [{ Key: '', Value: 'v' }], /Key must be at least 1/],
    ['a key too long', [{ Key: 'k'.repeat(129), Value: 'v' }], /Key must be at most 128/],
    ['a value too long', [{ Key: 'k', Value: 'v'.repeat(257) }], /Value must be at most 256/],
    ['NUL in a key', [{ Key: 'a\0', Value: 'v' }], /well-formed/],
    ['NUL in a value', [{ Key: 'a', Value: '\0' }], /well-formed/],
    ['201 tags', numbered(201), /at most 200/],
    ['50 tags in addition to an existing one', numbered(50), /at most 50 tags/],
  ])('refuses %s, and adds none', async (_, Tags, message) => {
    const { KeyArn } = await createKey(service, { Tags: [{ Key: 'first', Value: 'one' }] });
    await expect(tag(KeyArn, Tags)).rejects.toThrow(ValidationException);
    await expect(tag(KeyArn, Tags)).rejects.toThrow(message);
    expect(await list(KeyArn)).toEqual([{ Key: 'first', Value: 'one' }]);
  });

  test('rejects half a surrogate pair, which no SDK sends, in the same way as CreateKey', async () => {
    const { KeyArn } = await createKey(service);
    const body = `{"ResourceArn":"${KeyArn}","Tags":[{"Key":"\\ud800","Value":"v"}]}`;
    const { json } = await service.send({ headers: target('TagResource'), body });
    expect(json['__type']).toMatch(/#ValidationException$/);
    const refused = createKey(service, { Tags: [{ Key: 'k', Value: '\0' }] });
    await expect(refused).rejects.toThrow(ValidationException);
  });

  test('accepts 50 tags and new values for them, but no further tag', async () => {
    const { KeyArn } = await createKey(service);
    await tag(KeyArn, numbered(50));
    await tag(KeyArn, [{ Key: 'k0', Value: 'changed' }]);
    await expect(tag(KeyArn, [{ Key: 'one more', Value: 'v' }])).rejects.toThrow('at most 50');
    await untag(KeyArn, ['k49']);
    await tag(KeyArn, [{ Key: 'one more', Value: 'v' }]);
    expect(await list(KeyArn)).toHaveLength(50);
  });

  test('never leaves more than 50 tags after concurrent calls', async () => {
    const { KeyArn } = await createKey(service);
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => tag(KeyArn, numbered(15, `caller${i}-`))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ValidationException);
    expect(await list(KeyArn)).toHaveLength(45);
  });
});

describe('UntagResource', () => {
  test('removes tags and ignores missing ones', async () => {
    const { KeyArn } = await createKey(service, { Tags: numbered(3) });
    const { $metadata: _metadata, ...output } = await untag(KeyArn, ['k0', 'K1', 'nobody', 'k0', 'aws:x']);
    expect(output).toEqual({});
    expect(await list(KeyArn)).toEqual(numbered(3).slice(1));
    await untag(KeyArn, ['nobody']);
    await untag(KeyArn, ['k1', 'k2']);
    expect(await list(KeyArn)).toEqual([]);
  });

  test('rejects an empty list of tag keys', async () => {
    const { KeyArn } = await createKey(service, { Tags: numbered(1) });
    await expect(untag(KeyArn, [])).rejects.toThrow(ValidationException);
    await expect(untag(KeyArn, [''])).rejects.toThrow(ValidationException);
    expect(await list(KeyArn)).toEqual(numbered(1));
  });
});

describe('ListTagsForResource', () => {
  test('returns each tag once in a fixed order, for any page size', async () => {
    const { KeyArn } = await createKey(service, { Tags: numbered(50) });
    await createKey(service, { Tags: numbered(3, 'other') });
    const all = await list(KeyArn);
    expect(all).toHaveLength(50);
    expect(all).toEqual(expect.arrayContaining(numbered(50)));
    for (const pageSize of [1, 7, 49]) expect(await list(KeyArn, pageSize)).toEqual(all);
    expect(await page({ ResourceArn: KeyArn })).not.toHaveProperty('NextToken');
  });

  test('accepts a page token for the same key only', async () => {
    const [one, other] = [await createKey(service, { Tags: numbered(3) }), await createKey(service)];
    const { NextToken } = await page({ ResourceArn: one.KeyArn, MaxResults: 2 });
    expect((await page({ ResourceArn: one.KeyArn, NextToken })).Tags).toEqual(numbered(3).slice(2));
    await expect(page({ ResourceArn: other.KeyArn, NextToken })).rejects.toThrow(ValidationException);
    await expect(page({ ResourceArn: one.KeyArn, NextToken: 'nonsense' })).rejects.toThrow(ValidationException);
    await expect(page({ ResourceArn: one.KeyArn, MaxResults: 101 })).rejects.toThrow(ValidationException);
  });
});

describe.each<[string, (arn: string) => Promise<unknown>]>([
  ['TagResource', (arn) => tag(arn, numbered(1))],
  ['UntagResource', (arn) => untag(arn, ['k'])],
  ['ListTagsForResource', (arn) => list(arn)],
])('%s of another resource', (_, operation) => {
  test('is rejected', async () => {
    for (const arn of [MISSING_KEY, FAR_KEY]) {
      await expect(operation(arn)).rejects.toThrow(ResourceNotFoundException);
      await expect(operation(arn)).rejects.toMatchObject({ ResourceId: arn });
    }
    await expect(operation(FOREIGN_KEY)).rejects.toThrow(AccessDeniedException);
    for (const arn of ['alias/some/name', MISSING_KEY.replace(':key/', ':alias/')])
      await expect(operation(arn)).rejects.toThrow(ValidationException);
  });
});

test('a key keeps its tags while its deletion is pending and after it', async () => {
  const { KeyArn } = await createKey(service, { Tags: numbered(2) });
  await service.controlPlane.send(new DeleteKeyCommand({ KeyIdentifier: KeyArn }));
  const unchanged = async () => {
    for (const refused of [tag(KeyArn, numbered(1)), untag(KeyArn, ['k0'])]) {
      await expect(refused).rejects.toThrow(ValidationException);
      await expect(refused).rejects.toThrow('not in CREATE_COMPLETE state.');
    }
    expect(await list(KeyArn)).toEqual(numbered(2));
  };
  await unchanged();
  await endDeletions(service);
  await unchanged();
});
