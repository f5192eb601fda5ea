import { containerName, group, labels } from '../names.ts';
import { isObject, type Json } from '../objects.ts';
import type { Problem } from './problems.ts';

/** Volumes that the operator mounts, and where. What is in the last two is nobody's data: their source may be another. */
const ownVolumes = ['run', 'data', 'reference', 'weights', 'codec', 'warmstart'];
const scratch = ['data-cache', 'tmp'];
const ownMounts = [...ownVolumes, 'model-0 …', ...scratch];
/** Claims of models have their index in the names of their volumes. */
const isOwnVolume = (name: unknown) => ownVolumes.includes(String(name)) || /^model-\d+$/.test(String(name));
const isOwnPath = (path: string) => /^\/volumes(\/|$)|^\/tmp\/*$|^\/dev\/termination-log/.test(path);

const entriesOf = (owner: unknown, list: string): [entry: Json, index: number][] => {
  const entries = isObject(owner) ? owner[list] : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry, i) => (isObject(entry) ? [[entry, i] as [Json, number]] : []));
};

/** Labels or annotations of ours: who sets them would lose them to ours, or have children that are not found. */
export const isOwnKey = (key: string): boolean => key.startsWith(`${group}/`) || key === labels.managedBy;

function ownKeyProblems(keys: unknown): Problem[] {
  return Object.keys(isObject(keys) ? keys : {})
    .filter(isOwnKey)
    .map((key) => ({ path: [key], message: 'is set by the operator; leave it out' }));
}

const below = (path: Problem['path'], problems: Problem[]): Problem[] =>
  problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));

function containerProblems(container: Json): Problem[] {
  const env = entriesOf(container, 'env').flatMap(([{ name }, i]): Problem[] =>
    String(name).startsWith('DDR_')
      ? [{ path: ['env', i, 'name'], message: 'variables that begin with DDR_ are set by the operator' }]
      : [],
  );
  const mounts = entriesOf(container, 'volumeMounts').flatMap(([{ name, mountPath }, i]): Problem[] =>
    isOwnVolume(name) || scratch.includes(String(name)) || isOwnPath(String(mountPath))
      ? [
          {
            path: ['volumeMounts', i],
            message: `the operator mounts ${ownMounts.join(', ')} itself, at /volumes and /tmp; choose another name and path`,
          },
        ]
      : [],
  );
  return [...env, ...mounts];
}

const takesAway = (value: unknown): boolean =>
  isObject(value) && (value.$patch === 'delete' || value.$patch === 'replace');

/** Where a template takes away as a whole what the operator says: its pod, its container, or a list of theirs. */
function directiveProblems(template: Json): Problem[] {
  const { spec } = template;
  const trainers = entriesOf(spec, 'containers').filter(([{ name }]) => name === containerName);
  const places: [value: unknown, path: Problem['path']][] = [
    [template, []],
    [spec, ['spec']],
    ...entriesOf(spec, 'volumes')
      .filter(([{ name }]) => name === undefined || scratch.includes(String(name)))
      .map(([entry, i]): [Json, Problem['path']] => [entry, ['spec', 'volumes', i]]),
    ...entriesOf(spec, 'containers')
      .filter(([{ name }]) => name === undefined || name === containerName)
      .map(([entry, i]): [Json, Problem['path']] => [entry, ['spec', 'containers', i]]),
    ...trainers.flatMap(([container, i]) =>
      ['env', 'ports', 'volumeMounts'].flatMap((list) =>
        entriesOf(container, list)
          .filter(([{ $patch: _, ...fields }]) => Object.keys(fields).length === 0)
          .map(([entry, j]): [Json, Problem['path']] => [entry, ['spec', 'containers', i, list, j]]),
      ),
    ),
  ];
  return places
    .filter(([value]) => takesAway(value))
    .map(([, path]) => ({
      path: [...path, '$patch'],
      message: 'would take away what the operator sets; name the entries or fields that are to go',
    }));
}

/** What a pod template says of things that the operator says itself. */
export function ownNameProblems(template: unknown): Problem[] {
  if (!isObject(template)) return [];
  const { metadata, spec } = template as { metadata?: Json; spec?: Json };
  const keys = isObject(metadata)
    ? (['labels', 'annotations'] as const).flatMap((list) => below(['metadata', list], ownKeyProblems(metadata[list])))
    : [];
  const volumes = entriesOf(spec, 'volumes').flatMap(([{ name }, i]): Problem[] =>
    isOwnVolume(name)
      ? [
          {
            path: ['spec', 'volumes', i, 'name'],
            message: `a volume ${String(name)} is set by the operator; choose another name`,
          },
        ]
      : [],
  );
  const containers = entriesOf(spec, 'containers').flatMap(([container, i]) =>
    container.name === containerName ? below(['spec', 'containers', i], containerProblems(container)) : [],
  );
  const others = ['initContainers', 'ephemeralContainers'].flatMap((list) =>
    entriesOf(spec, list).flatMap(([{ name }, i]): Problem[] =>
      name === containerName
        ? [
            {
              path: ['spec', list, i, 'name'],
              message: `${containerName} is the operator's own container; choose another name`,
            },
          ]
        : [],
    ),
  );
  const restart: Problem[] =
    isObject(spec) && spec.restartPolicy !== undefined && spec.restartPolicy !== null && spec.restartPolicy !== 'Never'
      ? [
          {
            path: ['spec', 'restartPolicy'],
            message: 'must be Never or left out: execution.retries says how often to try',
          },
        ]
      : [];
  return [...directiveProblems(template), ...keys, ...volumes, ...containers, ...others, ...restart];
}
