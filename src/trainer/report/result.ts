import type { Report } from '../artifacts/report.ts';
import { coverageCaption, coveredStates, statesOf } from './coverage.ts';
import { definitions, shortDigest } from './elements.ts';
import { counted, duration, escapeHtml, grouped, significant } from './text.ts';

/** What was trained, in one sentence: K models of g states each. */
export function summary(report: Report): string {
  const { models, schedule, image, dataset, sampling } = report;
  const g = models[0]?.states.length ?? 1;
  const what =
    models.length === 1
      ? `One model of ${g === 1 ? 'a single latent state' : `all ${counted(g, 'latent state')}`}`
      : `${counted(models.length, 'model')} of ${g === 1 ? 'a single latent state each' : `${g} neighbouring latent states each`}, trained apart`;
  return `${what}, composed with ${escapeHtml(sampling.sampler)}${coverageCaption(report)}. ${escapeHtml(schedule.family)} schedule over T\u00a0=\u00a0${grouped(schedule.timesteps)}; ${counted(dataset.count, 'image')} of ${image.size}×${image.size}${image.channels === 3 ? ' in colour' : ' in grey'}.`;
}

export function keyFigures(report: Report): string {
  const { evaluation, models, sampling, schedule } = report;
  const together = models.length === 1 ? '' : ', all models';
  const trained = models.flatMap(({ seconds }) => seconds ?? []);
  const figures = [
    ...(evaluation?.metrics ?? []).map(({ name, value }) => [
      significant(value),
      `${name}, N\u00a0=\u00a0${grouped(evaluation?.sampleCount ?? 0)}${coverageCaption(report)}`,
    ]),
    [grouped(models.length), models.length === 1 ? 'model' : 'independent models'],
    [`${statesOf(report).length} / ${schedule.timesteps}`, `latent states, S of T${coverageCaption(report)}`],
    [grouped(models.reduce((sum, { images }) => sum + images, 0)), `training images${together}`],
    ...(trained.length < models.length
      ? []
      : [[duration(trained.reduce((sum, seconds) => sum + seconds, 0)), `training time${together}`]]),
    [duration(sampling.seconds), `to draw ${counted(sampling.count, 'sample')}`],
  ];
  const judged = evaluation?.metrics.length ?? 0;
  const cards = figures.map(
    ([value, label], i) =>
      `<div class="card${i < judged ? ' first' : ''}"><b>${escapeHtml(value)}</b><span class="soft">${escapeHtml(label)}</span></div>`,
  );
  return `<div class="figures">${cards.join('')}</div>`;
}

/** What the samples were drawn to show, and how strongly; nothing where the models know no conditions. */
function conditionEntries({ conditions, sampling: { guidance, labels } }: Report): [string, string][] {
  const { labels: classes, contexts } = conditions ?? {};
  const ways = { Uniform: 'each equally often', Data: 'as often as in the data', Listed: 'as listed' };
  const entries: [string, string][] = [];
  if (classes !== undefined)
    entries.push(['classes', `${grouped(classes.classes)}, ${ways[labels?.from ?? 'Uniform']}`]);
  if (contexts !== undefined) entries.push(['contexts', `of ${contexts.tokens} tokens × ${contexts.width}`]);
  if (guidance !== undefined) {
    const states = guidance.states === undefined ? '' : ` at states ${escapeHtml(guidance.states)}`;
    entries.push(['guidance', `scale ${guidance.scale}${states}`]);
  }
  return entries;
}

/** Beside the samples: how they were drawn and judged, and what to mind when comparing the numbers. */
export function resultCard(report: Report): string {
  const { evaluation, sampling } = report;
  const covered = coveredStates(report);
  const drawn = [
    ...(covered === undefined ? [] : [['coverage', covered] as const]),
    ['sampler', `${escapeHtml(sampling.sampler)}, η = ${sampling.eta}`],
    ['samples', `${grouped(sampling.count)}, seed ${sampling.seed}`],
    ['start', sampling.start === 'MomentMatched' ? "matched to the data's moments" : 'N(0, I)'],
    ['predicted image', sampling.clip ? 'clipped to [−1, 1]' : 'not clipped'],
    ...conditionEntries(report),
  ] as const;
  const notesOf = (texts: readonly string[]) => texts.map((text) => `<li>${escapeHtml(text)}</li>`).join('');
  if (evaluation === null) {
    const notes = notesOf(['No evaluation was asked for, so there is no number.', ...(report.coverage?.caveats ?? [])]);
    return `<div class="card">${definitions(drawn)}<ul class="notes">${notes}</ul></div>`;
  }
  const { metrics, extractor, extractorDigest, dimensions, reference, caveats } = evaluation;
  const judged = [
    ...metrics.map(({ name, value }) => [name, `<b>${significant(value, 6)}</b>`] as const),
    ['features', `${grouped(dimensions)} of ${escapeHtml(extractor)}, ${shortDigest(extractorDigest)}`],
    [
      'reference',
      `${reference.count === null ? '' : `${counted(reference.count, 'image')} of `}${reference.kind} <code>${escapeHtml(reference.where)}</code>`,
    ],
  ] as const;
  return `<div class="card">${definitions([...judged, ...drawn])}<ul class="notes">${notesOf(caveats)}</ul></div>`;
}
