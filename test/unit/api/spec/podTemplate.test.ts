import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { podTemplateSchema } from '../../../../src/api/spec/podTemplate.ts';
import { wrongTemplates } from '../../../helpers/templates.ts';

for (const { title, template, field, says } of wrongTemplates) {
  test(`refused: ${title}`, () => {
    const issues = podTemplateSchema.safeParse(template).error?.issues ?? [];
    const issue = issues.find(({ path }) => path.join('.') === field);
    assert.ok(issue, `nothing about ${field} in ${JSON.stringify(issues)}`);
    assert.match(issue.message, says);
  });
}

test('what people write of pods is accepted', () => {
  const template = {
    metadata: { labels: { team: 'a' }, annotations: { 'example.com/x': 'y' } },
    spec: {
      nodeSelector: { gpu: 'h100' },
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
      priorityClassName: 'high',
      imagePullSecrets: [{ name: 'registry' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
          },
        },
      },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { a: 'b' } },
        },
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' },
      ],
      volumes: [
        { name: 'tmp', emptyDir: { sizeLimit: '20Gi' } },
        { name: 'cache', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: 1e9 } } } } } },
      ],
      containers: [
        {
          name: 'trainer',
          image: null,
          env: [
            { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 's', key: 't' } } },
            { name: 'OLD', $patch: 'delete' },
          ],
          resources: { limits: { cpu: 0.5 } },
          volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
          livenessProbe: { httpGet: { port: 'http', path: '/' }, grpc: null },
          ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }],
        },
        {
          name: 'sidecar',
          image: 'x',
          env: [{ name: 'DDR_OTHER', value: '1' }],
          volumeMounts: [{ name: 'run', mountPath: '/x' }],
        },
      ],
    },
  };
  assert.deepEqual(podTemplateSchema.parse(template), template);
});

test('empty text, which a chart leaves of a value that is not set, is as good as nothing', () => {
  const container = { name: 'trainer', imagePullPolicy: '', ports: [{ name: '', containerPort: 90 }] };
  const spec = { priorityClassName: '', dnsPolicy: '', tolerations: [{ key: 'a', operator: '', effect: '' }] };
  const template = { spec: { ...spec, containers: [container] } };
  assert.deepEqual(podTemplateSchema.parse(template), template);
});

test('whatever stands in a template, the answer is a template or a list of problems', () => {
  const field = fc.constantFrom(
    'metadata',
    'spec',
    'containers',
    'volumes',
    'env',
    'resources',
    'limits',
    '$patch',
    'x',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(field, tie('value'), { maxKeys: 3 }),
      fc.array(tie('value'), { maxLength: 2 }),
    ),
  }));
  fc.assert(fc.property(value, (template) => void podTemplateSchema.safeParse(template)));
});
