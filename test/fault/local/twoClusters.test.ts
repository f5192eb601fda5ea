import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createPosixStore } from '../../../src/trainer/artifacts/posixStore.ts';
import { openS3Store } from '../../../src/trainer/artifacts/s3Store.ts';
import type { ArtifactStore } from '../../../src/trainer/artifacts/store.ts';
import { ddr, type Finished } from '../../helpers/ddr.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { ofGreyImages, writeImages } from '../../helpers/greyImages.ts';
import { withSpec } from '../../helpers/runs.ts';
import { s3ServerOfFile, skipS3 } from '../../helpers/s3Server.ts';

const serverOf = s3ServerOfFile();

/** What clusters share: the store. Data, home and operator are each one's own. */
interface Store {
  /** What the store holds, wherever it is. */
  store: Promise<ArtifactStore>;
  /** Arguments of `ddr` in a cluster. */
  of: (cluster: string, execution?: object) => string[];
}

/** A run of two small models over a store that others write to as well. @param kind of the store */
function storeOf(t: TestContext, kind: 'folder' | 'bucket' = 'folder'): Store {
  const base = temporaryFolder(t);
  const folder = join(base, 'store');
  mkdirSync(folder);
  const bucket = kind === 'bucket' ? serverOf().place() : undefined;
  const of = (cluster: string, execution: object = {}) => {
    const own = join(base, cluster);
    mkdirSync(own, { recursive: true });
    writeImages(join(own, 'images'));
    const place = bucket === undefined ? { volume: { shared: { claimName: 'store' } } } : { objectStore: bucket };
    const run = withSpec({
      schedule: { states: 2 },
      ...ofGreyImages,
      training: { images: 960, batchSize: 16, threads: 1 },
      checkpoints: { ...place, everyImages: 160 },
      sampling: { count: 2, batchSize: 2 },
      execution,
    });
    writeFileSync(join(own, 'run.yaml'), JSON.stringify(run));
    const volumes = ['--volume', `data=${own}`, ...(bucket === undefined ? ['--volume', `store=${folder}`] : [])];
    return ['run', join(own, 'run.yaml'), '--home', join(own, 'ddr'), '--processes', '1', ...volumes];
  };
  if (bucket === undefined) return { store: Promise.resolve(createPosixStore(folder)), of };
  // What `ddr` inherits: the credentials of whoever calls it.
  const { accessKeyId, secretAccessKey } = serverOf().credentials;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  return { store: openS3Store(bucket, serverOf().credentials), of };
}

const end = ({ events }: Finished) => events.at(-1);
const modelsOf = ({ events }: Finished) => events.findLast(({ models }) => models !== undefined)?.models;
const modelsIn = async ({ store }: Store) => (await store).list('runs/digits/models');

let undisturbed: Promise<{ models: string[]; digest: string | undefined }> | undefined;

/** What one cluster alone makes of the run. */
function whole(t: TestContext) {
  undisturbed ??= (async () => {
    const store = storeOf(t);
    const finished = end(await ddr(store.of('one')));
    assert.equal(finished?.phase, 'Complete');
    return { models: await modelsIn(store), digest: finished?.bundle?.digest };
  })();
  return undisturbed;
}

for (const kind of ['folder', 'bucket'] as const) {
  const options = { skip: kind === 'bucket' ? skipS3 : false };
  test(
    `two clusters share a ${kind} and train a share each, one of them is switched off half-way and on again, and the bundle is that of one`,
    options,
    async (t) => {
      const store = storeOf(t, kind);
      const phases = new Set<string | undefined>();
      const aggregating = ddr(store.of('here', { states: '0' }), ({ phase }) => phases.add(phase));
      const there = store.of('there', { states: '1', aggregate: false });
      const off = await ddr(there, (event, child) => {
        if ((event.images ?? 0) > 400) child.kill('SIGKILL');
      });
      assert.equal(off.signal, 'SIGKILL');
      const on = await ddr(there);
      assert.deepEqual([end(on)?.phase, modelsOf(on)], ['Complete', '1/1 of 2'], on.errors);
      assert.deepEqual([end(on)?.bundle, end(on)?.results], [undefined, undefined]);

      const finished = await aggregating;
      assert.deepEqual([end(finished)?.phase, modelsOf(finished)], ['Complete', '1/1 of 2'], finished.errors);
      assert.ok(phases.has('Aggregating'));
      const { models, digest } = await whole(t);
      assert.deepEqual([await modelsIn(store), end(finished)?.bundle?.digest], [models, digest]);
    },
  );
}

test('a model that is in both shares by mistake is the same object, and both come to their end', async (t) => {
  const store = storeOf(t);
  const [here, there] = await Promise.all([
    ddr(store.of('here')),
    ddr(store.of('there', { states: '1', aggregate: false })),
  ]);
  assert.deepEqual([end(here)?.phase, end(there)?.phase], ['Complete', 'Complete'], here.errors + there.errors);
  const { models, digest } = await whole(t);
  assert.deepEqual([await modelsIn(store), end(here)?.bundle?.digest], [models, digest]);
});
