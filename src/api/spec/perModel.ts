import { z } from 'zod';
import { wholeQuantity } from '../quantity.ts';
import { withRules } from '../rules.ts';

/** An empty name is one too: it asks for a volume of no class, which somebody has made for this claim. */
export const storageClassName = z
  .string()
  .max(253)
  .regex(
    /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/,
    'must be empty or the name of a storage class: lower case letters, digits, - and .',
  );

export const perModelSchema = withRules(
  z
    .strictObject({
      size: wholeQuantity.describe(
        "Size of each model's claim: the prepared data, checkpoints.keep + 1 checkpoints (five times the weights each) and the trained weights.",
      ),
      storageClassName: storageClassName
        .optional()
        .describe(
          "Storage class of all claims; the cluster's default where left out. Empty for volumes of no class, which are bound and not made. One that binds at the first consumer puts each volume where its pod runs; where volumes belong to zones, keep the pods in one zone, so that one node can mount the claims of a wave.",
        ),
      bundle: z
        .strictObject({
          size: wholeQuantity
            .optional()
            .describe(
              "Size of the claim: the prepared data, the trained weights of all models twice, samples and report; that of a model's claim where left out.",
            ),
        })
        .prefault({})
        .describe(
          "The run's own claim, <name of the run>-checkpoints, for records of the data, collected models, bundle, samples and report. Its pods come one after the other.",
        ),
      whenBundled: z
        .enum(['Retain', 'Delete'])
        .default('Retain')
        .describe(
          'What becomes of the claims of models once the bundle that has them is published; those of models that the spec no longer asks for count among them. Before that none is deleted. Delete gives the volumes back, and with them what a changed spec, or the next run of this name, would have gone on from; the operator needs the right to delete claims (rbac.deleteClaims of its chart).',
        ),
      whenDeleted: z
        .enum(['Retain', 'Delete'])
        .default('Retain')
        .describe(
          'What becomes of the claims when the run is deleted. Those that are retained are taken up, as they are, by the next run of this name, which trains only what is missing.',
        ),
    })
    .describe(
      'A ReadWriteOnce claim for each model, made with its Job and mounted by its pod alone, and one for what all models become: for clusters without shared file systems. Each training pod prepares the data anew on its claim, so dataset.source has to be readable on several nodes at once.',
    ),
  [
    {
      cel: 'has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)',
      message: 'storageClassName is that of the claims as they were created; make a new run instead',
      path: ['storageClassName'],
    },
    {
      cel: 'self.size == oldSelf.size',
      message:
        'size is that of the claims as they were created, and cannot change with the run; for more space expand the claims themselves, where their storage class allows it',
      path: ['size'],
    },
    {
      cel: 'has(self.bundle.size) == has(oldSelf.bundle.size) && (!has(self.bundle.size) || self.bundle.size == oldSelf.bundle.size)',
      message:
        'bundle.size is that of the claim as it was created, and cannot change with the run; for more space expand the claim itself, <name of the run>-checkpoints',
      path: ['bundle', 'size'],
    },
  ],
);

export type PerModel = z.output<typeof perModelSchema>;
