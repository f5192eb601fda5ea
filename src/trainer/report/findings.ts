import type { Report } from '../artifacts/report.ts';
import { escapeHtml, grouped, significant } from './text.ts';

/** Rows that a finding shows; report.json has all of them. */
const mostRows = 20;

type Finding = Report['findings'][number];

/** The numbers behind a finding, a column for each that any row has. */
function evidenceTable({ evidence }: Finding): string {
  const columns = [...new Set(evidence.flatMap(({ numbers }) => Object.keys(numbers)))];
  const cell = (value: number | undefined) =>
    `<td>${value === undefined ? '–' : Math.abs(value) >= 1000 ? grouped(Math.round(value)) : significant(value, 3)}</td>`;
  const rows = evidence
    .slice(0, mostRows)
    .map(
      ({ what, numbers }) =>
        `<tr><td>${escapeHtml(what)}</td>${columns.map((name) => cell(numbers[name])).join('')}</tr>`,
    );
  const more =
    evidence.length > mostRows ? `<p class="soft">And ${evidence.length - mostRows} more in report.json.</p>` : '';
  const heads = columns.map((name) => `<th>${escapeHtml(name)}</th>`).join('');
  return `<div class="scroll"><table><thead><tr><th></th>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${more}`;
}

function card(finding: Finding): string {
  const { signature, message, remedy, yaml } = finding;
  const fields = yaml === '' ? '' : `<p class="soft">Below <code>spec</code>:</p><pre>${escapeHtml(yaml)}</pre>`;
  return `<div class="card"><p><b>${escapeHtml(message)}</b> <code>${escapeHtml(signature)}</code></p>${evidenceTable(finding)}<p>${escapeHtml(remedy)}</p>${fields}</div>`;
}

/** What stands out in losses and samples, with the numbers and what to do; empty where nothing does. */
export function findingsSection({ findings }: Report): string {
  if (findings.length === 0) return '';
  return `<h2>What stands out</h2><div class="side">${findings.map(card).join('')}</div>`;
}

/** That signatures were looked for and not found; empty where one was. */
export function nothingFound({ findings }: Report): string {
  if (findings.length > 0) return '';
  return '<p class="soft">No loss rises or stands still, no state is behind its neighbours, and the samples have contrast and mean of the data.</p>';
}
