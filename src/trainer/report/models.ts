import type { Report } from '../artifacts/report.ts';
import { stateColour, statesOf } from './charts.ts';
import { shortDigest } from './elements.ts';
import { duration, escapeHtml, grouped, significant } from './text.ts';

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
  return `<h2>Models</h2><figure class="scroll"><table><thead><tr><th>${report.models.length === states ? 'state' : 'states'}</th><th>τ</th><th>ᾱ</th><th class="left">predicts</th><th>images</th><th>last loss</th><th>time</th><th>weights, sha256</th></tr></thead><tbody>${rows.join('')}</tbody></table></figure>`;
}
