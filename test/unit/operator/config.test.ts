import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/operator/config.ts';

test('every wrong setting is named', () => {
  const config = parseConfig({ DDR_TRAINER_IMAGE: 'trainer:1' });
  assert.deepEqual([config.DDR_WORKERS, config.DDR_LEADER_ELECTION, config.DDR_WATCH_NAMESPACE], [8, true, '']);
  assert.throws(
    () => parseConfig({ DDR_WORKERS: 'many', DDR_LEADER_ELECTION: 'maybe' }),
    (error: Error) =>
      ['DDR_TRAINER_IMAGE', 'DDR_WORKERS', 'DDR_LEADER_ELECTION'].every((name) => error.message.includes(name)),
  );
});
