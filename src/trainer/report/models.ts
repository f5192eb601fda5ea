import type { Report } from '../artifacts/report.ts';
import { stateColour } from './charts.ts';
import { stateCount, statesOf } from './coverage.ts';
import { shortDigest } from './elements.ts';
import { duration, escapeHtml, grouped, significant } from './text.ts';

/** The colours of the states, as a legend. */
export function stateScale(report: Report): string {
  const last = stateCount(report) - 1;
  const stops = [0, 0.25, 0.5, 0.75, 1].map((part) => stateColour(part * last, last + 1));
  return `<span class="scale">state 0, the cleanest<i style="background: linear-gradient(90deg, ${stops.join(', ')})"></i>state ${last}, the noisiest</span>`;
}

/** States that have no model, each with its level; empty where all have one. */
function withoutModel({ coverage }: Report): string {
  if (coverage === undefined) return '';
  const each = coverage.missing.map(
    ({ index, timestep, alphaBar }) => `${index} (τ ${timestep}, ᾱ ${alphaBar.toPrecision(3)})`,
  );
  return `<p class="soft">Without a model: ${each.length === 1 ? 'state' : 'states'} ${each.join(', ')}.</p>`;
}

export function modelTable(report: Report): string {
  const [trained, states] = [statesOf(report).length, stateCount(report)];
  const span = (from: unknown, to: unknown) =>
    from === to ? escapeHtml(from) : `${escapeHtml(from)} – ${escapeHtml(to)}`;
  const rows = report.models.map(({ states: own, prediction, images, losses, seconds, digest: sha256 }) => {
    const [first, last] = [own[0], own.at(-1)];
    const loss = losses.at(-1)?.loss;
    const cells = [
      `<td><span class="dot" style="background: ${stateColour(last?.index ?? 0, states)}"></span>${span(first?.index, last?.index)}</td>`,
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
  return `<h2>Models</h2><figure class="scroll"><table><thead><tr><th>${report.models.length === trained ? 'state' : 'states'}</th><th>τ</th><th>ᾱ</th><th class="left">predicts</th><th>images</th><th>last loss</th><th>time</th><th>weights, sha256</th></tr></thead><tbody>${rows.join('')}</tbody></table></figure>${withoutModel(report)}`;
}
