import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentialsOf, parseEnvironment } from '../../../../src/trainer/process/environment.ts';

test('every wrong variable is named', () => {
  assert.throws(
    () =>
      parseEnvironment({ DDR_STORE: '{', DDR_HTTP_PORT: 'http', JOB_COMPLETION_INDEX: '-1', DDR_LOG_LEVEL: 'verbose' }),
    (error: Error) =>
      ['DDR_STORE', 'DDR_HTTP_PORT', 'JOB_COMPLETION_INDEX', 'DDR_LOG_LEVEL'].every((name) =>
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

test('a bucket is read as its place, and credentials only where both are there', () => {
  const place = { bucket: 'models', prefix: 'team', region: 'us-east-1' };
  const data = {
    DDR_DATA_AWS_ACCESS_KEY_ID: 'a',
    DDR_DATA_AWS_SECRET_ACCESS_KEY: 'b',
    DDR_DATA_AWS_SESSION_TOKEN: 'c',
  };
  const given = { DDR_STORE: JSON.stringify(place), DDR_STORE_AWS_ACCESS_KEY_ID: 'd', ...data };
  const environment = parseEnvironment(given);
  assert.deepEqual(environment.DDR_STORE, place);
  assert.deepEqual(credentialsOf(environment, 'DDR_DATA'), {
    accessKeyId: 'a',
    secretAccessKey: 'b',
    sessionToken: 'c',
  });
  assert.equal(credentialsOf(environment, 'DDR_STORE'), undefined);
});

test('what is wrong with a place is said without what is in it', () => {
  const wrong = JSON.stringify({ bucket: 'models', endpoint: 'https://me:secret@minio' });
  assert.throws(
    () => parseEnvironment({ DDR_STORE: wrong }),
    (error: Error) => error.message.includes('DDR_STORE') && !error.message.includes('secret@'),
  );
});
