import { isDeepStrictEqual } from 'node:util';
import { entryKey, listKeys } from '../../api/mergeKeys.ts';
import { isObject } from '../../api/objects.ts';
import { describePath, type Run } from '../../api/run.ts';
import { wholeTemplateProblems } from '../../api/spec/podWhole.ts';
import type { Problem } from '../../api/spec/problems.ts';
import { addressesOf, modelPlans, unreadData } from './identity.ts';
import { podTemplateOf } from './pod.ts';
import { steps } from './steps.ts';

type Path = Problem['path'];

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

/**
 * What an API server would refuse of the pods that follow from a run, once its templates are merged into ours: it looks at
 * none of them before there is a Job. Each with its path from the run.
 */
export function podProblems(run: Run): Problem[] {
  const { execution, overrides } = run.spec;
  const given = [
    { path: ['spec', 'execution', 'podTemplate'] as Path, template: execution.podTemplate },
    ...overrides.map(({ podTemplate }, i) => ({
      path: ['spec', 'overrides', i, 'podTemplate'],
      template: podTemplate,
    })),
  ].filter(({ template }) => template !== undefined);
  const [common] = given;
  if (common === undefined) return [];
  const models = modelPlans(run.spec);
  const [job] = steps.train.jobs(run, models, addressesOf(run.spec, models, unreadData));
  if (job === undefined) return [];
  const problems = given.flatMap(({ path, template }): Problem[] => {
    const override = template === execution.podTemplate ? undefined : template;
    const merged = podTemplateOf(run, job.task, {}, { trainerImage: 'trainer' }, override);
    return wholeTemplateProblems(merged).map(({ path: at, message }) => {
      const [own, shared] = [pathIn(template, merged, at), pathIn(execution.podTemplate, merged, at)];
      const found = own.length >= shared.length ? [...path, ...own] : ['spec', 'execution', 'podTemplate', ...shared];
      const rest = at.slice(Math.max(own.length, shared.length));
      return { path: found, message: rest.length === 0 ? message : `${describePath(rest)} ${message}` };
    });
  });
  const texts = new Set<string>();
  return problems.filter((problem) => texts.size < texts.add(JSON.stringify(problem)).size);
}
