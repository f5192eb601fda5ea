import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fetchRun, untilStopped, withClusterResults } from '../../../../src/cli/fetch/command.ts';
import { jsonReporter } from '../../../../src/cli/fetch/reporter.ts';
import { completedRun } from '../../../helpers/completedRun.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

function noting() {
  const lines: string[] = [];
  return {
    lines,
    reporter: jsonReporter(
      (line) => lines.push(line),
      () => 0,
    ),
  };
}

/** As if nobody had set up a cluster. */
function withoutCluster(t: TestContext): void {
  const { KUBECONFIG, HOME } = process.env;
  t.after(() => Object.assign(process.env, { ...(KUBECONFIG !== undefined && { KUBECONFIG }), HOME }));
  delete process.env.KUBECONFIG;
  process.env.HOME = temporaryFolder(t);
}

test('a run of this machine is fetched from its folder', async (t) => {
  const run = await completedRun(t);
  const to = temporaryFolder(t);
  const { reporter } = noting();
  const none = { namespace: undefined, image: undefined, isOrphan: () => false };
  const code = await fetchRun({ target: 'test', kinds: ['report'], from: run.root, to, reporter, ...none });
  assert.equal(code, 0);
  assert.ok(existsSync(join(to, 'report/report.html')));
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  test(`${signal} stops the work, which takes away what it has made`, async () => {
    const { lines, reporter } = noting();
    let cleaned = false;
    const code = untilStopped(
      reporter,
      () => false,
      async (stop) => {
        try {
          await new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason)));
        } finally {
          cleaned = true;
        }
      },
    );
    process.emit(signal);
    assert.equal(await code, 130);
    assert.ok(cleaned);
    assert.match(lines[0] ?? '', /the same command goes on/);
  });

test('what fails by itself is an error', async () => {
  const { reporter } = noting();
  await assert.rejects(
    untilStopped(
      reporter,
      () => false,
      () => Promise.reject(new Error('mine')),
    ),
    /mine/,
  );
});

test('without a cluster it is said what is missing', async (t) => {
  withoutCluster(t);
  const options = { namespace: undefined, image: undefined, signal: new AbortController().signal, ...noting() };
  await assert.rejects(
    withClusterResults('test', options, async () => {}),
    { code: 'InputMissing', hint: /KUBECONFIG/ },
  );
});
