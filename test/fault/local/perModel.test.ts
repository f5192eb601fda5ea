import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ddr, type Finished } from '../../helpers/ddr.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { ofGreyImages, writeImages } from '../../helpers/greyImages.ts';
import { withSpec } from '../../helpers/runs.ts';

/** A run of three small models, which are collected in two waves. */
function prepare(t: TestContext, volume: object) {
  const home = temporaryFolder(t);
  writeImages(join(home, 'images'));
  const run = withSpec({
    schedule: { states: 3 },
    ...ofGreyImages,
    training: { images: 480, batchSize: 16, threads: 1 },
    execution: { aggregation: { claimsPerWave: 2 } },
    checkpoints: { volume, everyImages: 160 },
    sampling: { count: 8, batchSize: 8, shards: 2 },
    evaluation: { extractor: { name: 'mnist-classifier' } },
  });
  writeFileSync(join(home, 'run.yaml'), JSON.stringify(run));
  const volumes = join(home, 'ddr/volumes');
  const args = ['run', join(home, 'run.yaml'), '--home', join(home, 'ddr'), '--volume', `data=${home}`];
  return { volumes, args };
}

const end = ({ events }: Finished) => events.at(-1);

test('with a claim for each model a run that is killed goes on, trains only what is missing, and ends with the bundle of a shared claim', async (t) => {
  const calm = prepare(t, { shared: { size: '1Gi' } });
  const undisturbed = end(await ddr(calm.args));
  assert.equal(undisturbed?.phase, 'Complete');

  const { volumes, args } = prepare(t, { perModel: { size: '1Gi' } });
  const killed = await ddr(args, (event, child) => {
    if ((event.images ?? 0) > 500) child.kill('SIGKILL');
  });
  assert.equal(killed.signal, 'SIGKILL');
  const finished = await ddr(args);
  assert.equal(end(finished)?.phase, 'Complete', finished.errors);
  assert.equal(end(finished)?.bundle?.digest, undisturbed?.bundle?.digest);
  assert.equal(end(finished)?.results?.frechetDistance, undisturbed?.results?.frechetDistance);
  const claims = readdirSync(volumes).sort();
  assert.deepEqual(
    claims.map((name) => name.replace(/-[0-9a-f]{8}$/, '')),
    ['digits-checkpoints', ...[0, 1, 2].map((index) => `digits-checkpoints-m${index}`)],
  );

  const lost = join(volumes, claims.find((name) => name.includes('-m1-')) ?? '');
  rmSync(lost, { recursive: true });
  rmSync(join(volumes, 'digits-checkpoints/runs/digits'), { recursive: true });
  const again = await ddr(args);
  assert.equal(end(again)?.phase, 'Complete', again.errors);
  assert.equal(end(again)?.bundle?.digest, undisturbed?.bundle?.digest);
  assert.ok(existsSync(lost));
  const { images = 0 } = again.events.find((event) => (event.images ?? 0) > 0) ?? {};
  assert.ok(images >= 2 * 480, 'the other two are not trained again');
});
