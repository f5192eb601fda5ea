import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { unconditioned } from '../../../../src/trainer/model/conditioning.ts';
import {
  groupParameters,
  groupVectors,
  type NamedValues,
  parametersOf,
} from '../../../../src/trainer/model/parameterGroups.ts';
import type { ParameterSpec } from '../../../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../../../src/trainer/model/unet.ts';
import { smallUnet } from '../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const limits = { parameter: 4, group: 10 };
const specsOf = (sizes: readonly number[]): ParameterSpec[] =>
  sizes.map((size, i) => ({ name: `p${i}`, shape: [size], initial: { kind: 'zeros' } }));
const specs = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 }).map(specsOf);
const valuesOf = (parameters: readonly ParameterSpec[]) =>
  parameters.map(({ name, shape }, i) => ({ name, values: new Float32Array(shape[0] as number).fill(i) }));

test('the groups of a small network are one: its optimizer is a few ops', () => {
  const [group, ...others] = groupParameters(parameterSpecs(smallUnet, unconditioned));
  assert.deepEqual([group?.specs.length, others], [parameterSpecs(smallUnet, unconditioned).length, []]);
});

test('groups are all parameters in their order; a shared vector is bounded, and a large parameter has its own', () => {
  fc.assert(
    fc.property(specs, (all) => {
      const groups = groupParameters(all, limits);
      assert.deepEqual(
        groups.flatMap((group) => group.specs),
        all,
      );
      assert.equal(new Set(groups.map(({ name }) => name)).size, groups.length);
      for (const { specs: own, size } of groups) {
        const sizes = own.map(({ shape }) => shape[0] as number);
        assert.equal(
          size,
          sizes.reduce((sum, each) => sum + each, 0),
        );
        if (own.length > 1) assert.ok(size <= limits.group && Math.max(...sizes) <= limits.parameter);
      }
    }),
  );
});

test('vectors of groups are their parameters, in whatever order those come', async () => {
  const shuffled = specs.chain((all) =>
    fc.record({ all: fc.constant(all), order: fc.shuffledSubarray(valuesOf(all), { minLength: all.length }) }),
  );
  await fc.assert(
    fc.asyncProperty(shuffled, async ({ all, order }) => {
      const groups = groupParameters(all, limits);
      const vectors = new Map<object, number[]>();
      for await (const [group, vector] of groupVectors(groups, order)) vectors.set(group, [...vector]);
      const expected = valuesOf(all).flatMap(({ values }) => [...values]);
      assert.deepEqual(
        groups.flatMap((group) => vectors.get(group) ?? []),
        expected,
      );
    }),
  );
});

test('a parameter that is missing, comes twice, is unknown or of another size is named', async () => {
  const all = specsOf([2, 3]);
  const values = valuesOf(all);
  const [first] = values as [NamedValues];
  const gather = async (parameters: NamedValues[]) => {
    for await (const _ of groupVectors(groupParameters(all), parameters));
  };
  await gather(values);
  await assert.rejects(gather([first]), /p1 is missing/);
  await assert.rejects(gather([first, first]), /p0 is none, comes twice/);
  await assert.rejects(gather([{ name: 'other', values: new Float32Array(2) }]), /other is none/);
  await assert.rejects(gather([{ name: 'p1', values: new Float32Array(2) }]), /p1 is none/);
});

test('parameters are taken out of their vectors by name', () => {
  tf.tidy(() => {
    const all: ParameterSpec[] = [
      { name: 'a', shape: [2, 2], initial: { kind: 'zeros' } },
      { name: 'b', shape: [1], initial: { kind: 'zeros' } },
      { name: 'c', shape: [5], initial: { kind: 'zeros' } },
    ];
    const groups = groupParameters(all, limits);
    const parameter = parametersOf(tf, groups, [tf.tensor1d([1, 2, 3, 4, 5]), tf.tensor1d([6, 7, 8, 9, 10])]);
    assert.deepEqual(parameter('a').arraySync(), [
      [1, 2],
      [3, 4],
    ]);
    assert.deepEqual(parameter('b').arraySync(), [5]);
    assert.deepEqual(parameter('c').arraySync(), [6, 7, 8, 9, 10]);
    assert.throws(() => parameter('d'), /no parameter d/);
  });
});
