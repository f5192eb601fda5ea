import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import fc from 'fast-check';
import { listKeys, unionMembers } from '../../../../src/api/mergeKeys.ts';
import { isObject } from '../../../../src/api/objects.ts';
import type { PodTemplate } from '../../../../src/api/spec/podTemplate.ts';
import { mergePodTemplates } from '../../../../src/operator/plan/podTemplate.ts';

const base = (fields: object): V1PodTemplateSpec => ({ spec: { containers: [{ name: 'trainer', ...fields }] } });
const patch = (fields: object): PodTemplate => ({ spec: { containers: [{ name: 'trainer', ...fields }] } });
const trainerOf = (template: V1PodTemplateSpec) => template.spec?.containers[0];

test('one handler of a probe replaces another, and what is beside it stays', () => {
  const probe = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 30 };
  const merged = mergePodTemplates(
    base({ livenessProbe: probe }),
    patch({ livenessProbe: { exec: { command: ['true'] }, timeoutSeconds: 5 } }),
  );
  assert.deepEqual(trainerOf(merged)?.livenessProbe, {
    exec: { command: ['true'] },
    periodSeconds: 30,
    timeoutSeconds: 5,
  });
});

test('the same handler is merged field by field', () => {
  const merged = mergePodTemplates(
    base({ livenessProbe: { httpGet: { path: '/healthz', port: 'http' } } }),
    patch({ livenessProbe: { httpGet: { port: 9090 } } }),
  );
  assert.deepEqual(trainerOf(merged)?.livenessProbe, { httpGet: { path: '/healthz', port: 9090 } });
});

test('valueFrom replaces value, and one source of a variable or volume another', () => {
  const secret = { secretKeyRef: { name: 's', key: 't' } };
  const merged = mergePodTemplates(
    base({
      env: [
        { name: 'TOKEN', value: 'none' },
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
    }),
    patch({
      env: [
        { name: 'TOKEN', valueFrom: secret },
        { name: 'A', valueFrom: secret },
      ],
    }),
  );
  assert.deepEqual(trainerOf(merged)?.env, [
    { name: 'TOKEN', valueFrom: secret },
    { name: 'A', valueFrom: secret },
  ]);
  const volumes = mergePodTemplates(
    { spec: { containers: [], volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '2Gi' } }] } },
    { spec: { volumes: [{ name: 'tmp', ephemeral: { volumeClaimTemplate: {} } }] } },
  );
  assert.deepEqual(volumes.spec?.volumes, [{ name: 'tmp', ephemeral: { volumeClaimTemplate: {} } }]);
});

test('a profile that is no longer Localhost loses its path', () => {
  const merged = mergePodTemplates(
    base({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'x.json' } } }),
    patch({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }),
  );
  assert.deepEqual(trainerOf(merged)?.securityContext?.seccompProfile, { type: 'RuntimeDefault' });
});

test('ports of the same number and protocol are one, of another protocol two', () => {
  const merged = mergePodTemplates(
    base({ ports: [{ containerPort: 80, protocol: 'TCP' }] }),
    patch({
      ports: [
        { containerPort: 80, name: 'web' },
        { containerPort: 80, protocol: 'UDP' },
      ],
    }),
  );
  assert.deepEqual(trainerOf(merged)?.ports, [
    { containerPort: 80, protocol: 'TCP', name: 'web' },
    { containerPort: 80, protocol: 'UDP' },
  ]);
});

