import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { structureOf } from '../../../../src/trainer/model/structure.ts';

const structure = (model: object) =>
  structureOf({ ...modelSchema.parse({ baseChannels: 16, ...model }), imageSize: 16, imageChannels: 1 });
const attentions = (model: object) => {
  const { down, middle, up } = structure(model);
  return [...down, ...middle, ...up].flatMap((block) =>
    block.kind === 'residual' && block.attention.kind !== 'none'
      ? [`${block.name} ${Object.values(block.attention).join(' ')}`]
      : [],
  );
};

test('a plain network has no attention, and what goes down comes up', () => {
  const { down, up, last } = structure({ channelMultipliers: [1, 2] });
  assert.deepEqual(attentions({ channelMultipliers: [1, 2] }), []);
  assert.deepEqual(
    [...down, ...up].map(({ name }) => name),
    ['in', 'down.0.0', 'down.0.half', 'down.1.0', 'up.1.0', 'up.1.1', 'up.1.double', 'up.0.0', 'up.0.1'],
  );
  assert.deepEqual(
    up.flatMap((block) => (block.kind === 'residual' ? [block.from] : [])),
    [64, 48, 48, 32],
  );
  assert.equal(last, 16);
});

test('levels have attention at their resolutions, and the middle where any has', () => {
  assert.deepEqual(attentions({ channelMultipliers: [1, 2], attentionResolutions: [16] }), [
    'down.0.0 self 1',
    'middle.0 self 1',
    'up.0.0 self 1',
    'up.0.1 self 1',
  ]);
});

test('levels with a depth have transformers, with heads by their width', () => {
  const model = { channelMultipliers: [1, 2], transformerDepths: [0, 2], headChannels: 8, attentionResolutions: [16] };
  assert.deepEqual(attentions(model), [
    'down.0.0 self 2',
    'down.1.0 transformer 4 2',
    'middle.0 transformer 4 2',
    'up.1.0 transformer 4 2',
    'up.1.1 transformer 4 2',
    'up.0.0 self 2',
    'up.0.1 self 2',
  ]);
});
