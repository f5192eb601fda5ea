import { isObject, type Json } from '../../api/objects.ts';
import { describePath } from '../../api/run.ts';
import type { Problem } from '../../api/spec/problems.ts';

/** What a namespace demands of its pods. */
export interface PodSecurity {
  level: 'privileged' | 'baseline' | 'restricted';
  /** Minor version of Kubernetes whose controls hold; undefined for the latest. */
  version: number | undefined;
}

type Path = Problem['path'];

/** A place that a control looks at: undefined where the field is not set. */
interface Place {
  path: Path;
  value: unknown;
}

interface Control {
  /** Fields with a meaning of their own; `[]` stands for each entry of a list, `{}` for each of a map. */
  fields: string[];
  allows: (value: unknown, entry: Json) => boolean;
  says: string;
  /** Field of the pod that a container has where it leaves its own out. */
  inherited?: string;
  /** Minor version of Kubernetes that brought it. */
  since?: number;
  /** Whether pods of Windows, or in a user namespace, need not have it. */
  except?: ('windows' | 'userNamespace')[];
}

const inContainers = (...fields: string[]): string[] =>
  ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    fields.map((field) => `spec.${list}[].${field}`),
  );

const anywhere = (field: string): string[] => [
  `spec.securityContext.${field}`,
  ...inContainers(`securityContext.${field}`),
];

const notTrue = { allows: (value: unknown) => value !== true, says: 'must not be true' };

/** One of these words, or not set. */
const among = (...words: string[]) => ({
  allows: (value: unknown) => value === undefined || words.includes(String(value)),
  says: `must be one of ${words.filter((word) => word !== '').join(', ')}, or be left out`,
});

const empty = {
  allows: (value: unknown) => value === undefined || value === '',
  says: 'must be left out',
};

const addable = [
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
];

