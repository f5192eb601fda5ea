import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTask } from '../../../src/api/task.ts';

test('a missing or malformed task is named', () => {
  assert.throws(() => parseTask(undefined), { code: 'InvalidTask', where: 'environment variable DDR_TASK' });
  assert.throws(() => parseTask('{'), { code: 'InvalidTask', message: 'the task is not JSON' });
  assert.throws(() => parseTask('{"kind":"dance"}'), { code: 'InvalidTask' });
});
