import assert from 'node:assert/strict';
import { test } from 'node:test';
import { theirNames } from '../../../../../src/trainer/model/diffusers/names.ts';

test('blocks are counted from the top on the way up, as diffusers does', () => {
  assert.deepEqual(theirNames('up.0.1.conv1.w', 3), ['up_blocks.2.resnets.1.conv1.weight']);
  assert.deepEqual(theirNames('up.2.double.b', 3), ['up_blocks.0.upsamplers.0.conv.bias']);
  assert.deepEqual(theirNames('down.1.half.w', 3), ['down_blocks.1.downsamplers.0.conv.weight']);
  assert.deepEqual(theirNames('middle.1.time.b', 3), ['mid_block.resnets.1.time_emb_proj.bias']);
});

test('a product of several is theirs side by side', () => {
  assert.deepEqual(
    theirNames('down.0.1.transformer.2.cross.kv.w', 1),
    ['to_k', 'to_v'].map((name) => `down_blocks.0.attentions.1.transformer_blocks.2.attn2.${name}.weight`),
  );
});

test('what is no parameter of a U-Net is refused', () => {
  for (const name of ['elsewhere.w', 'down.0.0.other.w', 'down.0.0.transformer.0.other.w'])
    assert.throws(() => theirNames(name, 2), /no parameter/);
});
