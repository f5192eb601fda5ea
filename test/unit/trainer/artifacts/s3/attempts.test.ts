import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeNumber } from '../../../../../src/trainer/artifacts/s3/attempts.ts';
import { memoryS3 } from '../../../../helpers/memoryS3.ts';

test('of two processes that want one number the other takes the next', async () => {
  const client = memoryS3();
  let raced = false;
  client.before = (asked) => {
    if (asked === 'put model/attempts/1' && !raced) {
      raced = true;
      client.objects.set('model/attempts/1', Buffer.from('another'));
    }
  };
  const { number, assertNewest } = await takeNumber(client, 'model/attempts');
  assert.equal(number, 2);
  await assertNewest();
  assert.equal((await takeNumber(client, 'model/attempts')).number, 3);
  await assert.rejects(assertNewest(), { code: 'Fenced' });
});

test('a number beyond nine is higher than it', async () => {
  const client = memoryS3();
  for (let i = 1; i <= 11; i++) assert.equal((await takeNumber(client, 'a')).number, i);
});
