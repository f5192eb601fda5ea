import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptOf, highestOf, newestOr } from '../../../../src/trainer/artifacts/attempt.ts';

test('the highest of names that are numbers', () => {
  assert.equal(highestOf([]), 0);
  assert.equal(highestOf(['2', '10', 'x', '1.5']), 10);
});

test('an attempt commits as long as it is the newest, and what then fails is the newer one’s doing', async () => {
  let newest = 3;
  const attempt = attemptOf(
    3,
    newestOr(3, 'model/attempts', async () => newest),
  );
  assert.equal(await attempt.commit(async () => 'committed'), 'committed');
  await assert.rejects(
    attempt.commit(async () => Promise.reject(new Error('full'))),
    /full/,
  );
  const overtaken = async () => {
    newest = 4;
    throw new Error('cleared away');
  };
  await assert.rejects(attempt.commit(overtaken), { code: 'Fenced', where: 'model/attempts' });
  await assert.rejects(
    attempt.commit(async () => assert.fail('is not begun')),
    { code: 'Fenced' },
  );
});
