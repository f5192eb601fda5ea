import { isObject, type Json } from '../objects.ts';
import type { TypedObject } from './podTypes.ts';
import type { Problem } from './problems.ts';
import { resourceProblems } from './resources.ts';

const entriesOf = (owner: unknown, list: string): Json[] => {
  const entries = isObject(owner) ? owner[list] : undefined;
  return Array.isArray(entries) ? entries.filter(isObject) : [];
};
const namesOf = (owner: unknown, list: string) => new Set(entriesOf(owner, list).map(({ name }) => name));
const isSet = (value: unknown): boolean => value !== undefined && value !== null;

const duplicates = (entries: readonly Json[]): [name: unknown, index: number][] =>
  entries.flatMap(({ name }, i): [unknown, number][] =>
    isSet(name) && entries.findIndex((other) => other.name === name) < i ? [[name, i]] : [],
  );

const textsOf = (list: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isObject(list) ? list : {})
      .filter(([, value]) => isSet(value))
      .map(([name, value]) => [name, String(value)]),
  );

/** What of a container's resources does not go together, with the path from the container. */
export function containerResourceProblems({ resources }: Json): Problem[] {
  if (!isObject(resources)) return [];
  const { limits, requests } = resources;
  const found = resourceProblems({ limits: textsOf(limits), requests: textsOf(requests) });
  return found.map(({ path, message }) => ({ path: ['resources', ...path], message }));
}

/** What an init container may have only if it is a sidecar, which goes on beside the others. */
const ofSidecars = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'];

/** What a whole container has that does not go together. */
export function containerProblems({ value, field, path }: TypedObject): Problem[] {
  const ports = duplicates(entriesOf(value, 'ports')).map(([name, i]) => ({
    path: [...path, 'ports', i],
    message: `another port is called ${String(name)} already`,
  }));
  const runsToItsEnd = field === 'initContainers' && value.restartPolicy !== 'Always';
  const early = ofSidecars
    .filter((name) => runsToItsEnd && isSet(value[name]))
    .map((name) => ({ path: [...path, name], message: 'an init container has it only with restartPolicy: Always' }));
  const resources = containerResourceProblems(value).map((problem) => ({
    ...problem,
    path: [...path, ...problem.path],
  }));
  const rules =
    entriesOf(value, 'restartPolicyRules').length > 0 && !isSet(value.restartPolicy)
      ? [{ path: [...path, 'restartPolicyRules'], message: 'need restartPolicy beside them' }]
      : [];
  return [...ports, ...early, ...rules, ...resources];
}

/** What the containers of a pod name of it that it has not. */
function referenceProblems(spec: Json, path: Problem['path']): Problem[] {
  const kinds: [list: string, what: string, inContainer: (container: Json) => [Json[], Problem['path']]][] = [
    ['volumes', 'volume', (container) => [entriesOf(container, 'volumeMounts'), ['volumeMounts']]],
    ['volumes', 'volume', (container) => [entriesOf(container, 'volumeDevices'), ['volumeDevices']]],
    [
      'resourceClaims',
      'resource claim',
      (container) => [entriesOf(container.resources, 'claims'), ['resources', 'claims']],
    ],
  ];
  return ['initContainers', 'containers'].flatMap((containers) =>
    entriesOf(spec, containers).flatMap((container, i) =>
      kinds.flatMap(([list, what, inContainer]) => {
        const names = namesOf(spec, list);
        const [entries, below] = inContainer(container);
        return entries.flatMap(({ name }, j): Problem[] =>
          names.has(name) || !isSet(name)
            ? []
            : [
                {
                  path: [...path, containers, i, ...below, j],
                  message: `the pod has no ${what} ${String(name)}; add it to spec.${list}`,
                },
              ],
        );
      }),
    ),
  );
}

/** What does not go together in a pod, with the field that is named. */
const contradictions: [field: string, message: string, holds: (spec: Json) => boolean][] = [
  ['ephemeralContainers', 'a template has none: kubectl debug adds them', (spec) => isSet(spec.ephemeralContainers)],
  [
    'resources',
    'of a pod are cpu, memory and huge pages; others, such as GPUs, are for its containers',
    ({ resources }) =>
      isObject(resources) &&
      [resources.limits, resources.requests].some(
        (list) => isObject(list) && Object.keys(list).some((name) => !/^(cpu|memory|hugepages-.+)$/.test(name)),
      ),
  ],
  [
    'dnsPolicy',
    'None needs dnsConfig.nameservers',
    ({ dnsPolicy, dnsConfig }) =>
      dnsPolicy === 'None' &&
      !(isObject(dnsConfig) && Array.isArray(dnsConfig.nameservers) && dnsConfig.nameservers[0]),
  ],
  [
    'hostUsers',
    'false does not go with hostNetwork, hostPID and hostIPC',
    ({ hostUsers, hostNetwork, hostPID, hostIPC }) =>
      hostUsers === false && (hostNetwork === true || hostPID === true || hostIPC === true),
  ],
  [
    'shareProcessNamespace',
    'does not go with hostPID',
    ({ shareProcessNamespace, hostPID }) => shareProcessNamespace === true && hostPID === true,
  ],
];

/** What a whole pod has that does not go together. */
export function podProblems({ value, path }: TypedObject): Problem[] {
  const initContainers = entriesOf(value, 'initContainers');
  const containers = [...entriesOf(value, 'containers'), ...initContainers];
  const others = containers.length - initContainers.length;
  const names = duplicates(containers)
    .filter(([, i]) => i >= others)
    .map(([name, i]) => ({
      path: [...path, 'initContainers', i - others],
      message: `another container is called ${String(name)} already`,
    }));
  const ports =
    value.hostNetwork === true
      ? entriesOf(value, 'containers').flatMap((container, i) =>
          entriesOf(container, 'ports').flatMap(({ containerPort, hostPort }, j): Problem[] =>
            isSet(hostPort) && hostPort !== 0 && hostPort !== containerPort
              ? [
                  {
                    path: [...path, 'containers', i, 'ports', j],
                    message: 'with hostNetwork, hostPort is containerPort',
                  },
                ]
              : [],
          ),
        )
      : [];
  const fields = contradictions
    .filter(([, , holds]) => holds(value))
    .map(([field, message]) => ({ path: [...path, field], message }));
  return [...names, ...ports, ...fields, ...referenceProblems(value, path)];
}
