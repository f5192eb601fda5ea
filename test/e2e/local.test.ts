import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type DdrEvent, ddr, root } from '../helpers/ddr.ts';
import { temporaryFolder } from '../helpers/folder.ts';
import { skipUnlessFull } from './cluster.ts';

/** No cluster is needed for these: the same controller runs on this machine. */
const digits = join(root, '.cache/mnist');

function lastEvent(output: string): DdrEvent {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  return JSON.parse(line) as DdrEvent;
}

/** The whole quickstart takes a quarter of an hour on two slow cores: without DDR_E2E_FULL=1 it trains a quarter and samples less. */
const full = skipUnlessFull === false;
const shorter = full
  ? []
  : ['spec.training.images=3200', 'spec.overrides=[]', 'spec.sampling.count=250'].flatMap((value) => ['--set', value]);
const share = full ? 1 / 3 : 1 / 2;

test(`the quickstart ends with a report whose distance is at most ${share.toFixed(2)} of the untrained pipeline’s`, async (t) => {
  const home = temporaryFolder(t);
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'quickstart', '--', '--home', home, ...shorter], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const trained = lastEvent(stdout);
  t.diagnostic(`${Math.round((performance.now() - started) / 1000)} s, distance ${trained.results?.frechetDistance}`);
  assert.equal(trained.phase, 'Complete');
  assert.equal(trained.models ?? '10/10', '10/10');
  const folder = dirname(trained.report ?? '');
  for (const file of ['report.html', 'report.json', 'samples.png', 'trajectory.png'])
    assert.ok(statSync(join(folder, file)).size > 1000);
  assert.doesNotMatch(
    readFileSync(join(folder, 'report.html'), 'utf8'),
    /\bFID\b/,
    'only the FID network’s distance may be called FID',
  );

  const untrained = await ddr([
    'run',
    'examples/quickstart.yaml',
    '--home',
    join(home, 'untrained'),
    '--volume',
    `data=${digits}`,
    ...shorter,
    '--set',
    'spec.training.images=0',
    '--set',
    'spec.overrides=[]',
  ]);
  assert.equal(untrained.code, 0, untrained.errors);
  const [distance, before] = [
    trained.results?.frechetDistance ?? Number.NaN,
    untrained.events.at(-1)?.results?.frechetDistance ?? Number.NaN,
  ];
  t.diagnostic(`untrained ${before}, ratio ${(distance / before).toFixed(3)}`);
  assert.ok(distance <= before * share, `${distance} is more than ${share} of ${before}`);
});

/** Few images: that the three run, not how well they learn, is shown here. */
const small = [
  'spec.training.images=64',
  'spec.sampling.count=8',
  'spec.sampling.batchSize=8',
  'spec.dataset.limit=1000',
];

for (const [name, models] of [
  ['baseline', 1],
  ['fewer-states', 1],
  ['disentangled', 32],
] as const) {
  test(`the paper's ${name} runs from its example`, { skip: models > 1 && skipUnlessFull }, async (t) => {
    const home = temporaryFolder(t);
    const settings = small.flatMap((setting) => ['--set', setting]);
    const finished = await ddr([
      'run',
      `examples/paper-${name}.yaml`,
      '--home',
      home,
      '--volume',
      `data=${digits}`,
      ...settings,
    ]);
    assert.equal(finished.code, 0, finished.errors);
    const { phase, results, report } = finished.events.at(-1) ?? {};
    assert.equal(phase, 'Complete');
    assert.equal(results?.sampleCount, 8);
    const { models: trained } = JSON.parse(readFileSync(join(dirname(report ?? ''), 'report.json'), 'utf8')) as {
      models: unknown[];
    };
    assert.equal(trained.length, models);
  });
}
