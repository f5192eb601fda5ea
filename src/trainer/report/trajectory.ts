import type { Report } from '../artifacts/report.ts';
import { coverageCaption, statesOf } from './coverage.ts';
import { image } from './elements.ts';
import type { TrajectoryPicture } from './pictures.ts';
import { counted } from './text.ts';

/** A column per state from the noisiest to the cleanest, and the result. */
export function trajectorySection(report: Report, { strips }: TrajectoryPicture): string {
  const visited = statesOf(report).toSorted((a, b) => b.index - a.index);
  const rows = { heads: '', given: '', predicted: '' };
  for (const { step, x, predicted } of strips) {
    const state = visited[step];
    rows.heads +=
      state === undefined
        ? '<div class="head result">result</div>'
        : `<div class="head">τ ${state.timestep}<br>√ᾱ ${Math.sqrt(state.alphaBar).toFixed(3)}</div>`;
    rows.given += image(x, `samples after ${counted(step, 'step')}`);
    rows.predicted +=
      predicted === undefined ? '<div></div>' : image(predicted, `image predicted after ${counted(step, 'step')}`);
  }
  const some =
    strips.length <= visited.length
      ? ` ${strips.length} of ${visited.length + 1} moments are shown; trajectory.png has more.`
      : '';
  return `<h2>From noise to image</h2><p class="soft">Each column is a latent state: above what its model is given, below the image that it predicts from it. Each line of pictures is one sample${coverageCaption(report)}.${some}</p>
<figure class="scroll"><div class="trajectory" style="--columns: ${strips.length}"><div></div>${rows.heads}<div class="row"><b>x</b>what the model is given</div>${rows.given}<div class="row"><b>x̂<sub>0</sub></b>the image it predicts</div>${rows.predicted}</div></figure>`;
}
