import { isIP } from 'node:net';
import { labelKey, labelValue } from '../rules.ts';

/** What is wrong with a value that has the right type; undefined where nothing is. */
type Rule = (value: string | number) => string | undefined;

const oneOf =
  (...words: string[]): Rule =>
  (value) =>
    words.includes(String(value)) ? undefined : `must be one of ${words.map((word) => word || '""').join(', ')}`;

const between =
  (least: number, most: number): Rule =>
  (value) =>
    Number(value) >= least && Number(value) <= most ? undefined : `must be from ${least} to ${most}`;

const like =
  (pattern: RegExp, message: string): Rule =>
  (value) =>
    pattern.test(String(value)) ? undefined : message;

const largest = 2 ** 31 - 1;
const id = between(0, largest);
const port = between(1, 65_535);
const mode: Rule = (value) =>
  Number(value) >= 0 && Number(value) <= 0o777
    ? undefined
    : `must be from 0 to 511, which is 0777; ${value} is without the 0 that makes it octal`;
const seconds = between(0, largest);
const label = like(
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  'must be at most 63 lower case letters, digits and -, beginning and ending with a letter or digit',
);
const objectName = like(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  'must be the name of a Kubernetes object: lower case letters, digits, - and .',
);
const portName = like(
  /^(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  'must be a name of at most 15 lower case letters, digits and -, with a letter; a number is written without quotes',
);
const portOrName: Rule = (value) => (typeof value === 'number' ? port(value) : portName(value));
const qualified = like(labelKey, 'must be a name such as zone or example.com/zone');
const inside = (value: string | number) =>
  String(value).startsWith('/') || String(value).split('/').includes('..')
    ? 'must be a relative path inside the volume, without a leading / and without ..'
    : undefined;

const withoutDots: Rule = (value) => (String(value).split('/').includes('..') ? 'must not contain ..' : undefined);
const dataKey = like(/^[-._A-Za-z0-9]{1,253}$/, 'must be letters, digits, -, _ and .');
const variable = like(/^[ -<>-~]+$/, 'must be printable ASCII characters other than =');
const address: Rule = (value) => (isIP(String(value)) === 0 ? 'must be an IP address' : undefined);

/** Rules for fields by `Type.field`, as Kubernetes' validation has them; for the entries where the field is a list. */
export const fieldRules: Readonly<Record<string, Rule>> = {
  'Container.name': label,
  'Container.restartPolicy': oneOf('Always', 'Never', 'OnFailure'),
  'ContainerPort.containerPort': port,
  'ContainerPort.hostPort': between(0, 65_535),
  'ContainerPort.name': portName,
  'ContainerResizePolicy.resourceName': oneOf('cpu', 'memory'),
  'ContainerResizePolicy.restartPolicy': oneOf('NotRequired', 'RestartContainer'),
  'ConfigMapVolumeSource.defaultMode': mode,
  'DownwardAPIVolumeFile.mode': mode,
  'DownwardAPIVolumeSource.defaultMode': mode,
  'EnvVar.name': variable,
  'GRPCAction.port': port,
  'HTTPGetAction.port': portOrName,
  'HostAlias.hostnames': objectName,
  'HostAlias.ip': address,
  'HostPathVolumeSource.type': oneOf(
    '',
    'BlockDevice',
    'CharDevice',
    'Directory',
    'DirectoryOrCreate',
    'File',
    'FileOrCreate',
    'Socket',
  ),
  'KeyToPath.mode': mode,
  'LabelSelectorRequirement.operator': oneOf('DoesNotExist', 'Exists', 'In', 'NotIn'),
  'NFSVolumeSource.path': like(/^\//, 'must be an absolute path'),
  'PodOS.name': oneOf('linux', 'windows'),
  'PodSchedulingGate.name': qualified,
  'PodSecurityContext.fsGroup': id,
  'PodSecurityContext.runAsGroup': id,
  'PodSecurityContext.runAsUser': id,
  'PodSecurityContext.supplementalGroups': id,
  'PodSpec.activeDeadlineSeconds': between(1, largest),
  'PodSpec.hostname': label,
  'PodSpec.priorityClassName': objectName,
  'PodSpec.runtimeClassName': objectName,
  'PodSpec.serviceAccountName': objectName,
  'PodSpec.subdomain': label,
  'PreferredSchedulingTerm.weight': between(1, 100),
  'Probe.failureThreshold': seconds,
  'Probe.initialDelaySeconds': seconds,
  'Probe.periodSeconds': seconds,
  'Probe.successThreshold': seconds,
  'Probe.timeoutSeconds': seconds,
  'ProjectedVolumeSource.defaultMode': mode,
  'ResourceFieldSelector.resource': like(
    /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/,
    'must be one of limits.cpu, limits.memory, limits.ephemeral-storage, requests.cpu, requests.memory, requests.ephemeral-storage',
  ),
  'SecretVolumeSource.defaultMode': mode,
  'SecurityContext.runAsGroup': id,
  'SecurityContext.runAsUser': id,
  'ServiceAccountTokenProjection.expirationSeconds': between(600, 2 ** 32),
  'TCPSocketAction.port': portOrName,
  'TopologySpreadConstraint.maxSkew': between(1, largest),
  'Volume.name': label,
  'VolumeMount.subPath': inside,
  'WeightedPodAffinityTerm.weight': between(1, 100),
  'ConfigMapEnvSource.name': objectName,
  'ConfigMapKeySelector.name': objectName,
  'SecretEnvSource.name': objectName,
  'SecretKeySelector.name': objectName,
  'ConfigMapKeySelector.key': dataKey,
  'SecretKeySelector.key': dataKey,
  'KeyToPath.key': dataKey,
  'KeyToPath.path': inside,
  'DownwardAPIVolumeFile.path': inside,
  'ServiceAccountTokenProjection.path': inside,
  'SeccompProfile.localhostProfile': inside,
  'CSIVolumeSource.driver': like(
    /^[A-Za-z0-9]([-.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
    'must be the name of a driver such as nfs.csi.k8s.io',
  ),
  'EnvFromSource.prefix': variable,
  'HTTPHeader.name': like(/^[-A-Za-z0-9]+$/, 'must be letters, digits and -'),
  'LabelSelectorRequirement.key': qualified,
  'PodAffinityTerm.topologyKey': qualified,
  'Toleration.key': qualified,
  'PodReadinessGate.conditionType': qualified,
  'PodAffinityTerm.namespaces': label,
  'PodDNSConfig.nameservers': address,
  'PodResourceClaim.name': label,
  'PodResourceClaim.resourceClaimName': objectName,
  'PodResourceClaim.resourceClaimTemplateName': objectName,
  'Sysctl.name': like(
    /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/,
    'must be the name of a setting such as net.core.somaxconn',
  ),
  'Toleration.value': like(labelValue, 'must be at most 63 letters, digits, -, _ and .'),
  'TopologySpreadConstraint.minDomains': between(1, largest),
  'VolumeMount.recursiveReadOnly': oneOf('Disabled', 'Enabled', 'IfPossible'),
  'HostPathVolumeSource.path': withoutDots,
};

/** Integers that Kubernetes keeps in 64 bits; all others have 32. */
const wide =
  /(GracePeriodSeconds|DeadlineSeconds|tolerationSeconds|expirationSeconds|\.seconds|runAs.*|Group|Groups|generation)$/;

/** Fields whose empty text Kubernetes keeps, and refuses. */
const kept = ['Container.restartPolicy', 'PodSpec.runtimeClassName'];

/** What is wrong with a scalar in a field of a type. */
export function fieldProblem(owner: string, field: string, value: unknown): string | undefined {
  // Empty text is what is left of a value that a chart has none for: it means absent, and is asked for where it is required.
  const name = `${owner}.${field}`;
  if ((typeof value !== 'string' && typeof value !== 'number') || (value === '' && !kept.includes(name)))
    return undefined;
  const tooLarge =
    typeof value === 'number' && !wide.test(name) && Number.isInteger(value) && Math.abs(value) > largest;
  return fieldRules[name]?.(value) ?? (tooLarge ? `must be at most ${largest}` : undefined);
}

const keyed: Readonly<Record<string, { lowerCase?: boolean; values: boolean }>> = {
  'LabelSelector.matchLabels': { values: true },
  'ObjectMeta.annotations': { lowerCase: true, values: false },
  'ObjectMeta.labels': { values: true },
  'PodSpec.nodeSelector': { values: true },
};

/** What is wrong with an entry of a map that has labels, or annotations. */
export function entryProblem(owner: string, field: string, key: string, value: unknown): string | undefined {
  const rule = keyed[`${owner}.${field}`];
  if (rule === undefined) return undefined;
  if (!labelKey.test(rule.lowerCase ? key.toLowerCase() : key))
    return 'is no key: it must be a name such as team or example.com/team';
  if (!rule.values || typeof value !== 'string' || (value.length <= 63 && labelValue.test(value))) return undefined;
  return 'must be at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit';
}
