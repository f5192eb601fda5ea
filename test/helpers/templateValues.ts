/** A wrong pod template, and what is said of which of its fields. */
export interface WrongValue {
  title: string;
  template: Record<string, unknown>;
  field: string;
  says: RegExp;
}

const pod = (spec: object) => ({ spec });
const trainer = (fields: object) => pod({ containers: [{ name: 'trainer', ...fields }] });
const row = (title: string, template: Record<string, unknown>, field: string, says: RegExp): WrongValue => ({
  title,
  template,
  field,
  says,
});

/** Values of the right type that Kubernetes refuses all the same, wherever they stand. */
export const wrongValues: WrongValue[] = [
  row(
    'a container name in capitals',
    pod({ containers: [{ name: 'Side_Car', image: 'x' }] }),
    'spec.containers.0.name',
    /lower case/,
  ),
  row(
    'a restart policy of a container in small letters',
    pod({ initContainers: [{ name: 'log', image: 'x', restartPolicy: 'always' }] }),
    'spec.initContainers.0.restartPolicy',
    /must be one of Always/,
  ),
  row(
    'a port beyond all',
    trainer({ ports: [{ containerPort: 70_000 }] }),
    'spec.containers.0.ports.0.containerPort',
    /from 1 to 65535/,
  ),
  row(
    'a port name that is too long',
    trainer({ ports: [{ name: 'prometheus-metrics', containerPort: 1 }] }),
    'spec.containers.0.ports.0.name',
    /at most 15/,
  ),
  row(
    'a port number as text',
    trainer({ livenessProbe: { httpGet: { port: '8080' } } }),
    'spec.containers.0.livenessProbe.httpGet.port',
    /without quotes/,
  ),
  row(
    'a variable with = in its name',
    trainer({ env: [{ name: 'A=B' }] }),
    'spec.containers.0.env.0.name',
    /printable ASCII/,
  ),
  row(
    'a negative period',
    trainer({ livenessProbe: { periodSeconds: -1, exec: { command: ['x'] } } }),
    'spec.containers.0.livenessProbe.periodSeconds',
    /from 0/,
  ),
  row(
    'a mode that is not octal',
    pod({ volumes: [{ name: 'a', configMap: { name: 'a', defaultMode: 755 } }] }),
    'spec.volumes.0.configMap.defaultMode',
    /0777.*octal/,
  ),
  row(
    'a volume name with _',
    pod({ volumes: [{ name: 'my_cache', emptyDir: {} }] }),
    'spec.volumes.0.name',
    /lower case/,
  ),
  row(
    'a host path of a misspelt type',
    pod({ volumes: [{ name: 'a', hostPath: { path: '/a', type: 'directory' } }] }),
    'spec.volumes.0.hostPath.type',
    /must be one of .*Directory/,
  ),
  row(
    'a subPath out of the volume',
    trainer({ volumeMounts: [{ name: 'a', mountPath: '/a', subPath: '../b' }] }),
    'spec.containers.0.volumeMounts.0.subPath',
    /without \.\./,
  ),
  row(
    'a relative path of NFS',
    pod({ volumes: [{ name: 'a', nfs: { server: 'a', path: 'b' } }] }),
    'spec.volumes.0.nfs.path',
    /absolute/,
  ),
  row(
    'a token of a minute',
    pod({
      volumes: [{ name: 'a', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 60 } }] } }],
    }),
    'spec.volumes.0.projected.sources.0.serviceAccountToken.expirationSeconds',
    /from 600/,
  ),
  row('a user of -1', pod({ securityContext: { runAsUser: -1 } }), 'spec.securityContext.runAsUser', /from 0/),
  row('a deadline of no time', pod({ activeDeadlineSeconds: 0 }), 'spec.activeDeadlineSeconds', /from 1/),
  row('a number of more than 32 bits', pod({ priority: 3_000_000_000 }), 'spec.priority', /at most 2147483647/),
  row(
    'a weight of 0',
    pod({
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, preference: {} }] } },
    }),
    'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.weight',
    /from 1 to 100/,
  ),
  row(
    'an operator of nodes for labels',
    pod({
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'a', labelSelector: { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] } },
          ],
        },
      },
    }),
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.labelSelector.matchExpressions.0.operator',
    /must be one of/,
  ),
  row(
    'a runtime class in capitals',
    pod({ runtimeClassName: 'Nvidia_x' }),
    'spec.runtimeClassName',
    /name of a Kubernetes object/,
  ),
  row(
    'an alias of no address',
    pod({ hostAliases: [{ ip: 'foo', hostnames: ['a'] }] }),
    'spec.hostAliases.0.ip',
    /IP address/,
  ),
  row('an operating system in capitals', pod({ os: { name: 'Linux' } }), 'spec.os.name', /must be one of linux/),
  row(
    'a gate with a space',
    pod({ schedulingGates: [{ name: 'a b' }] }),
    'spec.schedulingGates.0.name',
    /example\.com\/zone/,
  ),
  row(
    'a resource of a variable without its list',
    trainer({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'cpu' } } }] }),
    'spec.containers.0.env.0.valueFrom.resourceFieldRef.resource',
    /limits\.cpu/,
  ),
  row('a label with a space', { metadata: { labels: { a: 'b c' } } }, 'metadata.labels.a', /at most 63 letters/),
  row(
    'an annotation whose key has a space',
    { metadata: { annotations: { 'a b': 'c' } } },
    'metadata.annotations.a b',
    /is no key/,
  ),
  row('a node label with two slashes', pod({ nodeSelector: { 'a/b/c': 'd' } }), 'spec.nodeSelector.a/b/c', /is no key/),
  row(
    'a secret in capitals',
    trainer({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'My_Secret', key: 'a' } } }] }),
    'spec.containers.0.env.0.valueFrom.secretKeyRef.name',
    /name of a Kubernetes object/,
  ),
  row(
    'a key that is a path',
    trainer({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'a/b' } } }] }),
    'spec.containers.0.env.0.valueFrom.secretKeyRef.key',
    /must be letters/,
  ),
  row(
    'a file out of its volume',
    pod({ volumes: [{ name: 'a', configMap: { name: 'a', items: [{ key: 'a', path: '/b' }] } }] }),
    'spec.volumes.0.configMap.items.0.path',
    /relative path/,
  ),
  row(
    'a name for a name server',
    pod({ dnsConfig: { nameservers: ['dns.example.com'] } }),
    'spec.dnsConfig.nameservers.0',
    /IP address/,
  ),
  row(
    'a toleration of a key with a space',
    pod({ tolerations: [{ key: 'a b', operator: 'Exists' }] }),
    'spec.tolerations.0.key',
    /must be a name/,
  ),
  row('an empty runtime class', pod({ runtimeClassName: '' }), 'spec.runtimeClassName', /name of a Kubernetes object/),
];

