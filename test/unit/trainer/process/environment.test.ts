import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvironment } from '../../../../src/trainer/process/environment.ts';

test('every wrong variable is named', () => {
  assert.throws(
    () => parseEnvironment({ DDR_HTTP_PORT: 'http', JOB_COMPLETION_INDEX: '-1', DDR_LOG_LEVEL: 'verbose' }),
    (error: Error) =>
      ['DDR_RUN_DIR', 'DDR_HTTP_PORT', 'JOB_COMPLETION_INDEX', 'DDR_LOG_LEVEL'].every((name) =>
        error.message.includes(name),
      ) && !error.message.includes('\n'),
  );
});

test('what is not set, or set to nothing, has its default', () => {
  const expected = {
    DDR_RUN_DIR: '/run',
    DDR_EXIT_WITH_PARENT: '0',
    DDR_LOG_LEVEL: 'info',
    NVIDIA_VISIBLE_DEVICES: '',
    JOB_COMPLETION_INDEX: 0,
  };
  assert.deepEqual(parseEnvironment({ DDR_RUN_DIR: '/run' }), expected);
  assert.deepEqual(parseEnvironment({ DDR_RUN_DIR: '/run', DDR_LOG_LEVEL: '', JOB_COMPLETION_INDEX: '' }), expected);
});

test('numbers are read as such', () => {
  const { DDR_HTTP_PORT, JOB_COMPLETION_INDEX } = parseEnvironment({
    DDR_RUN_DIR: '/run',
    DDR_HTTP_PORT: '8080',
    JOB_COMPLETION_INDEX: '3',
  });
  assert.deepEqual([DDR_HTTP_PORT, JOB_COMPLETION_INDEX], [8080, 3]);
});
