// How much later a trainer's first step comes, and how much more memory it takes, with many prepared images than with few.
//   npm run bench:start                          60,000 images against 100: Fashion-MNIST of Debian's package
//   npm run bench:start -- --images 1000000      dataset-fashion-mnist where it is there and large enough, else made up
//   npm run bench:start -- --json FILE
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Measurement, report } from '../operator/goals.ts';
import { preparedImages } from './images.ts';
import { firstStep, type Start } from './trainerProcess.ts';

const { values } = parseArgs({
  options: {
    few: { type: 'string', default: '100' },
    images: { type: 'string', default: '60000' },
    repeats: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
});

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1] as number;
const mebibyte = 2 ** 20;

/** Starts with few and with many images in turn, so that what else the machine does meets both. */
async function measure(root: string): Promise<Measurement[]> {
  const counts = { few: Number(values.few), many: Number(values.images) };
  const few = await preparedImages(root, counts.few);
  const many = await preparedImages(root, counts.many);
  const starts: { few: Start[]; many: Start[] } = { few: [], many: [] };
  await firstStep(root, few.dataset); // warms up the file cache
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    starts.few.push(await firstStep(root, few.dataset));
    starts.many.push(await firstStep(root, many.dataset));
  }
  const seconds = (of: Start[]) => median(of.map((start) => start.seconds));
  const peak = (of: Start[]) => median(of.map((start) => start.peakBytes / mebibyte));
  const rows = (scenario: string, of: Start[]): Measurement[] => [
    { scenario, what: 'start to first step', value: seconds(of), unit: 's' },
    { scenario, what: 'peak memory', value: peak(of), unit: 'MiB' },
  ];
  return [
    { scenario: `${counts.many} images`, what: `preparing ${many.from}`, value: many.seconds, unit: 's' },
    ...rows(`${counts.few} images`, starts.few),
    ...rows(`${counts.many} images`, starts.many),
    {
      scenario: 'difference',
      what: 'start to first step',
      value: seconds(starts.many) - seconds(starts.few),
      unit: 's',
      goal: { atMost: 3 },
    },
    {
      scenario: 'difference',
      what: 'peak memory',
      value: peak(starts.many) - peak(starts.few),
      unit: 'MiB',
      goal: { atMost: 200 },
    },
  ];
}

const root = mkdtempSync(join(tmpdir(), 'ddr-bench-start-'));
try {
  report(await measure(root), values.json);
} finally {
  rmSync(root, { recursive: true, force: true });
}
