import { lossChart, scheduleChart, stateColour } from './charts.ts';
import type { WalkPicture } from './pictures.ts';
import type { Report } from './report.ts';

const escapeHtml = (text: unknown): string =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const image = (png: Uint8Array, description: string, style = '') =>
  `<img alt="${escapeHtml(description)}"${style} src="data:image/png;base64,${Buffer.from(png).toString('base64')}">`;

const styles = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #d8dee4; --page: #fbfcfd; --card: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa5b1; --line: #333b44; --page: #14181c; --card: #1b2026 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1120px; padding: 28px 20px 60px; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 24px; margin: 0 } h2 { font-size: 17px; margin: 36px 0 10px }
p { margin: 6px 0; max-width: 75ch } .soft, figcaption { color: var(--soft); font-size: 13px }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0 }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; min-width: 130px }
.figure b { display: block; font-size: 22px; font-weight: 600 }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr)); gap: 16px }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px }
svg { width: 100%; height: auto; display: block } .grid { stroke: var(--line) } .axis { stroke: var(--soft) } .curve { stroke: var(--soft); stroke-width: 1.5 }
.tick { fill: var(--soft); font-size: 11px; font-family: system-ui, sans-serif }
.samples img { width: min(100%, 680px); image-rendering: pixelated; border-radius: 4px; display: block }
.scroll { overflow-x: auto } .walk { display: flex; gap: 4px; width: max-content }
.walk div { text-align: center; font-size: 11px; color: var(--soft); line-height: 1.3 } .walk img { width: 60px; image-rendering: pixelated; display: block; border-radius: 2px }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); white-space: nowrap } th { color: var(--soft); font-weight: 500 }
th:first-child, td:first-child { text-align: left } code { font-size: 12px } .dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 7px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; font-size: 13px; margin: 0 } dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
@media print { body { max-width: none } figure, .figure { break-inside: avoid } }
`;

const number = (value: number) => value.toLocaleString('en-US');
const significant = (value: number) => Number(value.toPrecision(4)).toString();

/** Hours, minutes and seconds, the largest two. */
export function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${significant(seconds)} s`;
}

const statesText = (states: Report['models'][number]['states']) =>
  states.length === 1 ? `${states[0]?.state}` : `${states[0]?.state}–${states.at(-1)?.state}`;

function keyFigures({ evaluation, models, sampling, schedule }: Report): string {
  const states = models.flatMap((model) => model.states).length;
  const trained = models.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  const figures = [
    ...(evaluation === null
      ? []
      : [[significant(evaluation.distance), `${evaluation.metric}, N = ${number(evaluation.sampleCount)}`]]),
    [String(models.length), models.length === 1 ? 'model' : 'independent models'],
    [`${states} of ${number(schedule.timesteps)}`, 'latent states (S of T)'],
    [number(models.reduce((sum, { images }) => sum + images, 0)), 'training images, all models'],
    [duration(trained), 'training, all models together'],
    [duration(sampling.seconds), `sampling ${number(sampling.count)} images`],
  ];
  return `<div class="figures">${figures.map(([value, label]) => `<div class="figure"><b>${escapeHtml(value)}</b><span class="soft">${escapeHtml(label)}</span></div>`).join('')}</div>`;
}

function walkSection({ models }: Report, { strips }: WalkPicture): string {
  const walked = models.flatMap(({ states }) => states).toReversed();
  const heading = (step: number) => {
    if (step === walked.length) return 'image';
    const next = walked[step];
    return `τ ${next?.timestep}<br>√ᾱ ${Math.sqrt(next?.alphaBar ?? 1).toFixed(2)}`;
  };
  const columns = strips.map(
    ({ step, png }) => `<div>${heading(step)}${image(png, `samples after ${step} steps`)}</div>`,
  );
  const some = strips.length < walked.length + 1 ? ` ${strips.length} of ${walked.length + 1} moments are shown.` : '';
  return `<h2>From noise to image</h2><p class="soft">Each row is one sample; each column is what the model of the state above it is given. The last column is the result.${some}</p><figure class="scroll"><div class="walk">${columns.join('')}</div></figure>`;
}

