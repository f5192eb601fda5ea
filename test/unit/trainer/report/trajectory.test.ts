import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrajectoryPicture } from '../../../../src/trainer/report/pictures.ts';
import { trajectorySection } from '../../../../src/trainer/report/trajectory.ts';
import { exampleReport } from '../../../helpers/reports.ts';

const png = Uint8Array.of(1, 2, 3);
const picture = (...steps: number[]): TrajectoryPicture => ({
  whole: png,
  strips: steps.map((step) => ({ step, x: png, predicted: step < 3 ? png : undefined })),
});

test('a column per state, headed by its τ, and the result', () => {
  const section = trajectorySection(exampleReport(), picture(0, 1, 2, 3));
  const heads = [...section.matchAll(/class="head[^"]*">([^<]+)/g)].map(([, text]) => text?.trim());
  assert.deepEqual(heads, ['τ 999', 'τ 665', 'τ 332', 'result']);
  assert.doesNotMatch(section, /trajectory\.png/);
});

test('where only some moments are shown, it says where the others are', () => {
  const section = trajectorySection(exampleReport(), picture(0, 3));
  assert.match(section, /2 of 4 moments are shown; trajectory\.png has more\./);
});
