import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../helpers/ddr.ts';

const ddr = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), ...args], { encoding: 'utf8', cwd: root });

test('model describe prints tables, or JSON for programs', () => {
  const { status, stdout } = ddr('model', 'describe', 'sd-2.1', '--batch', '4', '--output', 'json');
  assert.equal(status, 0);
  const [{ network }] = JSON.parse(stdout);
  assert.deepEqual([network.parameters, network.batchSize], [865_910_724, 4]);
});

test('bundle export knows two formats, and says what is no bundle', () => {
  assert.equal(ddr('bundle', 'export', '--format', 'onnx', 'a', 'b').status, 2);
  const { status, stderr } = ddr('bundle', 'export', '--format', 'diffusers', 'docs', 'b');
  assert.equal(status, 1);
  assert.match(stderr, /InputMissing.*docs.*is no bundle/);
});