function modelTable({ models }: Report): string {
  const states = models.flatMap((model) => model.states).length;
  const rows = models.map((model) => {
    const [first, last] = [model.states[0], model.states.at(-1)];
    const range = (from: unknown, to: unknown) =>
      from === to ? escapeHtml(from) : `${escapeHtml(from)} – ${escapeHtml(to)}`;
    const loss = model.losses.at(-1)?.loss;
    const dot = `<span class="dot" style="background:${stateColour(last?.state ?? 0, states)}"></span>`;
    return `<tr><td>${dot}${statesText(model.states)}</td><td>${range(first?.timestep, last?.timestep)}</td><td>${range(first?.alphaBar.toPrecision(3), last?.alphaBar.toPrecision(3))}</td><td>${escapeHtml(model.prediction)}</td><td>${number(model.images)}</td><td>${loss === undefined ? '–' : significant(loss)}</td><td>${model.seconds === null ? '–' : duration(model.seconds)}</td><td><code>${escapeHtml(model.digest.slice(0, 12))}</code></td></tr>`;
  });
  return `<h2>Models</h2><figure class="scroll"><table><thead><tr><th>states</th><th>τ</th><th>ᾱ</th><th>predicts</th><th>images</th><th>last loss</th><th>time</th><th>sha256</th></tr></thead><tbody>${rows.join('')}</tbody></table></figure>`;
}

function provenance({ run, bundle, schedule, dataset, image, sampling, evaluation }: Report): string {
  const entries: [string, string][] = [
    ['run', `${run.namespace}/${run.name}`],
    ['schedule', `${schedule.family}, T = ${schedule.timesteps}, ᾱ ${schedule.alphas.toLowerCase()}`],
    [
      'data',
      `${number(dataset.count)} images, ${image.size}×${image.size}×${image.channels}, sha256 ${dataset.sha256}`,
    ],
    ['bundle', `${bundle.path}, sha256 ${bundle.digest}`],
    [
      'sampling',
      `${sampling.sampler}, η = ${sampling.eta}, seed ${sampling.seed}, ${sampling.clip ? 'clipped' : 'not clipped'}, start ${sampling.start}`,
    ],
  ];
  if (evaluation !== null) {
    const { extractor, extractorDigest, dimensions, reference } = evaluation;
    entries.push(['extractor', `${extractor}, ${dimensions} features, sha256 ${extractorDigest}`]);
    entries.push([
      'reference',
      `${reference.kind} ${reference.where}${reference.count === null ? '' : `, N = ${number(reference.count)}`}`,
    ]);
  }
  const caveats = evaluation?.caveats.map((caveat) => `<p class="soft">${escapeHtml(caveat)}</p>`).join('') ?? '';
  return `<h2>How it was made</h2><figure><dl>${entries.map(([key, value]) => `<dt>${key}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl></figure>${caveats}`;
}

/** The report as one file that needs nothing else: pictures are embedded, charts are SVG. */
export function renderReport(
  report: Report,
  pictures: { samples: Uint8Array; walk?: WalkPicture | undefined },
): string {
  const losses = lossChart(report);
  const charts = [
    ...(losses === undefined
      ? []
      : [
          `<figure>${losses}<figcaption>Loss of each model; blue is the cleanest state, red the noisiest.</figcaption></figure>`,
        ]),
    `<figure>${scheduleChart(report)}<figcaption>The schedule over T timesteps, and the latent states chosen from it.</figcaption></figure>`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.run.name)} · disentangled diffusion</title><style>${styles}</style></head><body>
<h1>${escapeHtml(report.run.name)}</h1><p class="soft">Models of single latent states, trained apart and composed with DDIM.</p>
${keyFigures(report)}
<h2>Samples</h2><figure class="samples">${image(pictures.samples, 'samples')}<figcaption>The first samples of seed ${report.sampling.seed}, not chosen.</figcaption></figure>
${pictures.walk === undefined ? '' : walkSection(report, pictures.walk)}
<h2>Training</h2><div class="charts">${charts.join('')}</div>
${modelTable(report)}
${provenance(report)}
</body></html>
`;
}
