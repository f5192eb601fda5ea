import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseRun } from '../../../src/api/run.ts';
import { parseEnvironment } from '../../../src/cli/environment.ts';
import type { Printer } from '../../../src/cli/printers.ts';
import { runLocally } from '../../../src/cli/run.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { withSpec } from '../../helpers/runs.ts';

function bench(t: TestContext, spec: Record<string, unknown>) {
  const home = join(temporaryFolder(t), '.ddr');
  const said: string[] = [];
  const printer: Printer = {
    show: ({ phase }) => void said.push(phase),
    note: (text) => void said.push(text),
    end: () => void said.push('end'),
  };
  const go = (volumes: ReadonlyMap<string, string>) =>
    runLocally({ run: parseRun(withSpec(spec)), home, volumes, printer, environment: parseEnvironment({}) });
  return { home, said, go };
}

test('a suspended run starts nothing, says why, and ends well', async (t) => {
  const data = temporaryFolder(t);
  mkdirSync(join(data, 'mnist'));
  const { home, said, go } = bench(t, { suspend: true });
  assert.equal(await go(new Map([['data', data]])), 0);
  assert.match(said.at(-1) ?? '', /suspended: spec\.suspend is true/);
  assert.ok(existsSync(join(home, 'logs/digits.log')));
  assert.ok(!existsSync(join(home, 'digits.lock')), 'the next one may run');
});

test('a claim without a folder is named before anything is started', async (t) => {
  const { home, said, go } = bench(t, {});
  await assert.rejects(go(new Map()), { code: 'InputMissing', message: /data/ });
  assert.deepEqual([said, existsSync(home)], [[], false]);
});
