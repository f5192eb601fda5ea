import { unionMembers } from '../mergeKeys.ts';
import { isObject, type Json } from '../objects.ts';
import { containerProblems, podProblems } from './podContainers.ts';
import { type TypedObject, typedObjects } from './podTypes.ts';
import type { Problem } from './problems.ts';

/** Fields that Kubernetes requires, by type; an empty text or list is none. */
const required: Readonly<Record<string, string>> = {
  CSIVolumeSource: 'driver',
  ConfigMapKeySelector: 'name key',
  ConfigMapEnvSource: 'name',
  ConfigMapProjection: 'name',
  ConfigMapVolumeSource: 'name',
  Container: 'name image',
  ContainerPort: 'containerPort',
  ContainerResizePolicy: 'resourceName restartPolicy',
  DownwardAPIVolumeFile: 'path',
  EnvVar: 'name',
  ExecAction: 'command',
  GRPCAction: 'port',
  HTTPGetAction: 'port',
  HTTPHeader: 'name',
  HostAlias: 'ip',
  HostPathVolumeSource: 'path',
  ImageVolumeSource: 'reference',
  KeyToPath: 'key path',
  LabelSelectorRequirement: 'key operator',
  NFSVolumeSource: 'server path',
  NodeSelector: 'nodeSelectorTerms',
  NodeSelectorRequirement: 'key operator',
  ObjectFieldSelector: 'fieldPath',
  PersistentVolumeClaimSpec: 'accessModes resources',
  PersistentVolumeClaimTemplate: 'spec',
  PersistentVolumeClaimVolumeSource: 'claimName',
  PodAffinityTerm: 'topologyKey',
  PodDNSConfigOption: 'name',
  PodOS: 'name',
  PodReadinessGate: 'conditionType',
  PodResourceClaim: 'name',
  PodSchedulingGate: 'name',
  PreferredSchedulingTerm: 'weight preference',
  ResourceClaim: 'name',
  ResourceFieldSelector: 'resource',
  SecretEnvSource: 'name',
  SecretKeySelector: 'name key',
  SecretProjection: 'name',
  SecretVolumeSource: 'secretName',
  ServiceAccountTokenProjection: 'path',
  Sysctl: 'name',
  TCPSocketAction: 'port',
  TopologySpreadConstraint: 'maxSkew topologyKey whenUnsatisfiable',
  Volume: 'name',
  VolumeDevice: 'name devicePath',
  VolumeMount: 'name mountPath',
  WeightedPodAffinityTerm: 'weight podAffinityTerm',
};

const isMissing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** Unions, by the field they stand in, that need one of their members. */
const needsMember: Readonly<Record<string, string>> = {
  envFrom: 'configMapRef or secretRef',
  livenessProbe: 'exec, grpc, httpGet or tcpSocket',
  postStart: 'exec, httpGet, sleep or tcpSocket',
  preStop: 'exec, httpGet, sleep or tcpSocket',
  readinessProbe: 'exec, grpc, httpGet or tcpSocket',
  resourceClaims: 'resourceClaimName or resourceClaimTemplateName',
  startupProbe: 'exec, grpc, httpGet or tcpSocket',
  valueFrom: 'configMapKeyRef, fieldRef, resourceFieldRef or secretKeyRef',
};

type ObjectRule = (value: Json, field: string) => string | undefined;

const fieldPathOf = ({ fieldRef }: Json): string =>
  isObject(fieldRef) && typeof fieldRef.fieldPath === 'string' ? fieldRef.fieldPath : '';
const ofObject = String.raw`metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])`;
const ofVariable = new RegExp(`^(${ofObject}|spec\\.(nodeName|serviceAccountName)|status\\.(host|pod)IPs?|)$`);
const ofFile = new RegExp(`^(${ofObject}|metadata\\.(labels|annotations)|)$`);

const selectorRule: ObjectRule = ({ operator, values }) => {
  const count = Array.isArray(values) ? values.length : 0;
  if (operator === 'In' || operator === 'NotIn') return count > 0 ? undefined : `needs values for ${operator}`;
  if (operator === 'Exists' || operator === 'DoesNotExist')
    return count === 0 ? undefined : `takes no values for ${operator}`;
  return count === 1 ? undefined : `needs one value for ${String(operator)}`;
};
const profileRule: ObjectRule = ({ type, localhostProfile }) =>
  (type === 'Localhost') === isMissing(localhostProfile)
    ? 'localhostProfile and type: Localhost need each other'
    : undefined;