const safeSysctls = [
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start'],
  ...['net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_local_reserved_ports'],
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  ...['net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
];

const calls = ['httpGet.host', 'tcpSocket.host'];
const callers = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle.postStart', 'lifecycle.preStop'];

/** The controls of the Pod Security Standards, as https://kubernetes.io/docs/concepts/security/pod-security-standards has them. */
const baseline: Control[] = [
  { fields: anywhere('windowsOptions.hostProcess'), ...notTrue },
  { fields: ['spec.hostNetwork', 'spec.hostPID', 'spec.hostIPC'], ...notTrue },
  { fields: inContainers('securityContext.privileged'), ...notTrue },
  { fields: inContainers('securityContext.capabilities.add[]'), ...among(...addable) },
  {
    fields: ['spec.volumes[].hostPath'],
    allows: (value) => value === undefined,
    says: 'is forbidden: the pod would see files of the node',
  },
  {
    fields: inContainers('ports[].hostPort'),
    allows: (value) => value === undefined || value === 0,
    says: 'must be left out',
  },
  {
    fields: callers.flatMap((caller) => inContainers(...calls.map((call) => `${caller}.${call}`))),
    ...empty,
    since: 34,
  },
  { fields: anywhere('appArmorProfile.type'), ...among('RuntimeDefault', 'Localhost') },
  {
    fields: ['metadata.annotations{}'],
    allows: (value, { key }) =>
      !String(key).startsWith('container.apparmor.security.beta.kubernetes.io/') ||
      /^(|runtime\/default|localhost\/.*)$/.test(String(value)),
    says: 'must be runtime/default or localhost/…, or be left out',
  },
  {
    fields: anywhere('seLinuxOptions.type'),
    ...among('', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'),
  },
  { fields: [...anywhere('seLinuxOptions.user'), ...anywhere('seLinuxOptions.role')], ...empty },
  { fields: inContainers('securityContext.procMount'), ...among('Default'), except: ['userNamespace'] },
  { fields: anywhere('seccompProfile.type'), ...among('RuntimeDefault', 'Localhost') },
  { fields: ['spec.securityContext.sysctls[].name'], ...among(...safeSysctls) },
];

const volumes = [
  ...['name', 'configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim'],
  ...['projected', 'secret'],
];

const restricted: Control[] = [
  {
    fields: ['spec.volumes[]'],
    allows: (volume) => !isObject(volume) || Object.keys(volume).every((source) => volumes.includes(source)),
    says: `must be one of ${volumes.slice(1).join(', ')}`,
  },
  {
    fields: inContainers('securityContext.allowPrivilegeEscalation'),
    allows: (value) => value === false,
    says: 'must be false',
    except: ['windows'],
  },
  { fields: inContainers('securityContext.procMount'), ...among('Default') },
  {
    fields: ['spec.securityContext.runAsNonRoot'],
    allows: (value) => value !== false,
    says: 'must be true',
    except: ['userNamespace'],
  },
  {
    fields: inContainers('securityContext.runAsNonRoot'),
    inherited: 'spec.securityContext.runAsNonRoot',
    allows: (value) => value === true,
    says: 'must be true',
    except: ['userNamespace'],
  },
  {
    fields: anywhere('runAsUser'),
    allows: (value) => value !== 0,
    says: 'must not be 0',
    except: ['userNamespace'],
  },
  {
    fields: inContainers('securityContext.seccompProfile.type'),
    inherited: 'spec.securityContext.seccompProfile.type',
    allows: (value) => value === 'RuntimeDefault' || value === 'Localhost',
    says: 'must be RuntimeDefault or Localhost',
    except: ['windows'],
  },
  {
    fields: inContainers('securityContext.capabilities.drop'),
    allows: (value) => Array.isArray(value) && value.includes('ALL'),
    says: 'must contain ALL',
    except: ['windows'],
  },
  {
    fields: inContainers('securityContext.capabilities.add[]'),
    ...among('NET_BIND_SERVICE'),
    except: ['windows'],
  },
];

const controls: Record<PodSecurity['level'], Control[]> = {
  privileged: [],
  baseline,
  restricted: [...baseline, ...restricted],
};

/** The places that a field names in a value. */
function placesOf(value: unknown, [part = '', ...rest]: string[], path: Path): Place[] {
  if (part === '') return [{ path, value }];
  const name = part.replace(/(\[\]|\{\})$/, '');
  const inner = isObject(value) ? (value[name] ?? undefined) : undefined;
  if (part.endsWith('[]')) {
    const entries: unknown[] = Array.isArray(inner) ? inner : [];
    return entries.flatMap((entry, i) => placesOf(entry, rest, [...path, name, i]));
  }
  if (part.endsWith('{}'))
    return Object.entries(isObject(inner) ? inner : {}).map(([key, entry]) => ({
      path: [...path, name, key],
      value: entry,
    }));
  return placesOf(inner, rest, [...path, name]);
}

const valueAt = (template: unknown, field: string): unknown => placesOf(template, field.split('.'), [])[0]?.value;

const label = 'pod-security.kubernetes.io/enforce';

/** What the labels of a namespace demand of pods. A cluster's own default is nothing that anybody can read. */
export function podSecurityOf(labels: Readonly<Record<string, string>> = {}): PodSecurity {
  const level = labels[label];
  const minor = /^v1\.(\d+)$/.exec(labels[`${label}-version`] ?? '')?.[1];
  return {
    level: level === 'baseline' || level === 'restricted' ? level : 'privileged',
    version: minor === undefined ? undefined : Number(minor),
  };
}

/**
 * What the Pod Security admission of a namespace would refuse of pods of this template: it looks at them only when they are
 * made, and at no Job. Each with its path in the template. Of pods with a runtime class it says nothing: a cluster may have
 * exempted the class, which nobody can read either, and to keep a Job from running is worse than to say late why it cannot.
 */
export function podSecurityProblems(template: unknown, { level, version }: PodSecurity): Problem[] {
  if (valueAt(template, 'spec.runtimeClassName') !== undefined) return [];
  const exceptions = new Set<string>([
    ...(valueAt(template, 'spec.os.name') === 'windows' ? ['windows'] : []),
    ...(valueAt(template, 'spec.hostUsers') === false ? ['userNamespace'] : []),
  ]);
  const held = controls[level].filter(
    ({ since, except }) =>
      (since ?? 0) <= (version ?? Number.POSITIVE_INFINITY) && !except?.some((each) => exceptions.has(each)),
  );
  const problems = held.flatMap(({ fields, inherited, allows, says }) => {
    const ofPod = inherited === undefined ? undefined : valueAt(template, inherited);
    return fields
      .flatMap((field) => placesOf(template, field.split('.'), []))
      .filter(({ path, value }) => !allows(value ?? ofPod, { key: path.at(-1) }))
      .map(({ path }): Problem => ({ path, message: says }));
  });
  const seen = new Set<string>();
  return problems.filter(({ path }) => seen.size < seen.add(describePath(path)).size);
}
