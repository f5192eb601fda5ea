import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import type { Dataset } from '../../../../src/api/spec/dataset.ts';
import { loadFinal } from '../../../../src/trainer/artifacts/finalModel.ts';
import { runTrain } from '../../../../src/trainer/train/train.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { prepared, shardsOf, shardVolume } from '../../../helpers/shards.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';
import { trainTask } from '../../../helpers/training.ts';
import { training } from '../../../helpers/unet.ts';

test('a model that streams has the weights of one that learned from a copy, interrupted or not, whatever its cache holds', async (t) => {
  const volume = await shardVolume(t, 21, 7);
  const labels = { labels: { from: 'Cls', classes: 3 } };
  const stream = (size: string) => shardsOf({ ...labels, prepare: 'Index', cache: { size } });

  /** Two epochs and a bit. @param stopAfter images after which it is interrupted, and goes on with another process's eyes */
  async function train(dataset: Dataset, cache: () => string | undefined, stopAfter?: number) {
    const { store } = temporaryStore(t);
    const { dataset: found } = await prepared(store, dataset, volume);
    const task = trainTask(found.address, {
      training: training({ images: 48, batchSize: 8, horizontalFlips: true }),
      ...(dataset.prepare === 'Index' && { stream: dataset }),
    });
    if (stopAfter !== undefined) {
      const controller = new AbortController();
      const stopping = trainerContext(store, {
        volumes: { data: volume },
        cache: cache(),
        signal: controller.signal,
        progress: ({ done }) => done >= stopAfter && controller.abort(),
      });
      await assert.rejects(runTrain(task, stopping), { code: 'Interrupted' });
    }
    await runTrain(task, trainerContext(store, { volumes: { data: volume }, cache: cache() }));
    const record = await loadFinal(store, runLayout(task.directory).model(task.hash).final, task.hash);
    return { weights: record?.weights.sha256, dataset: record?.dataset };
  }

  const copy = await train(shardsOf(labels), () => undefined);
  const [kept, tiny] = [temporaryFolder(t), temporaryFolder(t)];
  assert.deepEqual(await train(stream('1Mi'), () => kept, 16), copy, 'cold at first, warm after it was interrupted');
  assert.deepEqual(await train(stream('8Ki'), () => tiny), copy, 'with room for a few images');
});
