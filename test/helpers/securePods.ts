/** A pod that every level takes, as ours are. */
const context = { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } };
const ofContainer = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

interface Parts {
  pod?: object;
  podContext?: object;
  container?: object;
  containerContext?: object;
  annotations?: Record<string, string>;
}

function template({ pod = {}, podContext, container = {}, containerContext = {}, annotations }: Parts) {
  const securityContext = { ...ofContainer, ...containerContext };
  return {
    metadata: { annotations },
    spec: {
      containers: [{ name: 'trainer', image: 'trainer', ...container, securityContext }],
      securityContext: { ...context, ...podContext },
      ...pod,
    },
  };
}

export type Template = ReturnType<typeof template>;

const volume = (source: object) => ({ volumes: [{ name: 'v', ...source }] });
const init = (securityContext: object) => ({ initContainers: [{ name: 'first', image: 'x', securityContext }] });
const probe = (host: string) => ({ livenessProbe: { httpGet: { port: 80, path: '/', host } } });
const apparmor = 'container.apparmor.security.beta.kubernetes.io/trainer';

/** Pods that differ from one that every level takes in what Pod Security looks at, and in what it may be mistaken for. */
export const securePods: Record<string, Template> = Object.fromEntries(
  Object.entries<Parts>({
    'like ours': {},
    'host process': { podContext: { windowsOptions: { hostProcess: false } } },
    'host network': { pod: { hostNetwork: true } },
    'host PID': { pod: { hostPID: true } },
    'host IPC': { pod: { hostIPC: true } },
    'host network, not': { pod: { hostNetwork: false } },
    privileged: { containerContext: { privileged: true, allowPrivilegeEscalation: undefined } },
    'privileged init container': {
      pod: init({ ...ofContainer, privileged: true, allowPrivilegeEscalation: undefined }),
    },
    'adds what baseline allows': { containerContext: { capabilities: { add: ['CHOWN'], drop: ['ALL'] } } },
    'adds what restricted allows': { containerContext: { capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] } } },
    'adds SYS_ADMIN': { containerContext: { capabilities: { add: ['SYS_ADMIN'], drop: ['ALL'] } } },
    'adds all': { containerContext: { capabilities: { add: ['ALL'], drop: ['ALL'] } } },
    'drops one capability': { containerContext: { capabilities: { drop: ['NET_RAW'] } } },
    'drops all in lower case': { containerContext: { capabilities: { drop: ['all'] } } },
    'drops nothing': { containerContext: { capabilities: undefined } },
    'a path of the node': { pod: volume({ hostPath: { path: '/data' } }) },
    'a volume over NFS': { pod: volume({ nfs: { server: 's', path: '/p' } }) },
    'a claim': { pod: volume({ persistentVolumeClaim: { claimName: 'c' } }) },
    'an empty folder': { pod: volume({ emptyDir: {} }) },
    'a volume without a source': { pod: volume({}) },
    'a volume of a driver': { pod: volume({ csi: { driver: 'd.example' } }) },
    'an ephemeral volume': {
      pod: volume({
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        },
      }),
    },
    'an image as a volume': { pod: volume({ image: { reference: 'x:1' } }) },
    iSCSI: { pod: volume({ iscsi: { targetPortal: '10.0.0.1', iqn: 'iqn.2001-04.com.example:s', lun: 0 } }) },
    'a projected volume': { pod: volume({ projected: { sources: [{ secret: { name: 's' } }] } }) },
    'a port of the node': { container: { ports: [{ containerPort: 80, hostPort: 80 }] } },
    'a port of the pod': { container: { ports: [{ containerPort: 80, hostPort: 0 }] } },
    'a probe elsewhere': { container: probe('10.0.0.1') },
    'a probe of this host': { container: probe('127.0.0.1') },
    'a probe of the pod': { container: probe('') },
    'a TCP probe elsewhere': { container: { startupProbe: { tcpSocket: { port: 80, host: '10.0.0.1' } } } },
    'a hook elsewhere': { container: { lifecycle: { preStop: { httpGet: { port: 80, host: '10.0.0.1' } } } } },
    'AppArmor unconfined': { podContext: { appArmorProfile: { type: 'Unconfined' } } },
    'AppArmor by default': { containerContext: { appArmorProfile: { type: 'RuntimeDefault' } } },
    'AppArmor by annotation': { annotations: { [apparmor]: 'unconfined' } },
    'AppArmor by annotation, by default': { annotations: { [apparmor]: 'runtime/default' } },
    'another annotation': { annotations: { note: 'unconfined' } },
    'SELinux, a type that is free': { podContext: { seLinuxOptions: { type: 'container_t' } } },
    'SELinux, an engine': { podContext: { seLinuxOptions: { type: 'container_engine_t' } } },
    'SELinux, a type that is not': { podContext: { seLinuxOptions: { type: 'spc_t' } } },
    'SELinux, a level': { containerContext: { seLinuxOptions: { level: 's0:c1,c2' } } },
    'SELinux, a user': { containerContext: { seLinuxOptions: { user: 'system_u' } } },
    'SELinux, a role': { podContext: { seLinuxOptions: { role: 'system_r' } } },
    '/proc unmasked in a user namespace': { pod: { hostUsers: false }, containerContext: { procMount: 'Unmasked' } },
    '/proc as ever': { containerContext: { procMount: 'Default' } },
    'seccomp unconfined': { podContext: { seccompProfile: { type: 'Unconfined' } } },
    'seccomp unconfined, the container not': {
      podContext: { seccompProfile: { type: 'Unconfined' } },
      containerContext: { seccompProfile: { type: 'RuntimeDefault' } },
    },
    'seccomp not set': { podContext: { seccompProfile: undefined } },
    'seccomp of the container': {
      podContext: { seccompProfile: undefined },
      containerContext: { seccompProfile: { type: 'RuntimeDefault' } },
    },
    'seccomp of the container unconfined': { containerContext: { seccompProfile: { type: 'Unconfined' } } },
    'a local seccomp profile': { podContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'p.json' } } },
    'a safe sysctl': { podContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } },
    'an unsafe sysctl': { podContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
    'may escalate': { containerContext: { allowPrivilegeEscalation: true } },
    'may escalate by default': { containerContext: { allowPrivilegeEscalation: undefined } },
    'an init container without a context': { pod: init({}) },
    'root perhaps': { podContext: { runAsNonRoot: undefined } },
    'root perhaps, the container not': {
      podContext: { runAsNonRoot: undefined },
      containerContext: { runAsNonRoot: true },
    },
    'root by the pod, not by the container': {
      podContext: { runAsNonRoot: false },
      containerContext: { runAsNonRoot: true },
    },
    'root by the container': { containerContext: { runAsNonRoot: false } },
    'user 0': { podContext: { runAsUser: 0 } },
    'user 0 of the container': { containerContext: { runAsUser: 0 } },
    'user 0 of the pod, not of the container': { podContext: { runAsUser: 0 }, containerContext: { runAsUser: 5 } },
    'root in a user namespace': { pod: { hostUsers: false }, podContext: { runAsNonRoot: undefined, runAsUser: 0 } },
    'group 0': { podContext: { runAsGroup: 0, fsGroup: 0 } },
    'an account': { pod: { serviceAccountName: 'trainers' } },
    'its processes seen by each other': { pod: { shareProcessNamespace: true } },
    Windows: {
      pod: { os: { name: 'windows' }, securityContext: { runAsNonRoot: true } },
      containerContext: { allowPrivilegeEscalation: undefined, capabilities: undefined },
    },
  }).map(([title, parts]) => [title, template(parts)]),
);
