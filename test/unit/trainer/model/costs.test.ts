import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { conditioningOf, unconditioned } from '../../../../src/trainer/model/conditioning.ts';
import { costOf } from '../../../../src/trainer/model/costs.ts';
import type { Attention, Residual } from '../../../../src/trainer/model/structure.ts';

const config = { ...modelSchema.parse({ baseChannels: 8 }), imageSize: 8, imageChannels: 1 };
const residual = (attention: Attention, from = 8): Residual => ({
  kind: 'residual',
  name: 'down.0.0',
  from,
  to: 8,
  attention,
});

test('a convolution costs two operations per weight and pixel', () => {
  assert.equal(costOf(config, unconditioned, { kind: 'down', name: 'x', channels: 8 }, 4).flops, 2 * 9 * 8 * 8 * 16);
  assert.equal(costOf(config, unconditioned, residual({ kind: 'none' }), 4).flops, 2 * (2 * 9 * 8 * 8 * 16));
});

test('attention costs with the square of the pixels, and keeps its weights', () => {
  const none = costOf(config, unconditioned, residual({ kind: 'none' }), 8);
  const self = costOf(config, unconditioned, residual({ kind: 'self', heads: 2 }), 8);
  assert.equal(self.flops - none.flops, 2 * 64 * 8 * 32 + 4 * 64 * 64 * 8);
  assert.equal(self.kept - none.kept, 2 * 64 * 64 + 6 * 64 * 8);
});

test('a transformer costs per block, and looking at a context costs more', () => {
  const deep = (depth: number, told = unconditioned) =>
    costOf(config, told, residual({ kind: 'transformer', heads: 1, depth }), 8);
  assert.equal(deep(3).flops - deep(2).flops, deep(2).flops - deep(1).flops);
  const told = conditioningOf(1, config, { context: { tokens: 2, width: 4 } });
  assert.ok(deep(1, told).flops > deep(1).flops && deep(1, told).kept > deep(1).kept);
});

test('dropout keeps its mask, the way up what it was joined with', () => {
  const plain = costOf(config, unconditioned, residual({ kind: 'none' }, 16), 8).kept;
  assert.ok(costOf({ ...config, dropout: 0.1 }, unconditioned, residual({ kind: 'none' }, 16), 8).kept > plain);
  const up = { ...residual({ kind: 'none' }, 16), name: 'up.0.0' };
  assert.equal(costOf(config, unconditioned, up, 8).kept - plain, 16 * 64);
});
