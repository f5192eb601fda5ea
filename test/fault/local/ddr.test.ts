import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ddr, type Finished, leftovers } from '../../helpers/ddr.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { ofGreyImages, writeImages } from '../../helpers/greyImages.ts';
import { withSpec } from '../../helpers/runs.ts';

/** A run of three small models; long enough to be disturbed. */
function prepare(t: TestContext, spec: Record<string, unknown> = {}): { home: string; args: string[] } {
  const home = temporaryFolder(t);
  writeImages(join(home, 'images'));
  const run = withSpec({
    schedule: { states: 3 },
    ...ofGreyImages,
    training: { images: 1920, batchSize: 16, threads: 1 },
    checkpoints: { volume: { shared: { size: '1Gi' } }, everyImages: 320 },
    sampling: { count: 8, batchSize: 8 },
    evaluation: { extractor: { name: 'mnist-classifier' } },
    ...spec,
  });
  writeFileSync(join(home, 'run.yaml'), JSON.stringify(run));
  return { home, args: ['run', join(home, 'run.yaml'), '--home', join(home, 'ddr'), '--volume', `data=${home}`] };
}

const end = ({ events }: Finished) => events.at(-1);

test('Ctrl-C suspends, kill -9 kills; the same command goes on and ends with the same bundle', async (t) => {
  const calm = prepare(t);
  const undisturbed = end(await ddr(calm.args));
  assert.equal(undisturbed?.phase, 'Complete');

  const { home, args } = prepare(t);
  let asked = false;
  const interrupted = await ddr(args, (event, child) => {
    if ((event.images ?? 0) > 300 && !asked) asked = child.kill('SIGINT');
  });
  assert.equal(interrupted.code, 130, interrupted.errors);
  assert.match(end(interrupted)?.message ?? '', /same command goes on/);
  assert.deepEqual(leftovers(home), []);

  const killed = await ddr(args, (event, child) => {
    if ((event.images ?? 0) > 1500) child.kill('SIGKILL');
  });
  assert.equal(killed.signal, 'SIGKILL');
  // Its processes notice that it is gone, save, and end by themselves.
  for (let i = 0; leftovers(home).length > 0; i++) {
    assert.ok(i < 50, 'processes outlive ddr');
    await wait(100);
  }

  const finished = end(await ddr(args));
  assert.equal(finished?.phase, 'Complete');
  assert.equal(finished?.bundle?.digest, undisturbed?.bundle?.digest);
  assert.equal(finished?.results?.frechetDistance, undisturbed?.results?.frechetDistance);
});

test('a second ddr of the same run is refused', async (t) => {
  const { args } = prepare(t);
  let second: Promise<Finished> | undefined;
  const first = await ddr(args, () => {
    second ??= ddr(args);
  });
  assert.equal(end(first)?.phase, 'Complete');
  const refused = await second;
  assert.equal(refused?.code, 1);
  assert.match(refused?.errors ?? '', /is running this already/);
});

test('a model that cannot be trained fails the run with its reason; the others are trained', async (t) => {
  const { home, args } = prepare(t, {
    overrides: [
      {
        states: '1',
        training: { optimizer: { learningRate: 10, warmupImages: 0 }, gradientClipNorm: 0, images: 16_000 },
      },
    ],
  });
  const finished = await ddr(args);
  assert.equal(finished.code, 1);
  const { phase, failures } = end(finished) ?? {};
  assert.equal(phase, 'Failed');
  assert.deepEqual(
    failures?.map(({ reason, states }) => [reason, states]),
    [['Diverged', '1']],
  );
  const models = join(home, 'ddr/volumes/digits-checkpoints/runs/digits/models');
  const trained = () => readdirSync(models).filter((hash) => readdirSync(join(models, hash)).includes('final')).length;
  assert.equal(trained(), 2);
  // The same command tries it again, and keeps what is good.
  const again = await ddr([...args, '--set', 'spec.execution.retries.perModel=0']);
  assert.deepEqual([again.code, end(again)?.failures?.[0]?.reason, trained()], [1, 'Diverged', 2]);
});

test('data that were replaced are other data: it is said before training, and nothing mixes', async (t) => {
  const { home, args } = prepare(t, { training: { images: 160, batchSize: 16, threads: 1 } });
  const first = end(await ddr(args));
  assert.equal(first?.phase, 'Complete');
  const same = await ddr(args);
  assert.equal(end(same)?.bundle?.digest, first?.bundle?.digest);
  assert.ok(!same.events.some(({ event }) => event === 'note'), 'nothing has changed, and nothing is said');

  writeImages(join(home, 'images'), 60);
  const changed = await ddr(args);
  assert.equal(end(changed)?.phase, 'Complete');
  const note = changed.events.findIndex(({ message }) => message?.includes('The data have changed'));
  assert.match(changed.events[note]?.message ?? '', /3 models will be trained anew/);
  assert.ok(note < changed.events.findIndex(({ images }) => (images ?? 0) > 0), 'before training');
  assert.notEqual(end(changed)?.bundle?.digest, first?.bundle?.digest);

  writeImages(join(home, 'images'));
  assert.equal(end(await ddr(args))?.bundle?.digest, first?.bundle?.digest, 'the former models are still there');
});

test('a folder given by mistake may be put right', async (t) => {
  const { home, args } = prepare(t, { training: { images: 160, batchSize: 16, threads: 1 } });
  const other = join(home, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'images'), 'no images');
  const mistaken = await ddr([...args.slice(0, -1), `data=${other}`]);
  assert.equal(end(mistaken)?.failures?.[0]?.reason, 'InputForeign');
  assert.equal(end(await ddr(args))?.phase, 'Complete');
});

test('what is not there is refused before a process is started', async (t) => {
  const { home, args } = prepare(t);
  const missing = await ddr([...args.slice(0, -2)]);
  assert.equal(missing.code, 1);
  assert.match(missing.errors, /InputMissing .*--volume data=FOLDER/);
  const wrong = await ddr([...args, '--set', 'spec.schedule.states=0']);
  assert.match(wrong.errors, /InvalidSpec .*spec\.schedule\.states/);
  assert.deepEqual(readdirSync(home).includes('ddr'), false);
});

test('a home that cannot be written is an error, not a stack trace', async (t) => {
  const { home, args } = prepare(t);
  const { code, errors } = await ddr([...args, '--home', join(home, 'images')]);
  assert.equal(code, 1);
  assert.match(errors, /^FileAccess: ENOTDIR[^\n]*\n$/);
});

test('a run whose output nobody reads any more does not count as complete', async (t) => {
  const { home, args } = prepare(t);
  const { code } = await ddr(args, (_, child) => child.stdout?.destroy());
  assert.equal(code, 130);
  for (let i = 0; leftovers(home).length > 0; i++) {
    assert.ok(i < 100, 'processes outlive ddr');
    await wait(100);
  }
});
