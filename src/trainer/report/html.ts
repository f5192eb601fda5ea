import type { Report } from '../artifacts/report.ts';
import { lastLossChart, lossChart, scheduleChart } from './charts.ts';
import { type ClassPictures, classesSection } from './classes.ts';
import { coverageCaption } from './coverage.ts';
import { datasetSection } from './dataset.ts';
import { image } from './elements.ts';
import { findingsSection, nothingFound } from './findings.ts';
import { modelTable, stateScale } from './models.ts';
import type { TrajectoryPicture } from './pictures.ts';
import { provenance } from './provenance.ts';
import { keyFigures, resultCard, summary } from './result.ts';
import { styles } from './styles.ts';
import { escapeHtml, grouped } from './text.ts';
import { trajectorySection } from './trajectory.ts';

export interface ReportPictures {
  /** PNG of the sample grid and how many samples it shows. */
  samples: { png: Uint8Array; count: number };
  trajectory: TrajectoryPicture | undefined;
  /** Where the models know classes. */
  classes?: ClassPictures | undefined;
}

/** The report as one file that needs nothing else: pictures are embedded, charts are SVG, there is no script. */
export function renderReport(report: Report, { samples, trajectory, classes }: ReportPictures): string {
  const charts = [
    { svg: lossChart(report), caption: `Loss of each model${stateScale(report)}` },
    { svg: lastLossChart(report), caption: 'Last loss of each model' },
  ].flatMap(({ svg, caption }) =>
    svg === undefined ? [] : [`<figure>${svg}<figcaption>${caption}</figcaption></figure>`],
  );
  const schedule = `<figure>${scheduleChart(report)}<figcaption>The noise schedule and its latent states</figcaption></figure>`;
  const shown =
    samples.count === report.sampling.count
      ? `All ${grouped(samples.count)} samples${coverageCaption(report)}.`
      : `The first ${grouped(samples.count)} of ${grouped(report.sampling.count)} samples, not chosen${coverageCaption(report)}.`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.run.name)} · disentangled diffusion</title><style>${styles}</style></head><body>
<header><h1>${escapeHtml(report.run.name)}</h1><p class="soft">${summary(report)}</p></header>
${keyFigures(report)}
${findingsSection(report)}
<h2>Samples</h2><div class="two"><figure>${image(samples.png, `${samples.count} samples`)}<figcaption>${shown}</figcaption></figure><div class="side">${resultCard(report)}${schedule}</div></div>
${classes === undefined ? '' : classesSection(report, classes)}
${trajectory === undefined ? '' : trajectorySection(report, trajectory)}
${charts.length === 0 ? '' : `<h2>Training</h2><div class="charts">${charts.join('')}</div>`}
${modelTable(report)}
${nothingFound(report)}
${datasetSection(report)}
${provenance(report)}
</body></html>
`;
}
