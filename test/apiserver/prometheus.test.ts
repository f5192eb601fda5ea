import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { dump } from 'js-yaml';
import { freePort } from '../../src/local/freePort.ts';
import { types } from '../../src/operator/types.ts';
import { alertsFor, dashboardQueries } from '../helpers/observability.ts';
import { programPath, withoutPrograms } from '../helpers/programs.ts';
import { withSpec } from '../helpers/runs.ts';
import { installCrd } from './crd.ts';
import { skip, startEnvironment } from './envtest.ts';
import { startOperator, startProgram } from './programs.ts';

const labels = { namespace: 'system', job: 'ddr-operator' };
const withoutPrometheus = withoutPrograms(['prometheus'], 'no real Prometheus scrapes the operator');

interface Rule {
  name: string;
  health: string;
  state: string;
  lastError?: string;
}
interface Sample {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

/** Two operators, of which one leads. @returns the port of each one's metrics */
async function startOperators(t: TestContext, kubeconfig: string): Promise<number[]> {
  const ports = [await freePort(), await freePort()];
  for (const [i, port] of ports.entries())
    startOperator(t, kubeconfig, { DDR_HTTP_PORT: String(port), DDR_IDENTITY: `operator-${i}` });
  return ports;
}

/** A Prometheus that scrapes these ports with the labels of a ServiceMonitor. @returns what it answers to a path of its API */
async function startPrometheus(t: TestContext, ports: number[]): Promise<<T>(path: string) => Promise<T>> {
  const folder = mkdtempSync(join(tmpdir(), 'ddr-prometheus-'));
  const { job, namespace } = labels;
  writeFileSync(join(folder, 'alerts.yaml'), dump(alertsFor(`namespace="${namespace}", job="${job}"`)));
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yaml'],
    scrape_configs: [
      { job_name: job, static_configs: [{ targets: ports.map((port) => `127.0.0.1:${port}`), labels: { namespace } }] },
    ],
  };
  writeFileSync(join(folder, 'prometheus.yaml'), dump(configuration));
  const port = await freePort();
  const { log } = startProgram(t, programPath('prometheus') ?? '', [
    `--config.file=${join(folder, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  return async <T>(path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`).catch((error: unknown) => {
      throw new Error(`Prometheus: ${readFileSync(log, 'utf8').slice(-2000)}`, { cause: error });
    });
    const { status, data, error } = (await answer.json()) as { status: string; data: T; error?: string };
    assert.equal(status, 'success', `${path}: ${error}`);
    return data;
  };
}

test('a real Prometheus and a real operator', { skip: skip || withoutPrometheus }, async (t) => {
  const environment = await startEnvironment();
  t.after(() => environment.stop());
  const client = environment.connect();
  t.after(() => client.close());
  await installCrd(client);
  const ask = await startPrometheus(t, await startOperators(t, environment.kubeconfig));
  const query = async (expression: string) =>
    (await ask<{ result: Sample[] }>(`query?query=${encodeURIComponent(expression)}`)).result;

  async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 120; i++) {
      if (await isSo().catch(() => false)) return;
      await wait(500);
    }
    assert.fail(`${what}: not within a minute`);
  }
  const numberOf = async (expression: string) => Number((await query(expression))[0]?.value[1] ?? Number.NaN);

  await until('both operators are scraped, and one leads', async () => {
    const leaders = await numberOf('sum(leader_election_master_status)');
    return leaders === 1 && (await numberOf('sum(up)')) === 2;
  });
  // Only now, so that what it makes the operator do is seen as a rate.
  await client.create(types.run, { ...withSpec({}), metadata: { namespace: 'default', name: 'digits' } });
  await until('leader and standby both count the run', async () => {
    return (await numberOf('count(ddr_runs{phase="Preparing"} == 1)')) === 2;
  });
  await until('rates are there', async () => (await numberOf('sum(rate(controller_runtime_reconcile_total[1m]))')) > 0);

  await t.test('every rule is evaluated without an error, and none is raised', async () => {
    const rules = async () =>
      (await ask<{ groups: { rules: Rule[] }[] }>('rules')).groups.flatMap((group) => group.rules);
    await until('the rules are evaluated', async () => (await rules()).every(({ health }) => health !== 'unknown'));
    assert.deepEqual(
      (await rules()).map(({ name, health, state, lastError }) => ({ name, health, state, lastError })),
      alertsFor('').groups.flatMap((group) =>
        group.rules.map(({ alert: name }) => ({ name, health: 'ok', state: 'inactive', lastError: undefined })),
      ),
    );
  });

  for (const { title, expr } of dashboardQueries(labels.namespace, labels.job)) {
    await t.test(`the dashboard has something to show: ${title}`, async () => {
      const samples = await query(expr);
      assert.ok(samples.length > 0, expr);
      for (const { metric } of samples) assert.equal(metric.run, undefined);
    });
  }
});
