import { z } from 'zod';
import { wholeQuantity } from '../quantity.ts';
import { asSet, integer, objectName, withRules } from '../rules.ts';
import { perModelSchema, storageClassName } from './perModel.ts';
import { s3PlaceSchema } from './s3.ts';

/** Not a default of the schema: it would also be written beside claimName, where it says nothing. */
export const defaultAccessModes = ['ReadWriteMany'] as const;

/** As StatefulSets have it, and like the access modes no default of the schema. */
export const defaultWhenDeleted = 'Retain';

const shared = withRules(
  z
    .strictObject({
      size: wholeQuantity
        .optional()
        .describe('Size of a claim that the run creates, <name of the run>-checkpoints, unless it has one of before.'),
      storageClassName: storageClassName
        .optional()
        .describe(
          "Storage class of the created claim; the cluster's default where left out. Empty for a volume of no class, which is bound and not made.",
        ),
      accessModes: asSet(
        z
          .array(z.enum(['ReadWriteMany', 'ReadWriteOnce']))
          .min(1)
          .max(2),
      )
        .optional()
        .describe(
          'Access modes of the created claim; [ReadWriteMany] where left out. With ReadWriteOnce alone all pods of the run have to share a node: choose it in execution.podTemplate.',
        ),
      whenDeleted: z
        .enum(['Retain', 'Delete'])
        .optional()
        .describe(
          'What becomes of the created claim when the run is deleted; Retain where left out. One that is retained is taken up, as it is, by the next run of this name, which trains only what is missing.',
        ),
      claimName: objectName
        .optional()
        .describe(
          'An existing claim, ReadWriteMany where pods run on several nodes, to use instead; it stays when the run is deleted.',
        ),
    })
    .describe('One claim for all pods of the run.'),
  [
    {
      cel: 'has(self.size) != has(self.claimName)',
      message: 'shared needs either size, for a claim that the run creates, or claimName, for an existing one',
      check: (s) => (s.size === undefined) !== (s.claimName === undefined),
    },
    {
      cel: '!has(self.storageClassName) || has(self.size)',
      message: 'storageClassName goes with size; an existing claim has its class already',
      path: ['storageClassName'],
      check: (s) => s.storageClassName === undefined || s.size !== undefined,
    },
    {
      cel: '!has(self.accessModes) || has(self.size)',
      message: 'accessModes goes with size; an existing claim has its modes already',
      path: ['accessModes'],
      check: (s) => s.accessModes === undefined || s.size !== undefined,
    },
    {
      cel: '!has(self.whenDeleted) || has(self.size)',
      message: 'whenDeleted goes with size; an existing claim is never deleted',
      path: ['whenDeleted'],
      check: (s) => s.whenDeleted === undefined || s.size !== undefined,
    },
    {
      cel: 'has(self.size) == has(oldSelf.size) && (!has(self.claimName) || !has(oldSelf.claimName) || self.claimName == oldSelf.claimName) && has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)',
      message:
        'checkpoints.volume.shared cannot move to another claim or class while the run exists, because its checkpoints are there; make a new run instead',
    },
    {
      cel: "(has(self.accessModes) ? self.accessModes : ['ReadWriteMany']) == (has(oldSelf.accessModes) ? oldSelf.accessModes : ['ReadWriteMany'])",
      message:
        'accessModes are those of the claim as it was created, and cannot change while the run exists; make a new run instead',
      path: ['accessModes'],
    },
    {
      cel: '!has(self.size) || !has(oldSelf.size) || self.size == oldSelf.size',
      message:
        'size is that of the claim as it was created, and cannot change with the run; for more space expand the claim itself, <name of the run>-checkpoints, where its storage class allows it',
      path: ['size'],
    },
  ],
);

const volume = withRules(
  z
    .strictObject({ shared: shared.optional(), perModel: perModelSchema.optional() })
    .describe('Where checkpoints, bundle, samples and report are written: exactly one of shared and perModel.'),
  [
    {
      cel: 'has(self.shared) != has(self.perModel)',
      message: 'volume needs exactly one of shared, a claim for all pods, and perModel, a claim for each model',
      check: (v) => (v.shared === undefined) !== (v.perModel === undefined),
    },
    {
      cel: 'has(self.perModel) == has(oldSelf.perModel)',
      message:
        'checkpoints.volume cannot change between shared and perModel while the run exists, because its checkpoints are there; make a new run instead',
    },
  ],
);

const objectStore = withRules(
  s3PlaceSchema.describe(
    'A bucket instead of a volume: checkpoints, bundle, samples and report are written below its prefix. Its server must honour conditional writes.',
  ),
  [
    {
      cel: 'self.bucket == oldSelf.bucket && self.prefix == oldSelf.prefix && has(self.endpoint) == has(oldSelf.endpoint) && (!has(self.endpoint) || self.endpoint == oldSelf.endpoint)',
      message:
        'checkpoints.objectStore cannot move to another endpoint, bucket or prefix while the run exists, because its checkpoints are there; make a new run instead',
    },
  ],
);

const fields = z
  .strictObject({
    volume: volume.optional(),
    objectStore: objectStore.optional(),
    everyImages: integer(1).default(20_000).describe('Images between two checkpoints of a model.'),
    keep: integer(1, 100).default(2).describe('Checkpoints of a model that are kept; older ones are deleted.'),
  })
  .describe('Where, exactly one of volume and objectStore, and how often state is saved.');

export const checkpointsSchema = withRules(fields, [
  {
    cel: 'has(self.volume) != has(self.objectStore)',
    message: 'checkpoints needs exactly one of volume and objectStore',
    check: ({ volume, objectStore }) => (volume === undefined) !== (objectStore === undefined),
  },
  {
    cel: 'has(self.volume) == has(oldSelf.volume)',
    message:
      'checkpoints cannot move between a volume and an object store while the run exists; make a new run instead',
  },
]);

export type Checkpoints = z.output<typeof checkpointsSchema>;