/** What the fields of an object say of one another, by type. */
const objectRules: Readonly<Record<string, ObjectRule>> = {
  AppArmorProfile: profileRule,
  DownwardAPIVolumeFile: (value) =>
    isMissing(value.fieldRef) === isMissing(value.resourceFieldRef)
      ? 'needs one of fieldRef or resourceFieldRef'
      : ofFile.test(fieldPathOf(value))
        ? undefined
        : 'fieldRef.fieldPath must be metadata.name, namespace, uid, labels or annotations',
  EnvVarSource: (value) =>
    ofVariable.test(fieldPathOf(value))
      ? undefined
      : "fieldRef.fieldPath must be a field of the pod such as metadata.name, metadata.labels['key'], spec.nodeName or status.podIP",
  LabelSelectorRequirement: selectorRule,
  NodeSelectorRequirement: selectorRule,
  PersistentVolumeClaimSpec: ({ resources }) =>
    isObject(resources) && isObject(resources.requests) && !isMissing(resources.requests.storage)
      ? undefined
      : 'needs resources.requests.storage',
  Probe: ({ successThreshold }, field) =>
    field !== 'readinessProbe' && Number(successThreshold ?? 1) > 1 ? 'successThreshold must be 1 here' : undefined,
  SeccompProfile: profileRule,
  SecurityContext: ({ allowPrivilegeEscalation, capabilities, privileged }) => {
    const added = isObject(capabilities) && Array.isArray(capabilities.add) ? capabilities.add : [];
    return allowPrivilegeEscalation === false && (privileged === true || added.includes('CAP_SYS_ADMIN'))
      ? 'privileged, and CAP_SYS_ADMIN, need allowPrivilegeEscalation: true, which the operator sets to false'
      : undefined;
  },
  Toleration: ({ key, operator, value, effect, tolerationSeconds }) => {
    if (isMissing(key) && operator !== 'Exists')
      return 'without a key it needs operator: Exists, which means all taints';
    if (operator === 'Exists' && !isMissing(value)) return 'takes no value for Exists';
    return !isMissing(tolerationSeconds) && effect !== 'NoExecute'
      ? 'tolerationSeconds goes with effect: NoExecute only'
      : undefined;
  },
  TopologySpreadConstraint: ({ minDomains, whenUnsatisfiable }) =>
    !isMissing(minDomains) && whenUnsatisfiable !== 'DoNotSchedule'
      ? 'minDomains goes with whenUnsatisfiable: DoNotSchedule only'
      : undefined,
};

function objectProblems({ value, type, field, path }: TypedObject): Problem[] {
  const missing = (required[type] ?? '').split(' ').filter((name) => name !== '' && isMissing(value[name]));
  if (missing.length > 0) return [{ path, message: `needs ${missing.join(' and ')}` }];
  const members = needsMember[field];
  if (members !== undefined && unionMembers(field, value).every((name) => isMissing(value[name])) && !hasEmpty(value))
    return [{ path, message: `needs one of ${members}` }];
  const message = objectRules[type]?.(value, field);
  return message === undefined ? [] : [{ path, message }];
}

/** Whether a member of a union is an object without fields, whose own requirements say more. */
const hasEmpty = (value: Json): boolean =>
  Object.values(value).some((part) => isObject(part) && Object.keys(part).length === 0);

/**
 * What an API server would refuse of a whole pod template, with ours and all others merged: what is missing, and what does not
 * go together. That each field is right by itself is for the templates to say.
 */
export function wholeTemplateProblems(template: unknown): Problem[] {
  const objects = typedObjects(template, 'PodTemplateSpec', '', []);
  return [
    ...objects.flatMap(objectProblems),
    ...objects.filter(({ type }) => type === 'Container').flatMap(containerProblems),
    ...objects.filter(({ type }) => type === 'PodSpec').flatMap(podProblems),
  ];
}