test('constraints of the same topology that are met otherwise are two; tolerations are added', () => {
  const constraint = { maxSkew: 1, topologyKey: 'zone' };
  const merged = mergePodTemplates(
    {
      spec: {
        containers: [],
        topologySpreadConstraints: [{ ...constraint, whenUnsatisfiable: 'DoNotSchedule' }],
        tolerations: [{ key: 'gpu' }],
      },
    },
    {
      spec: {
        topologySpreadConstraints: [
          { ...constraint, whenUnsatisfiable: 'ScheduleAnyway' },
          { maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
        ],
        tolerations: [{ key: 'spot' }],
      },
    },
  );
  assert.deepEqual(
    merged.spec?.topologySpreadConstraints?.map(({ maxSkew, whenUnsatisfiable }) => [maxSkew, whenUnsatisfiable]),
    [
      [2, 'DoNotSchedule'],
      [1, 'ScheduleAnyway'],
    ],
  );
  assert.deepEqual(merged.spec?.tolerations, [{ key: 'gpu' }, { key: 'spot' }]);
});

test('null removes a field; $patch removes an entry, or replaces a map or list', () => {
  const merged = mergePodTemplates(
    {
      spec: {
        containers: [
          {
            name: 'trainer',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
            args: ['train'],
          },
        ],
        nodeSelector: { gpu: 'a', zone: 'b' },
        securityContext: { fsGroup: 1000, runAsUser: 1000 },
        tolerations: [{ key: 'gpu' }],
      },
    },
    {
      spec: {
        containers: [{ name: 'trainer', env: [{ name: 'A', $patch: 'delete' }] }],
        nodeSelector: { $patch: 'replace', gpu: 'c' },
        securityContext: { fsGroup: null },
        tolerations: [{ $patch: 'replace' }, { key: 'spot' }],
      },
    },
  );
  assert.deepEqual(merged.spec, {
    containers: [{ name: 'trainer', env: [{ name: 'B', value: '2' }], args: ['train'] }],
    nodeSelector: { gpu: 'c' },
    securityContext: { runAsUser: 1000 },
    tolerations: [{ key: 'spot' }],
  });
});

/** Templates of fields, lists and unions; each value of a union has one member. */
const member = (...names: string[]) => fc.constantFrom(...names).map((name) => ({ [name]: {} }));
const name = fc.constantFrom('a', 'b', 'c');
const named = (fields: fc.Arbitrary<object>) =>
  fc
    .uniqueArray(fc.tuple(name, fields), { maxLength: 3, selector: ([key]) => key })
    .map((list) => list.map(([key, inner]) => ({ name: key, ...inner })));
const variable = fc.oneof(
  fc.record({ value: fc.constantFrom('1', '2') }),
  fc.constant({ valueFrom: { fieldRef: {} } }),
);
const container = fc.record(
  {
    env: named(variable),
    args: fc.array(name, { maxLength: 2 }),
    livenessProbe: member('exec', 'httpGet', 'grpc'),
    resources: fc.record({ limits: fc.dictionary(name, fc.constantFrom('1', '2'), { maxKeys: 2 }) }),
  },
  { requiredKeys: [] },
);
const template = fc
  .record(
    {
      metadata: fc.record({ labels: fc.dictionary(name, name, { maxKeys: 2 }) }),
      spec: fc.record(
        {
          containers: named(container),
          volumes: named(member('emptyDir', 'configMap', 'secret')),
          tolerations: fc.array(fc.record({ key: name }), { maxLength: 2 }),
          nodeSelector: fc.dictionary(name, name, { maxKeys: 2 }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  .map((value) => structuredClone(value)) as fc.Arbitrary<V1PodTemplateSpec & PodTemplate>;

test('a template that says nothing changes nothing, and over nothing a template is itself', () => {
  fc.assert(
    fc.property(template, (one) => {
      assert.deepEqual(mergePodTemplates(one, {}), one);
      assert.deepEqual(mergePodTemplates({}, one), one);
      assert.deepEqual(mergePodTemplates(one, undefined), one);
    }),
  );
});

test('merging is associative where nothing is removed', () => {
  fc.assert(
    fc.property(template, template, template, (a, b, c) => {
      const right = mergePodTemplates(b, c) as typeof b;
      assert.deepEqual(mergePodTemplates(a, b, c), mergePodTemplates(a, right));
    }),
  );
});

/** Every object below a value, with the field that it stands in. */
function* objects(value: unknown, field: string): Generator<[string, Record<string, unknown>]> {
  if (Array.isArray(value)) for (const entry of value) yield* objects(entry, field);
  if (!isObject(value)) return;
  yield [field, value];
  for (const [inner, part] of Object.entries(value)) yield* objects(part, inner);
}

test('whatever is merged, no union has two members and no keyed list an entry twice', () => {
  fc.assert(
    fc.property(template, fc.array(template, { maxLength: 3 }), (first, rest) => {
      for (const [field, value] of objects(mergePodTemplates(first, ...rest), '')) {
        assert.ok(unionMembers(field, value).length <= 1, JSON.stringify(value));
        for (const [list, entries] of Object.entries(value))
          if (listKeys[list] !== undefined && Array.isArray(entries))
            assert.equal(new Set(entries.map(({ name }: { name: string }) => name)).size, entries.length);
      }
    }),
  );
});

test('what is merged stays as it was', () => {
  fc.assert(
    fc.property(template, template, (a, b) => {
      const before = structuredClone([a, b]);
      mergePodTemplates(a, b);
      assert.deepEqual([a, b], before);
    }),
  );
});

test('null for what a pod cannot be without means absent: a list whose entries are commented out takes nothing away', () => {
  const whole = base({ image: 'x', args: ['train'], env: [{ name: 'A' }], volumeMounts: [], ports: [] });
  const nulls = { image: null, args: null, env: null, volumeMounts: null, ports: null };
  assert.deepEqual(mergePodTemplates(whole, patch(nulls)), whole);
  for (const spec of [null, { containers: null, volumes: null, restartPolicy: null }])
    assert.deepEqual(mergePodTemplates(whole, { spec } as unknown as PodTemplate), whole);
});
