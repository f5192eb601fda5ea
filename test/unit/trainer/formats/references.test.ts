import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { assertAgrees, type FormatCase, parseCases } from '../../../helpers/formatCases.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures');
const python = process.env.DDR_PYTHON ?? 'python3';
const hasPython = spawnSync(python, ['-c', 'import numpy, safetensors.numpy']).status === 0;
const skip = hasPython ? false : `${python} has no numpy and safetensors; DDR_PYTHON may name one that has`;

/** All disagreements at once: they explain one another. */
function assertAllAgree(cases: readonly FormatCase[]): void {
  const disagreements = cases.flatMap((test) => {
    try {
      assertAgrees(test);
      return [];
    } catch (error) {
      return [`${test.kind}, ${test.name}: ${error instanceof Error ? error.message : error}`];
    }
  });
  assert.deepEqual(disagreements, []);
}

for (const kind of ['npy', 'npz', 'safetensors', 'zip'] as const) {
  test(`${kind}: what the reference reads we read, with equal values, and what it refuses we refuse`, () => {
    const cases = parseCases(readFileSync(join(fixtures, 'formatCases.json'), 'utf8')).filter(
      (test) => test.kind === kind,
    );
    assert.ok(cases.length > 4);
    assertAllAgree(cases);
  });
}

test('the kept cases are those of the references that are there', { skip }, () => {
  const cases = execFileSync(python, [join(fixtures, 'formatCases.py')], { encoding: 'utf8' });
  assertAllAgree(parseCases(cases));
});

test('random spellings, most of them broken, are read or refused as NumPy and safetensors do', { skip }, () => {
  const args = [join(fixtures, 'formatCases.py'), '3000', '6'];
  assertAllAgree(parseCases(execFileSync(python, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })));
});

test('Python reads what we write', { skip }, (t) => {
  const folder = temporaryFolder(t);
  const mu = { shape: [2], data: Float64Array.of(0.5, -1.25) };
  const bytes = { shape: [2, 2], data: Uint8Array.of(1, 2, 3, 255) };
  const tensors = new Map([
    ['z', { shape: [2, 1], values: Float32Array.of(1.5, -2) }],
    ['a', { shape: [1], values: Float32Array.of(3) }],
  ]);
  writeFileSync(join(folder, 'ours.npz'), writeNpz({ mu, bytes }));
  writeFileSync(join(folder, 'ours.safetensors'), writeSafetensors({ tensors, metadata: { by: 'us' } }));
  const read = JSON.parse(
    execFileSync(python, [join(fixtures, 'formats.py'), 'read', folder], { encoding: 'utf8' }),
  ) as object;
  assert.deepEqual(read, {
    npz: { mu: ['float64', [2], [0.5, -1.25]], bytes: ['uint8', [2, 2], [1, 2, 3, 255]] },
    safetensors: {
      z: [
        [2, 1],
        [1.5, -2],
      ],
      a: [[1], [3]],
    },
  });
});
