import { customResourceDefinition, type StructuralSchema } from './crd.ts';
import { errorCodes } from './errors.ts';
import { ExitCode } from './exitCodes.ts';
import { conditionReasons, eventReasons } from './reasons.ts';

interface Field {
  path: string;
  type: string;
  required: boolean;
  defaultValue: string;
  description: string;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function typeOf(schema: StructuralSchema): string {
  if (Array.isArray(schema.enum)) return schema.enum.join(', ');
  if (schema['x-kubernetes-int-or-string'] === true || schema.not !== undefined) return 'quantity';
  if (schema.type === 'array') return `${typeOf(schema.items as StructuralSchema)}[]`;
  const limits = [
    schema.minimum === undefined ? '' : `≥ ${schema.minimum}`,
    schema.maximum === undefined ? '' : `≤ ${schema.maximum}`,
  ];
  const shown = limits.filter(
    (limit) => limit !== '' && !limit.includes('2147483647') && !limit.includes('9007199254740991'),
  );
  return [String(schema.type ?? 'any'), ...shown].join(' ');
}

/** Depth-first list of a schema's fields with their paths. */
function fieldsOf(schema: StructuralSchema, prefix: string): Field[] {
  const properties = (schema.properties ?? {}) as Record<string, StructuralSchema>;
  const required = (schema.required ?? []) as string[];
  return Object.entries(properties).flatMap(([name, child]) => {
    const path = `${prefix}${name}`;
    const field: Field = {
      path,
      type: typeOf(child),
      required: required.includes(name),
      defaultValue: child.default === undefined || child.type === 'object' ? '' : JSON.stringify(child.default),
      description: String(child.description ?? ''),
    };
    const items = child.items as StructuralSchema | undefined;
    return [field, ...fieldsOf(child, `${path}.`), ...(items === undefined ? [] : fieldsOf(items, `${path}[].`))];
  });
}

/** Messages of every cross-field rule, with the block they belong to. */
function rulesOf(schema: StructuralSchema, path: string): { path: string; message: string }[] {
  const own = ((schema['x-kubernetes-validations'] ?? []) as { message: string; fieldPath?: string }[]).map((rule) => ({
    path: `${path}${rule.fieldPath ?? ''}`,
    message: rule.message,
  }));
  const properties = Object.entries((schema.properties ?? {}) as Record<string, StructuralSchema>);
  const items = schema.items as StructuralSchema | undefined;
  return [
    ...own,
    ...properties.flatMap(([name, child]) => rulesOf(child, `${path}.${name}`)),
    ...(items === undefined ? [] : rulesOf(items, `${path}[]`)),
  ];
}

function fieldTable(fields: Field[]): string {
  const rows = fields.map(
    ({ path, type, required, defaultValue, description }) =>
      `| \`${path}\` | ${cell(type)} | ${required ? 'required' : defaultValue === '' ? '' : `\`${cell(defaultValue)}\``} | ${cell(description)} |`,
  );
  return ['| Field | Type | Default | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function reasonTable(reasons: Record<string, string>): string {
  const rows = Object.entries(reasons).map(([reason, meaning]) => `| \`${reason}\` | ${cell(meaning)} |`);
  return ['| Reason | Meaning |', '| --- | --- |', ...rows].join('\n');
}

interface Crd {
  spec: {
    versions: [{ schema: { openAPIV3Schema: { properties: { spec: StructuralSchema; status: StructuralSchema } } } }];
  };
}

/** The reference page, in Markdown. */
export function referencePage(): string {
  const crd = customResourceDefinition() as unknown as Crd;
  const { spec, status } = crd.spec.versions[0].schema.openAPIV3Schema.properties;
  const meaning = Object.entries(ExitCode).map(([name, code]) => {
    const codes = Object.entries(errorCodes).filter(([, exit]) => exit === code);
    return `| ${code} | ${name} | ${codes.map(([error]) => `\`${error}\``).join(', ')} |`;
  });
  return `# DisentangledDiffusionRun

This page is generated from the schema in \`src/api\` by \`npm run generate\`.

\`apiVersion: tspace.dev/v1alpha1\`, \`kind: DisentangledDiffusionRun\`, short name \`ddr\`.

## spec

${fieldTable(fieldsOf(spec, ''))}

## What is refused

${rulesOf(spec, 'spec')
  .map(({ path, message }) => `- \`${path}\`: ${message}`)
  .join('\n')}

## status

${fieldTable(fieldsOf(status, ''))}

## Reasons of conditions

Besides these, \`Ready\` and \`Complete\` give the phase, and \`Ready\`, \`Reconciling\` and \`Stalled\` of a run that is blocked what
Kubernetes says of its pod, such as \`Unschedulable\` or \`ImagePullBackOff\`.

${reasonTable(conditionReasons)}

## Reasons of events

Besides these there are the phases, the error codes below, and what Kubernetes says of Jobs and pods.

${reasonTable(eventReasons)}

## Exit codes of trainer pods

| Code | Name | Error codes |
| --- | --- | --- |
${meaning.join('\n')}
`;
}
