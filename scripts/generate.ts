// Writes what is generated: from the schema the CRD, its copy in the chart and the reference page; from Kubernetes' types the
// fields of pod templates; from the comments of the chart's values their page.
// `--check` writes nothing and fails where a file is stale.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dump } from 'js-yaml';
import { customResourceDefinition } from '../src/api/crd.ts';
import { referencePage } from '../src/api/reference.ts';
import { podFieldsFile } from './podFields.ts';
import { valuesPage } from './valuesPage.ts';

const root = join(import.meta.dirname, '..');

/** Generated files by their path from the repository's root. */
export function generatedFiles(): Record<string, string> {
  const crd = `# Generated from src/api by \`npm run generate\`; do not edit.\n${dump(customResourceDefinition(), { lineWidth: 120, noRefs: true })}`;
  return {
    'crds/tspace.dev_disentangleddiffusionruns.yaml': crd,
    'helm/disentangled-diffusion/files/crd.yaml': crd,
    'docs/reference/disentangleddiffusionrun.md': referencePage(),
    'docs/reference/values.md': valuesPage(readFileSync(join(root, 'helm/disentangled-diffusion/values.yaml'), 'utf8')),
    'src/api/spec/podFields.ts': podFieldsFile(),
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Names of generated files whose content is not what the schema says. */
export function staleFiles(): string[] {
  return Object.entries(generatedFiles())
    .filter(([name, content]) => readIfThere(join(root, name)) !== content)
    .map(([name]) => name);
}

if (import.meta.main) {
  const contents = generatedFiles();
  for (const name of staleFiles()) {
    if (process.argv.includes('--check')) {
      console.error(`${name} is stale: run npm run generate`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), contents[name] as string);
      console.log(`wrote ${name}`);
    }
  }
}
