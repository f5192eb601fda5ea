import { z } from 'zod';
import { group, labels } from '../names.ts';
import { labelKey, labelKeyPattern, labelValue, withRules } from '../rules.ts';
import { isOwnKey } from './ownNames.ts';

const label = z
  .string()
  .max(63)
  .regex(labelValue, 'must be at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit');

const keyed = <V extends z.ZodType<string, string>>(value: V) =>
  withRules(z.record(z.string().max(317), value).meta({ maxProperties: 64 }), [
    {
      cel: `self.all(key, key.matches('${labelKeyPattern}'))`,
      message: 'keys must be names such as team or example.com/team',
      check: (map) => Object.keys(map).every((key) => labelKey.test(key)),
    },
    {
      cel: `!self.exists(key, key.startsWith('${group}/') || key == '${labels.managedBy}')`,
      message: `keys that begin with ${group}/, and ${labels.managedBy}, are set by the operator; leave them out`,
      check: (map) => !Object.keys(map).some(isOwnKey),
    },
  ]);

/** Labels and annotations of Jobs, for those who admit or count Jobs and not pods: Kueue's priority class, say. */
export const jobTemplateSchema = z
  .strictObject({
    metadata: z
      .strictObject({
        labels: keyed(label).optional().describe('Labels of every Job.'),
        annotations: keyed(z.string().max(65_536)).optional().describe('Annotations of every Job.'),
      })
      .optional()
      .describe('Metadata of every Job; keys that the operator sets itself are refused.'),
  })
  .describe('What every Job carries besides.');
