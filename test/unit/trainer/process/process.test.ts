import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseTermination } from '../../../../src/api/termination.ts';
import { root } from '../../../helpers/ddr.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

test('a process without a task, or with another’s subcommand, ends with its code and a termination message', (t) => {
  const folder = temporaryFolder(t);
  const message = join(folder, 'message');
  const run = (args: string[], task: string | undefined, variables: NodeJS.ProcessEnv = {}) => {
    const env = {
      ...process.env,
      DDR_RUN_DIR: folder,
      DDR_TERMINATION_LOG: message,
      ...variables,
      ...(task === undefined ? {} : { DDR_TASK: task }),
    };
    const { status } = spawnSync(process.execPath, [join(root, 'src/trainer/main.ts'), ...args], { env });
    const termination = parseTermination(existsSync(message) ? readFileSync(message, 'utf8') : undefined);
    return [status, termination?.outcome === 'Failed' ? termination.code : undefined];
  };
  assert.deepEqual(run(['train'], undefined), [78, 'InvalidTask']);
  assert.deepEqual(run(['train'], '{"kind":"sample"}'), [78, 'InvalidTask']);
  rmSync(message);
  assert.deepEqual(run(['train'], undefined, { DDR_LOG_LEVEL: 'verbose' }), [78, 'InvalidTask']);
  rmSync(message);
  const nowhere = { DDR_TERMINATION_LOG: join(folder, 'not-there', 'message') };
  assert.deepEqual(
    run(['train'], undefined, nowhere),
    [78, undefined],
    'a termination message that is lost changes nothing else',
  );
});

test('a wrong variable is one line that names it, without a stack', (t) => {
  const env = { ...process.env, DDR_RUN_DIR: temporaryFolder(t), DDR_LOG_LEVEL: 'verbose', DDR_TASK: '{}' };
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'src/trainer/main.ts')], {
    env,
    encoding: 'utf8',
  });
  const lines = stdout.trim().split('\n');
  assert.deepEqual([lines.length, stderr], [1, '']);
  assert.match(lines[0] ?? '', /DDR_LOG_LEVEL.*debug/);
  assert.doesNotMatch(lines[0] ?? '', /"stack"/);
});
