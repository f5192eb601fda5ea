import type { Report } from '../artifacts/report.ts';
import { stateColour, statesOf } from './charts.ts';
import type { WalkPicture } from './pictures.ts';
import { counted, duration, escapeHtml, grouped, significant } from './text.ts';

/** A picture within the page. */
export const image = (png: Uint8Array, description: string): string =>
  `<img alt="${escapeHtml(description)}" src="data:image/png;base64,${Buffer.from(png).toString('base64')}">`;

const definitions = (entries: readonly (readonly [string, string])[]) =>
  `<dl>${entries.map(([term, text]) => `<dt>${escapeHtml(term)}</dt><dd>${text}</dd>`).join('')}</dl>`;

const digest = (sha256: string) => `<code>${escapeHtml(sha256)}</code>`;
const shortDigest = (sha256: string) => `<code title="${escapeHtml(sha256)}">${escapeHtml(sha256.slice(0, 12))}</code>`;

/** What was trained, in one sentence: K models of g states each. */
export function summary({ models, schedule, image, dataset }: Report): string {
  const g = models[0]?.states.length ?? 1;
  const what =
    models.length === 1
      ? `One model of ${g === 1 ? 'a single latent state' : `all ${counted(g, 'latent state')}`}`
      : `${counted(models.length, 'model')} of ${g === 1 ? 'a single latent state each' : `${g} neighbouring latent states each`}, trained apart`;
  return `${what}, composed with DDIM. ${escapeHtml(schedule.family)} schedule over T\u00a0=\u00a0${grouped(schedule.timesteps)}; ${counted(dataset.count, 'image')} of ${image.size}×${image.size}${image.channels === 3 ? ' in colour' : ' in grey'}.`;
}

export function keyFigures(report: Report): string {
  const { evaluation, models, sampling, schedule } = report;
  const together = models.length === 1 ? '' : ', all models';
  const trained = models.flatMap(({ seconds }) => seconds ?? []);
  const figures = [
    ...(evaluation === null
      ? []
      : [[significant(evaluation.distance), `${evaluation.metric}, N\u00a0=\u00a0${grouped(evaluation.sampleCount)}`]]),
    [grouped(models.length), models.length === 1 ? 'model' : 'independent models'],
    [`${statesOf(report).length} / ${schedule.timesteps}`, 'latent states, S of T'],
    [grouped(models.reduce((sum, { images }) => sum + images, 0)), `training images${together}`],
    ...(trained.length < models.length
      ? []
      : [[duration(trained.reduce((sum, seconds) => sum + seconds, 0)), `training time${together}`]]),
    [duration(sampling.seconds), `to draw ${counted(sampling.count, 'sample')}`],
  ];
  const cards = figures.map(
    ([value, label], i) =>
      `<div class="card${i === 0 && evaluation !== null ? ' first' : ''}"><b>${escapeHtml(value)}</b><span class="soft">${escapeHtml(label)}</span></div>`,
  );
  return `<div class="figures">${cards.join('')}</div>`;
}

/** Beside the samples: how they were drawn and judged, and what to mind when comparing the number. */
export function resultCard({ evaluation, sampling }: Report): string {
  const drawn = [
    ['sampler', `${escapeHtml(sampling.sampler)}, η = ${sampling.eta}`],
    ['samples', `${grouped(sampling.count)}, seed ${sampling.seed}`],
    ['start', sampling.start === 'MomentMatched' ? "matched to the data's moments" : 'N(0, I)'],
    ['predicted image', sampling.clip ? 'clipped to [−1, 1]' : 'not clipped'],
  ] as const;
  if (evaluation === null) {
    return `<div class="card">${definitions(drawn)}<ul class="notes"><li>No evaluation was asked for, so there is no distance.</li></ul></div>`;
  }
  const { metric, distance, extractor, extractorDigest, dimensions, reference, caveats } = evaluation;
  const judged = [
    ['metric', escapeHtml(metric)],
    ['distance', `<b>${significant(distance, 6)}</b>`],
    ['features', `${grouped(dimensions)} of ${escapeHtml(extractor)}, ${shortDigest(extractorDigest)}`],
    [
      'reference',
      `${reference.count === null ? '' : `${counted(reference.count, 'image')} of `}${reference.kind} <code>${escapeHtml(reference.where)}</code>`,
    ],
  ] as const;
  const notes = caveats.map((caveat) => `<li>${escapeHtml(caveat)}</li>`).join('');
  return `<div class="card">${definitions([...judged, ...drawn])}<ul class="notes">${notes}</ul></div>`;
}