/** What is wrong with a pod only once all templates are merged into ours: what is missing, what does not go together. */
export const wrongWholes: WrongValue[] = [
  row('a sidecar without an image', pod({ containers: [{ name: 'side' }] }), 'spec.containers.0', /needs image/),
  row(
    'a mount of a volume that there is not',
    trainer({ volumeMounts: [{ name: 'cache', mountPath: '/cache' }] }),
    'spec.containers.0.volumeMounts.0',
    /no volume cache/,
  ),
  row(
    'a claim that the pod has not',
    trainer({ resources: { claims: [{ name: 'gpu' }] } }),
    'spec.containers.0.resources.claims.0',
    /no resource claim gpu/,
  ),
  row(
    'a claim of nothing',
    pod({ resourceClaims: [{ name: 'gpu' }] }),
    'spec.resourceClaims.0',
    /needs one of resourceClaimName/,
  ),
  row(
    'a volume claim without a size',
    pod({ volumes: [{ name: 'a', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }] }),
    'spec.volumes.0.ephemeral.volumeClaimTemplate.spec',
    /needs resources/,
  ),
  row(
    'a secret without a name',
    pod({ volumes: [{ name: 'a', secret: {} }] }),
    'spec.volumes.0.secret',
    /needs secretName/,
  ),
  row(
    'a variable from a key without a name',
    trainer({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }] }),
    'spec.containers.0.env.0.valueFrom.secretKeyRef',
    /needs key/,
  ),
  row(
    'a variable from nowhere',
    trainer({ env: [{ name: 'A', valueFrom: {} }] }),
    'spec.containers.0.env.0.valueFrom',
    /needs one of/,
  ),
  row(
    'a field of the pod that there is not',
    trainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nodename' } } }] }),
    'spec.containers.0.env.0.valueFrom',
    /fieldPath must be/,
  ),
  row(
    'a file of a field that is for variables',
    pod({
      volumes: [{ name: 'a', downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'spec.nodeName' } }] } }],
    }),
    'spec.volumes.0.downwardAPI.items.0',
    /fieldPath must be/,
  ),
  row(
    'a probe of nothing',
    trainer({ readinessProbe: { periodSeconds: 5 } }),
    'spec.containers.0.readinessProbe',
    /needs one of exec/,
  ),
  row(
    'our probe without its handler',
    trainer({ livenessProbe: { httpGet: null } }),
    'spec.containers.0.livenessProbe',
    /needs one of exec/,
  ),
  row(
    'two successes of being alive',
    trainer({ livenessProbe: { successThreshold: 2 } }),
    'spec.containers.0.livenessProbe',
    /must be 1/,
  ),
  row(
    'a name that our port has',
    trainer({ ports: [{ name: 'http', containerPort: 9090 }] }),
    'spec.containers.0.ports.0',
    /called http already/,
  ),
  row(
    'containers of one name',
    pod({ initContainers: [{ name: 'a', image: 'x' }], containers: [{ name: 'a', image: 'x' }] }),
    'spec.initContainers.0',
    /called a already/,
  ),
  row(
    'an init container with a probe',
    pod({ initContainers: [{ name: 'a', image: 'x', livenessProbe: { exec: { command: ['x'] } } }] }),
    'spec.initContainers.0.livenessProbe',
    /restartPolicy: Always/,
  ),
  row(
    'rules without a policy',
    trainer({ restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] }),
    'spec.containers.0.restartPolicyRules',
    /need restartPolicy/,
  ),
  row(
    'privileges that we forbid',
    trainer({ securityContext: { privileged: true } }),
    'spec.containers.0.securityContext',
    /allowPrivilegeEscalation: true/,
  ),
  row(
    'a profile without its path',
    pod({ securityContext: { seccompProfile: { type: 'Localhost' } } }),
    'spec.securityContext.seccompProfile',
    /need each other/,
  ),
  row(
    'In without values',
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }],
          },
        },
      },
    }),
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.0.matchExpressions.0',
    /needs values for In/,
  ),
  row(
    'a toleration of nothing',
    pod({ tolerations: [{ effect: 'NoSchedule' }] }),
    'spec.tolerations.0',
    /operator: Exists/,
  ),
  row(
    'a value for Exists',
    pod({ tolerations: [{ key: 'a', operator: 'Exists', value: 'true' }] }),
    'spec.tolerations.0',
    /takes no value/,
  ),
  row(
    'a time of being tolerated forever',
    pod({ tolerations: [{ key: 'a', effect: 'NoSchedule', tolerationSeconds: 5 }] }),
    'spec.tolerations.0',
    /NoExecute only/,
  ),
  row(
    'a spread without its skew',
    pod({ topologySpreadConstraints: [{ topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }] }),
    'spec.topologySpreadConstraints.0',
    /needs maxSkew/,
  ),
  row(
    'an ephemeral container',
    pod({ ephemeralContainers: [{ name: 'debug', image: 'x' }] }),
    'spec.ephemeralContainers',
    /kubectl debug/,
  ),
  row('no DNS at all', pod({ dnsPolicy: 'None' }), 'spec.dnsPolicy', /nameservers/),
  row(
    "users of its own on the host's network",
    pod({ hostUsers: false, hostNetwork: true }),
    'spec.hostUsers',
    /does not go with|do not go with|not go/,
  ),
  row('GPUs of a pod', pod({ resources: { limits: { 'nvidia.com/gpu': 1 } } }), 'spec.resources', /for its containers/),
  row(
    'a file of nothing',
    pod({ volumes: [{ name: 'a', downwardAPI: { items: [{ path: 'n' }] } }] }),
    'spec.volumes.0.downwardAPI.items.0',
    /one of fieldRef/,
  ),
];
