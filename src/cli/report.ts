import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { DdrError } from '../api/errors.ts';

/** Of report.json, what the summary shows. */
const reportSchema = z.object({
  run: z.object({ name: z.string(), namespace: z.string() }),
  sampling: z.object({ count: z.number(), eta: z.number(), seed: z.number() }),
  evaluation: z
    .object({ metric: z.string(), distance: z.number(), extractor: z.string(), sampleCount: z.number() })
    .nullable(),
  models: z.array(z.object({ images: z.number(), states: z.array(z.unknown()) })),
  bundle: z.object({ digest: z.string() }),
});

/**
 * The newest report below a folder, as lines of text.
 * @throws DdrError InputMissing where there is none, InputForeign where it cannot be read
 */
export function describeNewestReport(folder: string): string[] {
  const [newest] = globSync('**/reports/*/report.json', { cwd: folder })
    .filter((path) => !path.includes('.partial-'))
    .map((path) => ({ path: join(folder, path), time: statSync(join(folder, path)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  if (newest === undefined) {
    throw new DdrError('InputMissing', 'there is no report', {
      where: folder,
      hint: 'A run writes one when it is complete.',
    });
  }
  const { run, sampling, evaluation, models, bundle } = readReport(newest.path);
  const states = models.reduce((sum, model) => sum + model.states.length, 0);
  return [
    `Run:     ${run.namespace}/${run.name}`,
    `Models:  ${models.length}, of ${states} latent states, ${models.reduce((sum, { images }) => sum + images, 0)} images in all`,
    `Samples: ${sampling.count}, η = ${sampling.eta}, seed ${sampling.seed}`,
    ...(evaluation === null
      ? []
      : [
          `${evaluation.metric}: ${Number(evaluation.distance.toPrecision(4))} (N = ${evaluation.sampleCount}, ${evaluation.extractor})`,
        ]),
    `Bundle:  sha256 ${bundle.digest}`,
    `Report:  ${join(dirname(newest.path), 'report.html')}`,
  ];
}

function readReport(path: string): z.output<typeof reportSchema> {
  try {
    return reportSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new DdrError('InputForeign', 'is not a report', {
      where: path,
      hint: 'Delete its folder; the next `ddr run` writes it again.',
      cause,
    });
  }
}
