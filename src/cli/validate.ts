import { toDdrError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { reachesNoise } from '../diffusion/latentStates.ts';
import { buildClaim, claimNotice } from '../operator/plan/claim.ts';
import { statesOf } from '../operator/plan/identity.ts';
import { counted } from './display.ts';
import { readRuns } from './documents.ts';

/** Checks every run of every file and says what is wrong with each. @returns whether all are right */
export function validate(files: readonly string[]): boolean {
  let right = true;
  const complain = (error: unknown) => {
    right = false;
    console.error(toDdrError(error).describe());
  };
  for (const file of files) {
    try {
      const { runs, problems, warnings } = readRuns(file);
      for (const problem of problems) complain(problem);
      for (const warning of warnings) console.error(`warning: ${warning}`);
      for (const run of runs) console.log(describeValid(file, run));
    } catch (error) {
      complain(error);
    }
  }
  return right;
}

/** What a valid run comes to, and what may surprise its author. */
export function describeValid(file: string, run: Run): string {
  const { metadata, spec } = run;
  const states = statesOf(spec);
  const models = states.length / spec.schedule.statesPerModel;
  const claim = buildClaim(run);
  const notice = claim && claimNotice(claim);
  const valid = `${file}: ${metadata.name} is valid: ${counted(states.length, 'state')}, ${counted(models, 'model')}`;
  const text = notice === undefined ? valid : `${valid}\n${file}: notice: ${notice}`;
  if (reachesNoise(states) || spec.sampling.start === 'MomentMatched') return text;
  const signal = Math.sqrt(states.at(-1)?.alphaBar ?? 1).toPrecision(3);
  return `${text}\n${file}: warning: spec.schedule leaves √ᾱ = ${signal} at the noisiest state, which is not noise; include timestep T − 1, or set spec.sampling.start to MomentMatched`;
}
