import { z } from 'zod';
import { objectName, type Rule, relativePath, relativePathIn, withRules } from '../rules.ts';
import { s3PlaceSchema } from './s3.ts';

/** A place on a PersistentVolumeClaim of the run's namespace. */
export const volumePathSchema = z
  .strictObject({
    claimName: objectName.describe("PersistentVolumeClaim in the run's namespace; mounted read-only."),
    path: relativePath.default('').describe('File or folder inside the volume; empty for its root.'),
  })
  .describe('A place on a PersistentVolumeClaim.');

const s3Schema = s3PlaceSchema
  .extend({
    path: relativePathIn('the prefix').default('').describe('File or folder below prefix; empty for all of it.'),
  })
  .describe('A place in a bucket of S3 or of a server that speaks its protocol.');

/** Files that one URL may stand for. */
const mostOfRange = 100_000;

/** First and last number of the range that a URL may have, as in {000000..000146}. */
export const rangePattern = /\{([0-9]{1,9})\.\.([0-9]{1,9})\}/;

const firstCel = "int(self.find('[{][0-9]+').substring(1))";
const lastCel = "int(self.find('[.][.][0-9]+[}]').substring(2).split('}')[0])";

const url = withRules(
  z
    .string()
    .max(2048)
    .regex(
      /^https?:\/\/[^/?#@{}\s]+\/[^#{}\s]*(\{[0-9]{1,9}\.\.[0-9]{1,9}\}[^#{}\s]*)?$/,
      'must be an http or https URL of a file, without a user or password, with one range such as {000000..000146} at most',
    ),
  [
    {
      cel: `!self.matches('[{][0-9]{1,9}[.][.][0-9]{1,9}[}]') || (${firstCel} <= ${lastCel} && ${lastCel} - ${firstCel} < ${mostOfRange})`,
      message: `must have a range from a smaller number to a larger, of ${mostOfRange} at most`,
      check: (text) => {
        const [, first, last] = rangePattern.exec(text) ?? [];
        const size = Number(last) - Number(first);
        return first === undefined || (size >= 0 && size < mostOfRange);
      },
    },
  ],
);

const httpSchema = z
  .strictObject({
    urls: z
      .array(url)
      .min(1)
      .max(256)
      .describe(
        'Files that anybody may read, or anybody in the cluster. {000000..000146} in one stands for all numbers from the first to the last, with as many digits. Each is known by what of its path comes after the last folder that is common to all.',
      ),
    path: relativePathIn('the files')
      .default('')
      .describe('The file of the images among several, or a folder of them; empty for all of them.'),
  })
  .describe('Files of an http or https server.');

type Kind = 'volume' | 's3' | 'http';

const oneOf: Rule<Partial<Record<Kind, unknown>>> = {
  cel: '[has(self.volume), has(self.s3), has(self.http)].filter(there, there).size() == 1',
  message: 'source needs exactly one of volume, s3 and http',
  check: ({ volume, s3, http }) => [volume, s3, http].filter((place) => place !== undefined).length === 1,
};

export const sourceSchema = withRules(
  z
    .strictObject({
      volume: volumePathSchema.optional(),
      s3: s3Schema.optional(),
      http: httpSchema.optional(),
    })
    .describe('Where the images are: exactly one of these.'),
  [oneOf],
);

export type Source = z.output<typeof sourceSchema>;
export type S3Source = z.output<typeof s3Schema>;
export type HttpSource = z.output<typeof httpSchema>;

/** File or folder of the images, below claim, prefix or among the files of the URLs. */
export const pathOfSource = ({ volume, s3, http }: Source): string => (volume ?? s3 ?? http)?.path ?? '';
