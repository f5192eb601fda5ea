import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { canonicalJson, contentHash, withoutDefaults } from '../../../src/api/hash.ts';
import { datasetSchema } from '../../../src/api/spec/dataset.ts';
import { evaluationSchema } from '../../../src/api/spec/evaluation.ts';
import { modelSchema } from '../../../src/api/spec/model.ts';
import { samplingSchema } from '../../../src/api/spec/sampling.ts';
import { trainingSchema } from '../../../src/api/spec/training.ts';
import { everything } from '../../helpers/everything.ts';
import { minimalRun } from '../../helpers/runs.ts';

test('a hash does not depend on the order of keys or on undefined', () => {
  assert.equal(contentHash({ a: 1, b: { c: 2, d: undefined } }), contentHash({ b: { c: 2 }, a: 1 }));
  assert.notEqual(contentHash([1, 2]), contentHash([2, 1]));
  assert.match(contentHash({}), /^[0-9a-f]{16}$/);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

/** A schema as a later version may have it: every object has a new field with a default, and a new block. */
function later(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault) return later(schema.def.innerType).default(schema.def.defaultValue as never);
  if (schema instanceof z.ZodPrefault) return later(schema.def.innerType).prefault(schema.def.defaultValue as never);
  if (schema instanceof z.ZodOptional) return later(schema.def.innerType).optional();
  if (schema instanceof z.ZodArray) return z.array(later(schema.element));
  if (!(schema instanceof z.ZodObject)) return schema as z.ZodType;
  const fields = Object.entries(schema.shape as z.core.$ZodShape).map(([name, field]) => [name, later(field)] as const);
  return z.strictObject({
    ...Object.fromEntries(fields),
    laterField: z.number().default(0.1),
    laterBlock: z.strictObject({ kind: z.enum(['None', 'Some']).default('None') }).prefault({}),
  });
}

const blocks = {
  dataset: datasetSchema,
  model: modelSchema,
  training: trainingSchema,
  sampling: samplingSchema,
  evaluation: evaluationSchema.optional(),
};

for (const [name, spec] of Object.entries({ everything, minimal: minimalRun().spec as Partial<typeof everything> })) {
  test(`a new field with a default moves no address: ${name}`, () => {
    for (const [block, schema] of Object.entries(blocks)) {
      const value = spec[block as keyof typeof blocks];
      const newer = later(schema);
      const [before, after] = [schema.parse(value), newer.parse(value)];
      if (before !== undefined) assert.notDeepEqual(after, before, 'the new fields are there');
      assert.deepEqual(withoutDefaults(newer, after), withoutDefaults(schema, before), block);
    }
  });
}

test('what equals its default is left out, whether it was written or filled in', () => {
  assert.equal(withoutDefaults(trainingSchema, trainingSchema.parse({})), undefined);
  assert.equal(
    withoutDefaults(trainingSchema, trainingSchema.parse({ seed: 0, optimizer: { beta1: 0.9 } })),
    undefined,
  );
  assert.deepEqual(withoutDefaults(trainingSchema, trainingSchema.parse({ seed: 1, ema: { halfLifeImages: 7 } })), {
    seed: 1,
    ema: { halfLifeImages: 7 },
  });
});

test('an optional object that is there stays though it is empty: that it is there says something', () => {
  const schema = z.strictObject({ a: z.strictObject({ b: z.int().default(1) }).optional(), c: z.int().optional() });
  assert.deepEqual(withoutDefaults(schema, schema.parse({ a: {} })), { a: {} });
  assert.deepEqual(withoutDefaults(schema, schema.parse({})), {});
});

test('a schema whose defaults cannot be seen is refused, not hashed as it is', () => {
  const union = z.union([z.strictObject({ a: z.int().default(1) }), z.string()]);
  assert.throws(() => withoutDefaults(union, { a: 1 }), /type union/);
});
