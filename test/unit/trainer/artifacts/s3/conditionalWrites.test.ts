import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DdrError } from '../../../../../src/api/errors.ts';
import { ExitCode } from '../../../../../src/api/exitCodes.ts';
import { assertConditionalWrites } from '../../../../../src/trainer/artifacts/s3/conditionalWrites.ts';
import { type MemoryS3, memoryS3 } from '../../../../helpers/memoryS3.ts';

test('a store that keeps conditions passes, and nothing is left there', async () => {
  const client = memoryS3();
  await assertConditionalWrites(client);
  assert.equal(client.objects.size, 0);
});

test('one that writes over what is there in spite of them is refused for good, with the reason', async () => {
  const without = (which: 'ifAbsent' | 'ifMatch'): MemoryS3 => {
    const client = memoryS3();
    const { put } = client;
    client.put = (key, bytes, condition) => put(key, bytes, condition && which in condition ? undefined : condition);
    return client;
  };
  for (const [client, message] of [
    [without('ifAbsent'), /If-None-Match/],
    [without('ifMatch'), /If-Match/],
  ] as const) {
    await assert.rejects(assertConditionalWrites(client), (error) => {
      assert.ok(error instanceof DdrError && error.code === 'StoreUnsuitable' && message.test(error.message));
      assert.equal(error.exitCode, ExitCode.BadConfiguration);
      return true;
    });
    assert.equal(client.objects.size, 0);
  }
});

test('one that does not know the header is refused, one that denies access says so', async () => {
  const failing = (status: number) => {
    const client = memoryS3();
    const { put } = client;
    client.put = async (key, bytes, condition) => {
      if (condition === undefined) return put(key, bytes);
      const cause = Object.assign(new Error('no'), { $metadata: { httpStatusCode: status } });
      throw new DdrError('FileAccess', 'no', { cause });
    };
    return client;
  };
  await assert.rejects(assertConditionalWrites(failing(501)), {
    code: 'StoreUnsuitable',
    message: /refuses the header/,
  });
  await assert.rejects(assertConditionalWrites(failing(403)), { code: 'FileAccess' });
});