/** A column per state from the noisiest to the cleanest, and the result. */
export function walkSection(report: Report, { strips }: WalkPicture): string {
  const walked = statesOf(report).toSorted((a, b) => b.state - a.state);
  const rows = { heads: '', given: '', predicted: '' };
  for (const { step, x, predicted } of strips) {
    const state = walked[step];
    rows.heads +=
      state === undefined
        ? '<div class="head result">result</div>'
        : `<div class="head">τ ${state.timestep}<br>√ᾱ ${Math.sqrt(state.alphaBar).toFixed(3)}</div>`;
    rows.given += image(x, `samples after ${counted(step, 'step')}`);
    rows.predicted +=
      predicted === undefined ? '<div></div>' : image(predicted, `image predicted after ${counted(step, 'step')}`);
  }
  const some =
    strips.length <= walked.length
      ? ` ${strips.length} of ${walked.length + 1} moments are shown; walk.png has more.`
      : '';
  return `<h2>From noise to image</h2><p class="soft">Each column is a latent state: above what its model is given, below the image that it predicts from it. Each line of pictures is one sample.${some}</p>
<figure class="scroll"><div class="walk" style="--columns: ${strips.length}"><div></div>${rows.heads}<div class="row"><b>x</b>what the model is given</div>${rows.given}<div class="row"><b>x̂<sub>0</sub></b>the image it predicts</div>${rows.predicted}</div></figure>`;
}

/** The colours of the states, as a legend. */
export function stateScale(report: Report): string {
  const last = statesOf(report).length - 1;
  const stops = [0, 0.25, 0.5, 0.75, 1].map((part) => stateColour(part * last, last + 1));
  return `<span class="scale">state 0, the cleanest<i style="background: linear-gradient(90deg, ${stops.join(', ')})"></i>state ${last}, the noisiest</span>`;
}

export function modelTable(report: Report): string {
  const states = statesOf(report).length;
  const span = (from: unknown, to: unknown) =>
    from === to ? escapeHtml(from) : `${escapeHtml(from)} – ${escapeHtml(to)}`;
  const rows = report.models.map(({ states: own, prediction, images, losses, seconds, digest: sha256 }) => {
    const [first, last] = [own[0], own.at(-1)];
    const loss = losses.at(-1)?.loss;
    const cells = [
      `<td><span class="dot" style="background: ${stateColour(last?.state ?? 0, states)}"></span>${span(first?.state, last?.state)}</td>`,
      `<td>${span(first?.timestep, last?.timestep)}</td>`,
      `<td>${span(first?.alphaBar.toPrecision(3), last?.alphaBar.toPrecision(3))}</td>`,
      `<td class="left">${escapeHtml(prediction)}</td>`,
      `<td>${grouped(images)}</td>`,
      `<td>${loss === undefined ? '–' : significant(loss, 3)}</td>`,
      `<td>${seconds === null ? '–' : duration(seconds)}</td>`,
      `<td>${shortDigest(sha256)}</td>`,
    ];
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<h2>Models</h2><figure class="scroll"><table><thead><tr><th>${report.models.length === states ? 'state' : 'states'}</th><th>τ</th><th>ᾱ</th><th class="left">predicts</th><th>images</th><th>last loss</th><th>time</th><th>weights, sha256</th></tr></thead><tbody>${rows.join('')}</tbody></table></figure>`;
}

/** Everything that is needed to make it again. */
export function provenance({ run, bundle, schedule, dataset, image, sampling, evaluation, software }: Report): string {
  const entries: [string, string][] = [
    ['run', escapeHtml(`${run.namespace}/${run.name}`)],
    [
      'schedule',
      `${escapeHtml(schedule.family)}, T = ${grouped(schedule.timesteps)}, ᾱ ${escapeHtml(schedule.alphas.toLowerCase())}`,
    ],
    [
      'dataset',
      `${counted(dataset.count, 'image')}, ${image.size}×${image.size}×${image.channels}, sha256 ${digest(dataset.sha256)}`,
    ],
    ['bundle', `<code>${escapeHtml(bundle.path)}</code>, manifest's sha256 ${digest(bundle.digest)}`],
    [
      'sampling',
      `${counted(sampling.shards, 'shard')}, batches of ${sampling.batchSize}, seed ${sampling.seed}: neither shards nor pods change the samples`,
    ],
    ...(evaluation === null
      ? []
      : [
          ['extractor', `${escapeHtml(evaluation.extractor)}, sha256 ${digest(evaluation.extractorDigest)}`] as [
            string,
            string,
          ],
        ]),
    [
      'software',
      `TensorFlow ${escapeHtml(software.tensorflow)} with ${counted(software.threads, 'thread')}, Node ${escapeHtml(software.node)}`,
    ],
  ];
  return `<h2>How it was made</h2><div class="card">${definitions(entries)}</div>`;
}
