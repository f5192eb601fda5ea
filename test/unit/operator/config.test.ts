import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/operator/config.ts';

const image = { DDR_TRAINER_IMAGE: 'trainer:1' };

test('an image is enough; what is empty counts as not set, and what is not ours is passed over', () => {
  const config = parseConfig({ ...image, DDR_WORKERS: '', DDR_WATCH_NAMESPACE: '', DDR_FUTURE: 'x', LANG: 'C' });
  assert.deepEqual([config.DDR_WORKERS, config.DDR_LEADER_ELECTION, config.DDR_WATCH_NAMESPACE], [8, true, undefined]);
});

test('how many pods are asked for their progress a second can be set', () => {
  assert.equal(parseConfig(image).DDR_PROGRESS_PODS_PER_SECOND, 20);
  assert.equal(parseConfig({ ...image, DDR_PROGRESS_PODS_PER_SECOND: '100' }).DDR_PROGRESS_PODS_PER_SECOND, 100);
  assert.throws(() => parseConfig({ ...image, DDR_PROGRESS_PODS_PER_SECOND: '0' }), /DDR_PROGRESS_PODS_PER_SECOND/);
});

test('every wrong setting is named, in one line', () => {
  const wrong = {
    DDR_WORKERS: 'many',
    DDR_LEADER_ELECTION: 'maybe',
    HTTPS_PROXY: 'ftp://proxy',
    DDR_LOG_LEVEL: 'verbose',
    DDR_WATCH_NAMESPACE: 'Team_A',
    DDR_LEASE_NAME: 'a b',
  };
  assert.throws(
    () => parseConfig(wrong),
    ({ message }: Error) =>
      [...Object.keys(wrong), 'DDR_TRAINER_IMAGE'].every((name) => message.includes(name)) && !message.includes('\n'),
  );
});

test('a number is decimal digits within its bounds', () => {
  assert.equal(parseConfig({ ...image, DDR_HTTP_PORT: '0' }).DDR_HTTP_PORT, 0);
  for (const port of ['0x10', '1e3', '-1', ' 80', '65536', '8080.5'])
    assert.throws(() => parseConfig({ ...image, DDR_HTTP_PORT: port }), /DDR_HTTP_PORT/, port);
});

test('how often everything is listed again can be set', () => {
  assert.equal(parseConfig(image).DDR_RELIST_SECONDS, 1800);
  assert.equal(parseConfig({ ...image, DDR_RELIST_SECONDS: '5' }).DDR_RELIST_SECONDS, 5);
  assert.throws(() => parseConfig({ ...image, DDR_RELIST_SECONDS: '1' }), /DDR_RELIST_SECONDS/);
});
