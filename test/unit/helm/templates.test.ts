import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { dump } from 'js-yaml';
import type { KubeObject } from '../../../src/operator/kube/client.ts';
import { chart, noHelm, parentChart, render, renderText, twiceInOne, valueSets } from '../../helpers/chart.ts';
import { runOf, Simulation } from '../../helpers/simulation.ts';

interface Container {
  image: string;
  env: { name: string; value?: string }[];
  envFrom?: object[];
  volumeMounts?: object[];
  livenessProbe: object;
}
interface Deployment extends KubeObject {
  spec: {
    strategy?: object;
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        serviceAccountName: string;
        imagePullSecrets?: { name: string }[];
        securityContext?: Record<string, unknown>;
        topologySpreadConstraints?: { topologyKey: string; labelSelector: { matchLabels: object } }[];
        volumes?: object[];
        containers: [Container];
      };
    };
  };
}

const deployments = (objects: KubeObject[]) => objects.filter(({ kind }) => kind === 'Deployment') as Deployment[];

function deploymentOf(values: object): Deployment {
  const [deployment] = deployments(render({ values }));
  assert.ok(deployment !== undefined);
  return deployment;
}

const podOf = (values: object) => deploymentOf(values).spec.template.spec;
const variable = ({ env }: Container, name: string) => env.find((entry) => entry.name === name)?.value;

/** Every object by kind, namespace and name. */
const identities = (objects: KubeObject[]) =>
  objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name].filter(Boolean).join(' '));

const repeated = (texts: string[]) => texts.filter((text, i) => texts.indexOf(text) !== i);

