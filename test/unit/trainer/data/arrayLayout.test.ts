import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channelsLast, layoutOf, requireLayout } from '../../../../src/trainer/data/arrayLayout.ts';

const found = (...shape: number[]) => {
  const layout = layoutOf(shape);
  return layout && `${layout.height}×${layout.width}×${layout.channels} ${layout.order}`;
};

test('images have channels last, or none, or first where nothing else is possible', () => {
  assert.equal(found(20, 28, 28), '28×28×1 HWC');
  assert.equal(found(20, 32, 24, 3), '32×24×3 HWC');
  assert.equal(found(20, 32, 32, 4), '32×32×4 HWC');
  assert.equal(found(20, 3, 32, 24), '32×24×3 CHW');
  assert.equal(found(20, 1, 28, 28), '28×28×1 CHW');
  assert.equal(found(20, 3, 32, 3), '3×32×3 HWC');
});

test('other shapes are none of images', () => {
  for (const shape of [[20], [20, 784], [20, 28, 28, 2], [20, 4, 32, 32], [20, 0, 28], [1, 20, 28, 28, 3]])
    assert.equal(layoutOf(shape), undefined, String(shape));
  assert.throws(() => requireLayout([20, 784], 'x.npy'), {
    code: 'InputForeign',
    where: 'x.npy',
    message: /\[20, 784\]/,
  });
});

test('one image by itself is not a number of narrow ones', () => {
  for (const shape of [
    [64, 64, 3],
    [64, 48, 4],
    [28, 28, 1],
  ])
    assert.throws(() => requireLayout(shape, 'x.npy'), { hint: /array\[None\]/ }, String(shape));
  assert.equal(found(20, 4, 4), '4×4×1 HWC');
});

test('the remedy is that of what a shape probably is', () => {
  const hints: [number[], RegExp][] = [
    [[60000], /labels/],
    [[20, 784], /reshape\(-1, 28, 28\)/],
    [[20, 3072], /reshape\(-1, 3, 32, 32\)/],
    [[32, 32, 3, 5000], /moveaxis\(array, -1, 0\)/],
    [[1, 20, 28, 28, 3], /one of these shapes/],
  ];
  for (const [shape, hint] of hints) assert.throws(() => requireLayout(shape, 'x'), { hint }, String(shape));
});

test('channels are put side by side', () => {
  const planes = Uint8Array.of(1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24);
  const layout = requireLayout([1, 3, 2, 2], 'x');
  // 2×2 is also [N,H,W,C] of no number of channels that there is
  assert.equal(layout.order, 'CHW');
  assert.deepEqual([...channelsLast(planes, layout)], [1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24]);
});
