import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { coverageText } from '../api/coverage.ts';
import { DdrError } from '../api/errors.ts';
import { reportFiles, runLayout } from '../api/layout.ts';

const metricSchema = z.object({ name: z.string(), value: z.number() });

const findingSchema = z.object({ signature: z.string(), message: z.string(), remedy: z.string() });

const judgedBy = { extractor: z.string(), sampleCount: z.number() };

/** What format 1 had of one distance, as format 2 has it of every metric. */
const evaluationOfFormat1 = z
  .object({ metric: z.string(), distance: z.number(), ...judgedBy })
  .transform(({ metric, distance, ...rest }) => ({
    metrics: [{ name: metric, value: distance }],
    caveats: [],
    ...rest,
  }));

const evaluationSchema = z.object({ metrics: z.array(metricSchema), caveats: z.array(z.string()), ...judgedBy });

/** Of report.json, what the summary shows. */
const common = z.object({
  run: z.object({ name: z.string(), namespace: z.string() }),
  sampling: z.object({ count: z.number(), eta: z.number(), seed: z.number() }),
  models: z.array(z.object({ images: z.number(), states: z.array(z.unknown()) })),
  bundle: z.object({ digest: z.string() }),
  findings: z.array(findingSchema).default([]),
  coverage: z.object({ states: z.number(), caveats: z.array(z.string()) }).optional(),
});

const reportSchema = z.discriminatedUnion('format', [
  common.extend({ format: z.literal(1), evaluation: evaluationOfFormat1.nullable() }),
  common.extend({ format: z.literal(2), evaluation: evaluationSchema.nullable() }),
]);
type Report = z.output<typeof reportSchema>;

/**
 * The newest report below a folder, as lines of text.
 * @throws DdrError InputMissing where there is none, InputForeign where it cannot be read
 */
export function describeNewestReport(folder: string): string[] {
  const [newest] = globSync(`${runLayout('**').report('*')}/${reportFiles.record}`, { cwd: folder })
    .filter((path) => !path.includes('.partial-'))
    .map((path) => ({ path: join(folder, path), time: statSync(join(folder, path)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  if (newest === undefined) {
    throw new DdrError('InputMissing', 'there is no report', {
      where: folder,
      hint: 'A run writes one when it is complete.',
    });
  }
  const report = readReport(newest.path);
  const { run, sampling, models, bundle, findings, coverage } = report;
  const states = models.reduce((sum, model) => sum + model.states.length, 0);
  const covered = coverage && coverageText(states, coverage.states);
  return [
    `Run:     ${run.namespace}/${run.name}`,
    `Models:  ${models.length}, of ${states} latent states, ${models.reduce((sum, { images }) => sum + images, 0)} images in all`,
    `Samples: ${sampling.count}, η = ${sampling.eta}, seed ${sampling.seed}`,
    ...describeEvaluation(report.evaluation, covered),
    ...(report.evaluation === null ? (coverage?.caveats ?? []) : []).map(noteLine),
    ...findings.map(({ signature, message, remedy }) => `${signature}: ${message} ${remedy}`),
    `Bundle:  sha256 ${bundle.digest}`,
    `Report:  ${join(dirname(newest.path), reportFiles.page)}`,
  ];
}

const noteLine = (text: string) => `Note:    ${text}`;

/** @param covered states that have a model, where not all have one */
function describeEvaluation(evaluation: Report['evaluation'], covered: string | undefined): string[] {
  if (evaluation === null) return [];
  const { metrics, caveats, sampleCount, extractor } = evaluation;
  return [
    ...metrics.map(
      ({ name, value }) =>
        `${name}: ${Number(value.toPrecision(4))} (N = ${sampleCount}, ${extractor}${covered === undefined ? '' : `, coverage ${covered}`})`,
    ),
    ...caveats.map(noteLine),
  ];
}

function readReport(path: string): Report {
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
