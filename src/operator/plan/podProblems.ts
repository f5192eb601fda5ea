import { isDeepStrictEqual } from 'node:util';
import { entryKey, listKeys } from '../../api/mergeKeys.ts';
import { components } from '../../api/names.ts';
import { isObject } from '../../api/objects.ts';
import { describePath, type Run } from '../../api/run.ts';
import type { PodTemplate } from '../../api/spec/execution.ts';
import { wholeTemplateProblems } from '../../api/spec/podWhole.ts';
import type { Problem } from '../../api/spec/problems.ts';
import type { WantedJob } from './child.ts';
import { unreadData } from './identity.ts';
import { podTemplateOf } from './pod.ts';
import { wantedOf } from './wanted.ts';

type Path = Problem['path'];

/** A template that a user has written, and where. */
interface Given {
  path: Path;
  template: PodTemplate;
}

/** Pods that are made from templates of their own: a step's, or those of an override's models. */
interface Kind {
  job: WantedJob;
  override: PodTemplate | undefined;
  /** What is merged into them, in this order. */
  given: Given[];
}

/** Where a user's template says what stands at a path of the merged one; as much of the way as it goes. */
function pathIn(template: unknown, merged: unknown, path: Path): Path {
  const found: Path = [];
  let [ours, theirs, list] = [template, merged, ''];
  for (const part of path) {
    const next = (theirs as Record<string | number, unknown>)[part];
    let key: string | number = part;
    if (Array.isArray(ours)) {
      const same = (entry: unknown) =>
        listKeys[list] === undefined ? isDeepStrictEqual(entry, next) : entryKey(list, entry) === entryKey(list, next);
      key = ours.findIndex(same);
      if (key < 0) return found;
    } else if (!isObject(ours) || !Object.hasOwn(ours, part)) return found;
    else list = String(part);
    [ours, theirs] = [(ours as Record<string | number, unknown>)[key], next];
    found.push(key);
  }
  return found;
}

/** The kinds of pods of a run that users' templates are merged into. */
function kindsOf(run: Run): Kind[] {
  const { execution, overrides } = run.spec;
  const at = (template: PodTemplate | undefined, ...path: Path): Given[] =>
    template === undefined ? [] : [{ path: ['spec', ...path], template }];
  const common = at(execution.podTemplate, 'execution', 'podTemplate');
  const ofStep = (step: (typeof components)[number]) =>
    at(execution.steps[step]?.podTemplate, 'execution', 'steps', step, 'podTemplate');
  const { jobs } = wantedOf(run, unreadData);
  const kinds = components.flatMap((step): Kind[] => {
    const [job] = jobs.filter((each) => each.step === step);
    return job === undefined ? [] : [{ job, override: undefined, given: [...common, ...ofStep(step)] }];
  });
  const [model] = jobs.filter(({ step }) => step === 'train');
  const ofOverrides = overrides.flatMap(({ podTemplate }, i): Kind[] => {
    const own = at(podTemplate, 'overrides', i, 'podTemplate');
    if (model === undefined || own.length === 0) return [];
    return [{ job: model, override: podTemplate, given: [...common, ...ofStep('train'), ...own] }];
  });
  return [...kinds, ...ofOverrides].filter(({ given }) => given.length > 0);
}

/**
 * What an API server would refuse of the pods that follow from a run, once its templates are merged into ours: it looks at
 * none of them before there is a Job. Each with its path from the run: in the last template that says it.
 */
export function podProblems(run: Run): Problem[] {
  const problems = kindsOf(run).flatMap(({ job, override, given }): Problem[] => {
    const merged = podTemplateOf(run, job.task, {}, { trainerImage: 'trainer' }, override);
    return wholeTemplateProblems(merged).map(({ path: at, message }) => {
      const places = given.map(({ path, template }) => ({ path, own: pathIn(template, merged, at) }));
      const { path, own } = places.reduce((best, place) => (place.own.length >= best.own.length ? place : best));
      const rest = at.slice(own.length);
      return { path: [...path, ...own], message: rest.length === 0 ? message : `${describePath(rest)} ${message}` };
    });
  });
  const texts = new Set<string>();
  return problems.filter((problem) => texts.size < texts.add(JSON.stringify(problem)).size);
}
