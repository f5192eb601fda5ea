import { z } from 'zod';
import { DdrError } from '../api/errors.ts';
import { describeIssues } from '../api/run.ts';

const refused = (what: string) =>
  z
    .undefined(`${what} is not to be had on this machine; leave it out of execution.podTemplate and overrides`)
    .optional();

/**
 * A variable. Those of ours may come from a Secret, which this machine has none of: whoever starts it says their values.
 */
const variableSchema = z
  .looseObject({ name: z.string(), value: z.string().default(''), valueFrom: z.unknown().optional() })
  .refine(({ name, valueFrom }) => valueFrom === undefined || name.startsWith('DDR_'), {
    path: ['valueFrom'],
    message:
      'a variable from another object is not to be had on this machine; leave it out of execution.podTemplate and overrides',
  });

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).default([]),
  workingDir: z.string().optional(),
  env: z.array(variableSchema).default([]),
  envFrom: refused('envFrom'),
  ports: z.array(z.looseObject({ name: z.string().optional(), containerPort: z.number() })).default([]),
  volumeMounts: z
    .array(z.object({ name: z.string(), mountPath: z.string(), subPath: z.string().default('') }))
    .default([]),
});

const volumeSchema = z
  .looseObject({
    name: z.string(),
    persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
    emptyDir: z.looseObject({}).optional(),
    hostPath: z.object({ path: z.string() }).optional(),
  })
  .refine(({ persistentVolumeClaim, emptyDir, hostPath }) => persistentVolumeClaim ?? emptyDir ?? hostPath, {
    message:
      'a volume of this kind is not to be had on this machine; use a persistentVolumeClaim, an emptyDir or a hostPath',
  });

/** Of a pod's spec: what a process of this machine can be given. Where it runs and with which rights is passed over. */
const podSpecSchema = z.object({
  terminationGracePeriodSeconds: z.number().default(30),
  initContainers: refused('an init container'),
  containers: z.tuple([containerSchema], 'a pod on this machine has one container: additional ones are not to be had'),
  volumes: z.array(volumeSchema).default([]),
});

export type PodSpec = z.output<typeof podSpecSchema>;

/**
 * Reads what a process needs of a pod's spec.
 * @param where the pod or Job, for the message
 * @throws DdrError InvalidSpec where it asks for what this machine does not have
 */
export function parsePodSpec(spec: unknown, where: string): PodSpec {
  const parsed = podSpecSchema.safeParse(spec);
  if (!parsed.success) throw new DdrError('InvalidSpec', describeIssues(parsed.error).join('; '), { where });
  return parsed.data;
}

/** Where the folders of a pod's volumes are on this machine. */
export interface PodFolders {
  claim: (claimName: string) => string;
  /** @param name of the emptyDir */
  empty: (name: string) => string;
}

/**
 * How paths inside the container become paths of this machine: one that is a mount's path or lies below it is in the
 * volume's folder. The longest mount wins, as in a file system; other values stay as they are.
 */
export function pathMapping({ containers: [container], volumes }: PodSpec, folders: PodFolders) {
  const folderOf = new Map(
    volumes.map(({ name, persistentVolumeClaim, hostPath }) => [
      name,
      persistentVolumeClaim === undefined
        ? (hostPath?.path ?? folders.empty(name))
        : folders.claim(persistentVolumeClaim.claimName),
    ]),
  );
  const mounts = container.volumeMounts
    .map(({ name, mountPath, subPath }) => {
      const folder = folderOf.get(name);
      if (folder === undefined) throw new DdrError('InvalidSpec', `there is no volume ${name}`, { where: mountPath });
      return { path: mountPath.replace(/\/$/, ''), folder: subPath === '' ? folder : `${folder}/${subPath}` };
    })
    .sort((a, b) => b.path.length - a.path.length);
  return (value: string): string => {
    const mount = mounts.find(({ path }) => value === path || value.startsWith(`${path}/`));
    return mount === undefined ? value : mount.folder + value.slice(mount.path.length);
  };
}
