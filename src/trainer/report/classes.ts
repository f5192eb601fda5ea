import type { ImageShape } from '../../api/spec/dataset.ts';
import type { Report } from '../artifacts/report.ts';
import { coverageCaption } from './coverage.ts';
import { image } from './elements.ts';
import { renderGrid } from './pictures.ts';
import { escapeHtml, grouped } from './text.ts';

/** Samples that were drawn to show one class: size × size × channels bytes each. */
export interface ClassSamples {
  label: number;
  images: Uint8Array[];
}

/** PNGs of samples by class. */
export interface ClassPictures {
  /** A row per class. */
  whole: Uint8Array;
  rows: { label: number; png: Uint8Array }[];
}

/** Draws a row of pictures per class; undefined where there are none. */
export async function renderClasses(
  classes: readonly ClassSamples[],
  { size, channels }: ImageShape,
): Promise<ClassPictures | undefined> {
  if (classes.length === 0) return undefined;
  const columns = Math.max(...classes.map(({ images }) => images.length));
  const grid = (shown: readonly ClassSamples[]) =>
    renderGrid({ rows: shown.length, columns, size, channels, at: (row, column) => shown[row]?.images[column] });
  const rows = classes.map(async (one) => ({ label: one.label, png: await grid([one]) }));
  return { whole: await grid(classes), rows: await Promise.all(rows) };
}

/** How many samples a classifier takes for what they were drawn to show. */
function agreementText(report: Report): string {
  const { extractor = '', classAgreement = [] } = report.evaluation ?? {};
  const total = (key: 'samples' | 'right') => classAgreement.reduce((sum, each) => sum + each[key], 0);
  if (total('samples') === 0) return '';
  const percent = ((total('right') / total('samples')) * 100).toFixed(1);
  return ` ${escapeHtml(extractor)} takes ${percent} % of all ${grouped(total('samples'))} for the class that they were drawn to; beside each name, how many of its own${coverageCaption(report)}.`;
}

/** A row per class with its name, where the data have names, else with its number. */
export function classesSection(report: Report, { rows }: ClassPictures): string {
  const { conditions, evaluation } = report;
  const { classes = 0, names } = conditions?.labels ?? {};
  const agreement = evaluation?.classAgreement ?? [];
  const lines = rows.map(({ label, png }) => {
    const name = names?.[label] ?? `class ${label}`;
    const seen = agreement[label];
    const right = seen === undefined ? '' : ` <span class="soft">${seen.right} of ${seen.samples}</span>`;
    return `<div class="row"><b>${escapeHtml(name)}</b>${right}</div>${image(png, `samples of ${name}`)}`;
  });
  const some = rows.length < classes ? ` The first ${grouped(rows.length)} of ${grouped(classes)} classes.` : '';
  return `<h2>Samples by class</h2><p class="soft">Each row shows the first samples that were drawn to one class, not chosen.${some}${agreementText(report)}</p>
<figure><div class="classes">${lines.join('')}</div></figure>`;
}
