const pullPolicy = ['Always', 'IfNotPresent', 'Never'];
const termination = ['FallbackToLogsOnError', 'File'];
const profile = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const inclusion = ['Honor', 'Ignore'];

/** The words that Kubernetes knows for a field, by `Type.field`; test/apiserver/openapi.test.ts asks a server for them. */
export const podEnums: Readonly<Record<string, readonly string[]>> = {
  'AppArmorProfile.type': profile,
  'Container.imagePullPolicy': pullPolicy,
  'Container.terminationMessagePolicy': termination,
  'ContainerPort.protocol': ['SCTP', 'TCP', 'UDP'],
  'HTTPGetAction.scheme': ['HTTP', 'HTTPS'],
  'ImageVolumeSource.pullPolicy': pullPolicy,
  'NodeSelectorRequirement.operator': ['DoesNotExist', 'Exists', 'Gt', 'In', 'Lt', 'NotIn'],
  'PersistentVolumeClaimSpec.accessModes': ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'],
  'PersistentVolumeClaimSpec.volumeMode': ['Block', 'Filesystem'],
  'PodSecurityContext.fsGroupChangePolicy': ['Always', 'OnRootMismatch'],
  'PodSecurityContext.supplementalGroupsPolicy': ['Merge', 'Strict'],
  'PodSpec.dnsPolicy': ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
  'PodSpec.preemptionPolicy': ['Never', 'PreemptLowerPriority'],
  'PodSpec.restartPolicy': ['Always', 'Never', 'OnFailure'],
  'SeccompProfile.type': profile,
  'SecurityContext.procMount': ['Default', 'Unmasked'],
  'Toleration.effect': ['NoExecute', 'NoSchedule', 'PreferNoSchedule'],
  'Toleration.operator': ['Equal', 'Exists', 'Gt', 'Lt'],
  'TopologySpreadConstraint.nodeAffinityPolicy': inclusion,
  'TopologySpreadConstraint.nodeTaintsPolicy': inclusion,
  'TopologySpreadConstraint.whenUnsatisfiable': ['DoNotSchedule', 'ScheduleAnyway'],
  'VolumeMount.mountPropagation': ['Bidirectional', 'HostToContainer', 'None'],
};
