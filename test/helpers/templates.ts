import { wrongValues } from './templateValues.ts';

/** A wrong pod template, what of it is named, and whether an API server says so of a Job that has it. */
export interface WrongTemplate {
  title: string;
  template: Record<string, unknown>;
  field: string;
  says: RegExp;
  /** False where it is the operator alone that minds. */
  server: boolean;
}

const pod = (spec: object) => ({ spec });
const trainer = (fields: object) => pod({ containers: [{ name: 'trainer', ...fields }] });

const byServer: Omit<WrongTemplate, 'server'>[] = [
  {
    title: 'a field of the pod, a level too high',
    template: { nodeSelector: { gpu: 'a100' } },
    field: 'nodeSelector',
    says: /unknown field.*belongs to the template's spec: spec\.nodeSelector/,
  },
  {
    title: 'labels, a level too high',
    template: { labels: { a: 'b' } },
    field: 'labels',
    says: /belongs to the template's metadata/,
  },
  {
    title: 'a field of a container in the pod',
    template: pod({ env: [] }),
    field: 'spec.env',
    says: /belongs to the template's spec\.containers\[\]/,
  },
  {
    title: 'a field of the pod in a container',
    template: trainer({ nodeSelector: {} }),
    field: 'spec.containers.0.nodeSelector',
    says: /belongs to the template's spec: spec\.nodeSelector/,
  },
  {
    title: 'a misspelt field',
    template: pod({ nodeSelecter: {} }),
    field: 'spec.nodeSelecter',
    says: /unknown field.*did you mean nodeSelector\?/,
  },
  {
    title: 'a misspelt field far below',
    template: pod({ volumes: [{ name: 'a', projected: { sources: [{ secret: { nam: 'x' } }] } }] }),
    field: 'spec.volumes.0.projected.sources.0.secret.nam',
    says: /did you mean name\?/,
  },
  {
    title: 'a variable that is true',
    template: trainer({ env: [{ name: 'X', value: true }] }),
    field: 'spec.containers.0.env.0.value',
    says: /must be text, not true; write it in quotes: "true"/,
  },
  {
    title: 'a label that is a number',
    template: { metadata: { labels: { a: 1 } } },
    field: 'metadata.labels.a',
    says: /must be text, not 1/,
  },
  {
    title: 'an annotation that is a list',
    template: { metadata: { annotations: { a: ['x'] } } },
    field: 'metadata.annotations.a',
    says: /must be text, not \["x"\]$/,
  },
  {
    title: 'a node label that is yes',
    template: pod({ nodeSelector: { gpu: true } }),
    field: 'spec.nodeSelector.gpu',
    says: /must be text/,
  },
  {
    title: 'text for a number',
    template: pod({ terminationGracePeriodSeconds: '60' }),
    field: 'spec.terminationGracePeriodSeconds',
    says: /must be a whole number, not "60"/,
  },
  {
    title: 'a fraction of a second',
    template: pod({ terminationGracePeriodSeconds: 1.5 }),
    field: 'spec.terminationGracePeriodSeconds',
    says: /must be a whole number/,
  },
  {
    title: 'text for a truth',
    template: pod({ hostNetwork: 'true' }),
    field: 'spec.hostNetwork',
    says: /must be true or false, not "true"/,
  },
  {
    title: 'a map for a list',
    template: pod({ tolerations: { key: 'gpu' } }),
    field: 'spec.tolerations',
    says: /must be a list/,
  },
  {
    title: 'a list for a map',
    template: pod({ nodeSelector: [] }),
    field: 'spec.nodeSelector',
    says: /must be an object/,
  },
  {
    title: 'a port that is true',
    template: trainer({ livenessProbe: { httpGet: { port: true } } }),
    field: 'spec.containers.0.livenessProbe.httpGet.port',
    says: /must be text or a whole number/,
  },
  {
    title: 'a limit that is no quantity',
    template: trainer({ resources: { limits: { memory: '8Gib' } } }),
    field: 'spec.containers.0.resources.limits.memory',
    says: /must be a Kubernetes quantity/,
  },
  {
    title: 'a size that is no quantity',
    template: pod({ volumes: [{ name: 'a', emptyDir: { sizeLimit: 'big' } }] }),
    field: 'spec.volumes.0.emptyDir.sizeLimit',
    says: /must be a Kubernetes quantity/,
  },
  {
    title: 'an unknown word',
    template: pod({ tolerations: [{ key: 'a', operator: 'exists' }] }),
    field: 'spec.tolerations.0.operator',
    says: /must be one of .*Exists/,
  },
  {
    title: 'a request for a GPU without its limit',
    template: trainer({ resources: { requests: { 'nvidia.com/gpu': 1 } } }),
    field: 'spec.containers.0.resources.requests.nvidia.com/gpu',
    says: /needs a limit/,
  },
  {
    title: 'two handlers of a probe',
    template: trainer({ livenessProbe: { exec: { command: ['true'] }, tcpSocket: { port: 80 } } }),
    field: 'spec.containers.0.livenessProbe',
    says: /has both exec and tcpSocket/,
  },
  {
    title: 'a value and its source',
    template: trainer({ env: [{ name: 'X', value: 'a', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
    field: 'spec.containers.0.env.0',
    says: /has both value and valueFrom/,
  },
  {
    title: 'two sources of a volume',
    template: pod({ volumes: [{ name: 'a', emptyDir: {}, hostPath: { path: '/x' } }] }),
    field: 'spec.volumes.0',
    says: /has both emptyDir and hostPath/,
  },
  {
    title: 'a container without a name',
    template: pod({ containers: [{ image: 'x' }] }),
    field: 'spec.containers.0',
    says: /needs name/,
  },
  {
    title: 'a container twice',
    template: pod({ containers: [{ name: 'trainer' }, { name: 'trainer' }] }),
    field: 'spec.containers.1',
    says: /another entry of this name/,
  },
  {
    title: 'a restart policy that Jobs cannot have',
    template: pod({ restartPolicy: 'Always' }),
    field: 'spec.restartPolicy',
    says: /must be Never/,
  },
];

const byOperator: Omit<WrongTemplate, 'server'>[] = [
  {
    title: 'null in a list',
    template: trainer({ args: [null] }),
    field: 'spec.containers.0.args.0',
    says: /must not be null/,
  },
  {
    title: 'an unknown directive',
    template: trainer({ env: [{ name: 'A', $patch: 'remove' }] }),
    field: 'spec.containers.0.env.0.$patch',
    says: /delete, replace, merge/,
  },
  {
    title: "a pod without the operator's container",
    template: trainer({ $patch: 'delete' }),
    field: 'spec.containers.0.$patch',
    says: /would take away what the operator sets/,
  },
  {
    title: "other containers instead of the operator's",
    template: pod({ containers: [{ $patch: 'replace' }, { name: 'mine', image: 'x' }] }),
    field: 'spec.containers.0.$patch',
    says: /would take away what the operator sets/,
  },
  {
    title: "another pod instead of the operator's",
    template: { spec: { $patch: 'replace' } },
    field: 'spec.$patch',
    says: /would take away what the operator sets/,
  },
  {
    title: "another template instead of the operator's",
    template: { $patch: 'replace' },
    field: '$patch',
    says: /would take away what the operator sets/,
  },
  {
    title: "volumes instead of the operator's",
    template: pod({ volumes: [{ $patch: 'replace' }] }),
    field: 'spec.volumes.0.$patch',
    says: /would take away what the operator sets/,
  },
  {
    title: 'no volume for temporary files',
    template: pod({ volumes: [{ name: 'tmp', $patch: 'delete' }] }),
    field: 'spec.volumes.0.$patch',
    says: /would take away what the operator sets/,
  },
  {
    title: "variables instead of the operator's",
    template: trainer({ env: [{ $patch: 'replace' }, { name: 'A' }] }),
    field: 'spec.containers.0.env.0.$patch',
    says: /would take away what the operator sets/,
  },
  {
    title: "a variable of the operator's",
    template: trainer({ env: [{ name: 'DDR_TASK', value: 'x' }] }),
    field: 'spec.containers.0.env.0.name',
    says: /DDR_ are set by the operator/,
  },
  {
    title: "a mount at the operator's path",
    template: trainer({ volumeMounts: [{ name: 'mine', mountPath: '/volumes/data' }] }),
    field: 'spec.containers.0.volumeMounts.0',
    says: /choose another name and path/,
  },
  {
    title: "a mount of the operator's volume",
    template: trainer({ volumeMounts: [{ name: 'run', mountPath: '/mine' }] }),
    field: 'spec.containers.0.volumeMounts.0',
    says: /choose another name and path/,
  },
  {
    title: "a volume of the operator's name",
    template: pod({ volumes: [{ name: 'data', emptyDir: {} }] }),
    field: 'spec.volumes.0.name',
    says: /set by the operator/,
  },
  {
    title: "an init container of the operator's name",
    template: pod({ initContainers: [{ name: 'trainer', image: 'x' }] }),
    field: 'spec.initContainers.0.name',
    says: /operator's own container/,
  },
  {
    title: "a label of the operator's",
    template: { metadata: { labels: { 'tspace.dev/run': 'x' } } },
    field: 'metadata.labels.tspace.dev/run',
    says: /set by the operator/,
  },
];

/** Every kind of mistake in a pod template that is found before there is a Job. */
export const wrongTemplates: WrongTemplate[] = [
  ...[...byServer, ...wrongValues].map((wrong) => ({ ...wrong, server: true })),
  ...byOperator.map((wrong) => ({ ...wrong, server: false })),
];
