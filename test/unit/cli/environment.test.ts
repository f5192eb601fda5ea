import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvironment } from '../../../src/cli/environment.ts';

test('nothing has to be set, and what is not ours is passed over', () => {
  assert.deepEqual(parseEnvironment({ DDR_LOG_LEVEL: '', DDR_FUTURE: '1', HOME: '/root' }), { DDR_LOG_LEVEL: 'info' });
});

test('a wrong variable is named, with what it may be', () => {
  assert.throws(() => parseEnvironment({ DDR_LOG_LEVEL: 'verbose' }), {
    code: 'InvalidSpec',
    message: /^DDR_LOG_LEVEL: .*"debug"\|"info"\|"warn"\|"error"$/,
  });
  assert.throws(() => parseEnvironment({ DDR_PARENT: 'npm' }), /DDR_PARENT/);
});
