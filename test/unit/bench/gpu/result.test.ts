import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Row, table } from '../../../../bench/gpu/result.ts';

const result = { device: 'CPU', parameters: 1_230_000, imagesPerSecond: 500, startSeconds: 2, memoryBytes: 2 ** 30 };

test('images per second are held against the yardstick of the same network, and what was not measured says why', () => {
  const rows: Row[] = [
    { network: 'a', way: 'PyTorch', result: { ...result, imagesPerSecond: 1000 } },
    { network: 'a', way: 'ddr', result },
    { network: 'b', way: 'PyTorch', result: 'not measured: out of memory' },
    { network: 'b', way: 'ddr', result: { ...result, imagesPerSecond: 12.34, memoryBytes: null } },
  ];
  const [, , ...lines] = table(rows, 'PyTorch').split('\n');
  assert.deepEqual(lines, [
    '| a | PyTorch | 1.23 M | 1000 | 1.00 | 1024 | 2.0 s |',
    '| a | ddr | 1.23 M | 500 | 0.50 | 1024 | 2.0 s |',
    '| b | PyTorch |  |  |  |  | not measured: out of memory |',
    '| b | ddr | 1.23 M | 12.3 |  |  | 2.0 s |',
  ]);
});
