import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPrepared } from '../../../../src/trainer/artifacts/prepared.ts';
import { openPrompts, promptsContent, promptsRecordOf } from '../../../../src/trainer/artifacts/prompts.ts';
import { bytesOf } from '../../../helpers/data.ts';
import { contextsContent, preparedPrompts, temporaryStore } from '../../../helpers/trainer.ts';

const contexts = { tokens: 2, width: 3, values: Float32Array.from({ length: 18 }, (_, i) => i) };
const hash = 'a'.repeat(16);

test('samples take the prompts in turn', async (t) => {
  const { store } = temporaryStore(t);
  await preparedPrompts(store, 'p', hash, contexts);
  const { prompts } = (await loadPrepared(store, 'p', hash)) ?? assert.fail();
  assert.equal(prompts?.count, 3);
  const prompt = openPrompts(store, 'p', prompts);
  for (const sample of [0, 2, 3, 7]) {
    const from = (sample % 3) * 6;
    assert.deepEqual(await prompt(sample), contexts.values.slice(from, from + 6));
  }
});

test('prompts that change between two readings are refused', async () => {
  const record = await promptsRecordOf(() => contextsContent(contexts));
  const other = contextsContent({ ...contexts, values: contexts.values.toReversed() });
  await assert.rejects(bytesOf(promptsContent(other, record)), { code: 'DataChanged' });
});