const refusal = (values: object): string => {
  try {
    renderText({ values });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test('the templates of the chart', { skip: noHelm }, async (t) => {
  for (const [title, rendering] of Object.entries(valueSets)) {
    await t.test(`render and pass helm lint: ${title}`, () => {
      const objects = render(rendering);
      assert.deepEqual(repeated(identities(objects)), []);
      const { status, stdout } = spawnSync('helm', ['lint', '--strict', chart, '--values', '-'], {
        input: dump(rendering.values ?? {}),
        encoding: 'utf8',
      });
      assert.equal(status, 0, stdout);
    });
  }

  await t.test('names and selectors stay: a selector cannot change, and an upgrade must find what it upgrades', () => {
    const objects = render();
    assert.deepEqual(identities(objects).sort(), [
      'ClusterRole ddr-operator',
      'ClusterRole ddr-operator-runs-edit',
      'ClusterRole ddr-operator-runs-view',
      'ClusterRoleBinding ddr-operator',
      'CustomResourceDefinition disentangleddiffusionruns.tspace.dev',
      'Deployment system ddr-operator',
      'NetworkPolicy system ddr-operator',
      'Pod system ddr-operator-test',
      'PodDisruptionBudget system ddr-operator',
      'Role system ddr-operator-lease',
      'RoleBinding system ddr-operator-lease',
      'Service system ddr-operator',
      'ServiceAccount system ddr-operator',
    ]);
    const selector = {
      'app.kubernetes.io/name': 'disentangled-diffusion',
      'app.kubernetes.io/component': 'operator',
      'app.kubernetes.io/instance': 'ddr',
    };
    assert.deepEqual(deploymentOf({}).spec.selector.matchLabels, selector);
    const service = objects.find(({ kind }) => kind === 'Service') as KubeObject & { spec: { selector: object } };
    assert.deepEqual(service.spec.selector, selector);
  });

  await t.test('whatever labels are added, the Deployment finds its pods', () => {
    for (const { values = {} } of Object.values(valueSets)) {
      const { selector, template } = deploymentOf(values).spec;
      for (const [name, value] of Object.entries(selector.matchLabels))
        assert.equal(template.metadata.labels[name], value);
    }
    const { labels } = deploymentOf(valueSets['everything set']?.values ?? {}).spec.template.metadata;
    assert.deepEqual([labels.team, labels['cost-centre']], ['vision', 'a']);
  });

  await t.test('a digest wins over a tag, and global.imageRegistry over a registry', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const images = (values: object) => {
      const [container] = podOf(values).containers;
      return [container.image, variable(container, 'DDR_TRAINER_IMAGE')];
    };
    const both = (image: object, more: object = {}) => images({ operator: { image }, trainer: { image }, ...more });
    assert.deepEqual(images({}), ['ddr/operator:0.2.0', 'ddr/trainer:0.2.0']);
    assert.deepEqual(both({ repository: 'r/a', tag: 'b' }), ['r/a:b', 'r/a:b']);
    assert.deepEqual(both({ repository: 'a', tag: 'b', digest }), [`a@${digest}`, `a@${digest}`]);
    assert.deepEqual(both({ registry: 'own:5000/', repository: 'a' }), ['own:5000/a:0.2.0', 'own:5000/a:0.2.0']);
    assert.deepEqual(both({ registry: 'own', repository: 'a', digest }, { global: { imageRegistry: 'all' } }), [
      `all/a@${digest}`,
      `all/a@${digest}`,
    ]);
  });

  await t.test('pull secrets go to the operator and, as a setting, to trainer pods, each once', () => {
    const pod = podOf(valueSets['everything set']?.values ?? {});
    assert.deepEqual(
      pod.imagePullSecrets?.map(({ name }) => name),
      ['global', 'shared', 'own'],
    );
    assert.equal(variable(pod.containers[0], 'DDR_IMAGE_PULL_SECRETS'), 'global,shared,own,trainer');
    const bare = podOf({});
    assert.equal(bare.imagePullSecrets, undefined);
    assert.equal(variable(bare.containers[0], 'DDR_IMAGE_PULL_SECRETS'), undefined);
  });

  await t.test('variables of users come after ours and replace those of the same name', () => {
    const [{ env, envFrom, volumeMounts }] = podOf(valueSets['everything set']?.values ?? {}).containers;
    assert.deepEqual(repeated(env.map(({ name }) => name)), []);
    assert.deepEqual(
      env.slice(-3).map(({ name, value }) => [name, value]),
      [
        ['HTTPS_PROXY', 'http://proxy:3128'],
        ['DDR_WORKERS', '6'],
        ['NODE', undefined],
      ],
    );
    assert.deepEqual([envFrom?.length, volumeMounts?.length], [1, 1]);
  });

  await t.test('security contexts, probes, spread and strategy are merged with the defaults', () => {
    const { strategy, template } = deploymentOf(valueSets['everything set']?.values ?? {}).spec;
    assert.deepEqual(strategy, { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 1 } });
    assert.deepEqual(template.spec.securityContext, {
      fsGroup: 2000,
      runAsGroup: 1000,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.deepEqual(template.spec.containers[0].livenessProbe, {
      httpGet: { path: '/healthz', port: 'http' },
      initialDelaySeconds: 5,
      periodSeconds: 10,
      timeoutSeconds: 5,
    });
    const spread = template.spec.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector.matchLabels);
    assert.deepEqual(spread?.[0], deploymentOf(valueSets['everything set']?.values ?? {}).spec.selector.matchLabels);
    assert.deepEqual(spread?.[1], { a: 'b' });
    const recreated = deploymentOf({ operator: { deploymentStrategy: { type: 'Recreate' } } });
    assert.deepEqual(recreated.spec.strategy, { type: 'Recreate' });
  });

  await t.test('with watchNamespace the operator has rights in that namespace and nowhere else', () => {
    const objects = render({ values: { watchNamespace: '{{ .Release.Namespace }}-runs' }, namespace: 'team' });
    const roles = identities(objects).filter((identity) => /^(Cluster)?Role(Binding)? /.test(identity));
    assert.deepEqual(roles.sort(), [
      'ClusterRole team:ddr-operator-runs-edit',
      'ClusterRole team:ddr-operator-runs-view',
      'Role team ddr-operator-lease',
      'Role team-runs ddr-operator',
      'RoleBinding team ddr-operator-lease',
      'RoleBinding team-runs ddr-operator',
    ]);
    const [deployment] = deployments(objects);
    assert.equal(
      variable(deployment?.spec.template.spec.containers[0] as Container, 'DDR_WATCH_NAMESPACE'),
      'team-runs',
    );
  });

  await t.test('two releases have nothing in common but the CRD', () => {
    const values = { watchNamespace: '{{ .Release.Namespace }}' };
    const pairs = [
      [render({ values, namespace: 'a' }), render({ values, namespace: 'b' })],
      [render({ values: { watchNamespace: 'a' } }), render({ values: { watchNamespace: 'b' }, release: 'other' })],
    ];
    for (const [first = [], second = []] of pairs) {
      const all = [...identities(first), ...identities(second)];
      assert.deepEqual(repeated(all), ['CustomResourceDefinition disentangleddiffusionruns.tspace.dev']);
    }
    const leases = pairs[1]?.map((objects) =>
      variable(deployments(objects)[0]?.spec.template.spec.containers[0] as Container, 'DDR_LEASE_NAME'),
    );
    assert.deepEqual(leases, ['ddr-operator', 'other-operator']);
  });

  await t.test('a parent chart switches it on and off by a condition', () => {
    const folder = parentChart('disentangled-diffusion');
    const on = render({ folder, values: { 'disentangled-diffusion': { enabled: true } } });
    assert.deepEqual(identities(on), identities(render()));
    assert.deepEqual(render({ folder, values: { 'disentangled-diffusion': { enabled: false } } }), []);
  });

  await t.test('a parent chart may have it twice, under aliases, with global values and values of its own', () => {
    const objects = render({ folder: parentChart('first', 'second'), values: twiceInOne, release: 'all' });
    assert.deepEqual(repeated(identities(objects)), []);
    const [first, second] = deployments(objects);
    assert.deepEqual([first?.metadata.name, second?.metadata.name], ['all-first', 'all-second']);
    assert.notDeepEqual(first?.spec.selector, second?.spec.selector);
    for (const { spec } of [first, second] as Deployment[]) {
      assert.equal(spec.template.spec.containers[0].image, 'registry.example/ddr/operator:0.2.0');
      assert.deepEqual(spec.template.spec.imagePullSecrets, [{ name: 'global' }, { name: 'shared' }]);
    }
  });

  await t.test('a typing error in values is refused and named', () => {
    assert.match(refusal({ opertor: {} }), /opertor/);
    assert.match(refusal({ operator: { replcias: 1 } }), /replcias/);
    assert.match(refusal({ operator: { image: { digest: 'latest' } } }), /digest/);
    assert.match(refusal({ operator: { livenessProbe: { exec: {} } } }), /exec/);
    assert.match(refusal({ operator: { env: [{ name: 'A', value: true }] } }), /env\/0\/value/);
    assert.match(refusal({ imagePullSecrets: [{ nmae: 'a' }] }), /imagePullSecrets\/0/);
    assert.match(refusal({ rbac: { crate: true } }), /crate/);
    const folder = parentChart('ddr');
    assert.throws(() => render({ folder, values: { ddr: { operator: { replcias: 1 } } } }), /replcias/);
  });

  await t.test('values of an earlier chart alone are refused, with the way to keep them', () => {
    assert.match(refusal({ rbac: null, service: null }), /--reset-then-reuse-values/);
  });

  await t.test('pods of runs can be shut off: the operator alone reaches them, and they reach what is listed', () => {
    interface Policy extends KubeObject {
      spec: {
        podSelector: { matchLabels: Record<string, string> };
        policyTypes: string[];
        ingress: { from: [{ namespaceSelector: object; podSelector: object }]; ports: object[] }[];
        egress: object[];
      };
    }
    const policies = (values: object) =>
      render({ values }).filter(({ metadata }) => metadata.name === 'ddr-operator-trainers') as Policy[];
    const trainers = (more: object = {}) => ({ networkPolicy: { trainers: { enabled: true, ...more } } });
    assert.deepEqual(policies({}), []);
    assert.match(refusal(trainers()), /list those of the runs in networkPolicy\.trainers\.namespaces/);

    const [policy, ...others] = policies({ watchNamespace: 'team-a', ...trainers({ namespaces: ['ignored'] }) });
    assert.deepEqual([policy?.metadata.namespace, others.length], ['team-a', 0]);
    assert.deepEqual(policy?.spec.policyTypes, ['Ingress', 'Egress']);
    assert.deepEqual(policy.spec.egress, []);
    const { selector } = deploymentOf({}).spec;
    assert.deepEqual(policy.spec.ingress, [
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'system' } },
            podSelector: { matchLabels: selector.matchLabels },
          },
        ],
        ports: [{ port: 8080, protocol: 'TCP' }],
      },
    ]);

    const simulation = new Simulation(runOf());
    simulation.prepare();
    for (const job of simulation.working())
      for (const [name, value] of Object.entries(policy.spec.podSelector.matchLabels))
        assert.equal(job.labels[name], value, 'the policy does not select this pod');

    const egress = [{ ports: [{ port: 443, protocol: 'TCP' }] }];
    const several = policies(trainers({ namespaces: ['a', 'b', 'a'], egress, extraIngress: [{ from: [] }] }));
    assert.deepEqual(
      several.map(({ metadata, spec }) => [metadata.namespace, spec.egress, spec.ingress.length]),
      [
        ['a', egress, 2],
        ['b', egress, 2],
      ],
    );
  });

  await t.test('a ServiceMonitor is made where it is wanted', () => {
    const values = { serviceMonitor: { enabled: true, interval: '1m', labels: { release: 'prometheus' } } };
    const monitor = render({ values }).find(({ kind }) => kind === 'ServiceMonitor');
    assert.equal(monitor?.metadata.labels?.release, 'prometheus');
    assert.equal(monitor.metadata.labels['app.kubernetes.io/instance'], 'ddr');
  });
});
