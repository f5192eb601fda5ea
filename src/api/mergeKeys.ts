import { isObject } from './objects.ts';

/**
 * How Kubernetes merges the lists and unions of an object, by the name of their field: for templates that are merged over one
 * another, and for server-side apply. test/apiserver/openapi.test.ts compares it with a server's own schema.
 */

/** Fields that tell the entries of a list apart; every other list is one piece. */
export const listKeys: Readonly<Record<string, readonly string[]>> = {
  claims: ['name'],
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  ports: ['containerPort', 'protocol'],
  resourceClaims: ['name'],
  schedulingGates: ['name'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

/** What a key is where an entry leaves it out. */
const keyDefaults: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** The key of an entry of a keyed list, as JSON. */
export function entryKey(list: string, entry: unknown): string {
  const fields = isObject(entry) ? entry : {};
  const keys = listKeys[list] ?? [];
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, fields[key] ?? keyDefaults[key]])));
}

const probe = ['exec', 'grpc', 'httpGet', 'tcpSocket'];
const handler = ['exec', 'httpGet', 'sleep', 'tcpSocket'];

/** Objects, and entries of lists, that have one of several fields. */
const unions: Readonly<Record<string, readonly string[]>> = {
  env: ['value', 'valueFrom'],
  envFrom: ['configMapRef', 'secretRef'],
  livenessProbe: probe,
  postStart: handler,
  preStop: handler,
  readinessProbe: probe,
  resourceClaims: ['resourceClaimName', 'resourceClaimTemplateName'],
  startupProbe: probe,
  valueFrom: ['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef'],
};

/** The fields of a value of which it may have one only: of a volume, or a source of a projected one, all but its name. */
export function unionMembers(field: string, value: object): string[] {
  const names = Object.keys(value);
  if (field === 'volumes' || field === 'sources') return names.filter((name) => name !== 'name');
  return names.filter((name) => unions[field]?.includes(name));
}

/** Unions told apart by their field `type`: what goes with one type only. */
export const typedMembers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  appArmorProfile: { localhostProfile: 'Localhost' },
  seccompProfile: { localhostProfile: 'Localhost' },
};
