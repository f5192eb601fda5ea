/** The style sheet of report.html: light and dark by the reader's preference, white on paper. */
export const styles = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #dfe4e9; --page: #f6f8fa; --card: #fff; --accent: #2f6fde }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa5b1; --line: #323a43; --page: #12161a; --card: #1a1f25; --accent: #7aa8ff } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1180px; padding: 36px 24px 64px; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; -webkit-print-color-adjust: exact; print-color-adjust: exact }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere }
h2 { font-size: 18px; margin: 44px 0 12px; letter-spacing: -.005em }
p { margin: 6px 0; max-width: 120ch } .soft, figcaption { color: var(--soft); font-size: 13.5px }
.card, figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; min-width: 0 }
figcaption { margin-top: 10px; display: flex; flex-wrap: wrap; gap: 2px 24px }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin: 24px 0 0 }
.figures b { display: block; font-size: 22px; line-height: 1.25; font-weight: 620; letter-spacing: -.02em; white-space: nowrap }
.figures .first b { color: var(--accent) }
.two { display: grid; grid-template-columns: minmax(0, 1.75fr) minmax(0, 1fr); gap: 16px; align-items: start }
.side { display: grid; gap: 16px }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); gap: 16px }
@media screen and (max-width: 820px) { .two { grid-template-columns: minmax(0, 1fr) } }
img { image-rendering: pixelated; display: block; width: 100%; border-radius: 4px }
svg { width: 100%; height: auto; display: block } svg text { fill: var(--soft); font-size: 12px; font-family: inherit }
.grid { stroke: var(--line) } .axis { stroke: var(--soft) } .curve { stroke: var(--soft); stroke-width: 1.5; fill: none } .loss { stroke-width: 1.6; stroke-linejoin: round; fill: none }
.scroll { overflow-x: auto }
.trajectory { display: grid; grid-template-columns: 70px repeat(var(--columns), minmax(var(--least, 54px), 112px)); gap: 8px 4px; align-items: center; text-align: center; font-size: 12px; line-height: 1.35; color: var(--soft); font-variant-numeric: tabular-nums }
.trajectory .row { text-align: left; padding-right: 8px } .trajectory .row b { display: block; color: var(--ink); font-size: 15px; font-weight: 600 }
.trajectory .head { align-self: end } .trajectory .result { color: var(--ink); font-weight: 600 }
.classes { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 14px; align-items: center; font-size: 13.5px } .classes .row b { font-weight: 500 }
.scale { display: flex; align-items: center; gap: 8px; white-space: nowrap } .scale i { width: 90px; height: 8px; border-radius: 4px }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--line); white-space: nowrap } th { color: var(--soft); font-weight: 500 }
tr:last-child td { border-bottom: 0 } th:first-child, td:first-child { text-align: left; padding-left: 2px } td.left, th.left { text-align: left }
code { font: 12px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace }
pre { margin: 6px 0 0; padding: 10px 12px; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--page); font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace }
.dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 8px }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 5px 18px; font-size: 14px; margin: 0 } dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
.list { margin: 4px 0 0; padding-left: 18px; color: var(--soft); font-size: 13.5px }
.notes { margin: 14px 0 0; padding: 12px 0 0 18px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13.5px } .notes li { margin: 0 0 6px }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #ccc; --page: #fff; --card: #fff; --accent: #1a4fb0 }
  body { max-width: none; padding: 0; font-size: 12px } figure, .card, tr { break-inside: avoid } h2, h2 + p { break-after: avoid } .scroll { overflow: visible } h2 { margin-top: 22px }
  .figures { grid-template-columns: repeat(auto-fit, minmax(100px, 1fr)); gap: 8px } .figures b { font-size: 15px } .card, figure { padding: 10px }
  .charts { grid-template-columns: repeat(2, minmax(0, 1fr)) } dl, table, .notes, figcaption, .soft { font-size: 11px } .trajectory { --least: 0; font-size: 9px }
}
`;
