import { z } from 'zod';
import * as names from './names.ts';
import { isObject, type Json } from './objects.ts';
import { specSchema } from './spec/spec.ts';
import { statusSchema } from './status.ts';

/** A JSON schema as Kubernetes takes it in a CRD: a subset of OpenAPI 3.0 with `x-kubernetes-*` extensions. */
export type StructuralSchema = { [key: string]: unknown };

/** A field without a type that is neither an object, nor a list, nor true or false: none of each satisfies these limits. */
const scalarOnly = {
  'x-kubernetes-preserve-unknown-fields': true,
  ...{ minProperties: 1, maxProperties: 0, minItems: 1, maxItems: 0, not: { enum: [true, false] } },
};

/**
 * A quantity may be written as a number or as text; structural schemas may not put types inside anyOf. Whole numbers and text
 * are Kubernetes' int-or-string. That refuses fractions, which need a field without a type.
 */
function flattenUnion(schema: Json): Json {
  if (!Array.isArray(schema.anyOf)) return schema;
  const { anyOf: _, ...rest } = schema;
  const options = schema.anyOf as Json[];
  const types = options.map((option) => option.type).sort();
  // Limits of numbers hold for numbers only, those of text for text: they can stand side by side.
  const limits = options.map(({ type: _, ...limit }) => limit);
  const flat = Object.assign({}, rest, ...limits);
  if (types.join() === 'integer,string') return { ...flat, 'x-kubernetes-int-or-string': true };
  if (types.join() === 'number,string') return { ...flat, ...scalarOnly };
  throw new Error(`a union of ${types.join(' and ')} cannot be written as a structural schema`);
}

/** A default object with the defaults of its fields, as rules see it: the API server checks rules against defaults as written. */
function expandDefault(schema: StructuralSchema): unknown {
  if (!isObject(schema.default) || !isObject(schema.properties)) return schema.default;
  const fields = Object.entries(schema.properties as Record<string, StructuralSchema>)
    .map(([name, child]) => [name, expandDefault(child)] as const)
    .filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(fields), ...schema.default };
}

/**
 * Turns zod's JSON schema into a structural one (KEP-1027): unknown fields are pruned or refused by the API server, so
 * `additionalProperties: false` goes; JSON schema's numeric `exclusiveMinimum` is OpenAPI 3.0's boolean.
 */
export function toStructural(input: unknown): StructuralSchema {
  if (!isObject(input)) throw new Error('not a schema');
  const schema = flattenUnion(input);
  const output: StructuralSchema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$schema' || key === 'id' || key === 'propertyNames') continue;
    if (key === 'additionalProperties') {
      if (isObject(value) && Object.keys(value).length > 0) output.additionalProperties = toStructural(value);
    } else if (key === 'properties' && isObject(value)) {
      output.properties = Object.fromEntries(Object.entries(value).map(([name, child]) => [name, toStructural(child)]));
    } else if (key === 'items') {
      output.items = toStructural(value);
    } else {
      output[key] = value;
    }
  }
  // A preserved object's known fields would have to be complete schemas; leave its whole content to Kubernetes.
  if (output['x-kubernetes-preserve-unknown-fields'] === true) output.properties = undefined;
  output.default = expandDefault(output);
  if (Array.isArray(output.enum) && output.enum.every(Number.isInteger)) output.type = 'integer';
  if (output.type === 'integer' && output.enum === undefined) output.format = 'int64';
  return Object.fromEntries(Object.entries(output).filter(([, value]) => value !== undefined));
}

/** The structural schema of a zod schema as users write it: fields with defaults are optional. */
const structural = (schema: z.ZodType) => toStructural(z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' }));

/** What `kubectl get` shows; those of priority 1 with `-o wide`. */
const printerColumns = [
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  {
    name: 'Models',
    type: 'string',
    jsonPath: '.status.models.summary',
    description: 'Trained models of all models.',
  },
  {
    name: 'Frechet',
    type: 'string',
    jsonPath: '.status.results.display',
    description: 'Fréchet distance of the samples; lower is better.',
  },
  {
    name: 'Reason',
    type: 'string',
    jsonPath: '.status.reason',
    description: 'Why it is Blocked or Failed.',
  },
  {
    name: 'Progress',
    type: 'integer',
    jsonPath: '.status.progress.percent',
    description: 'Percent of training.',
    priority: 1,
  },
  { name: 'Metric', type: 'string', jsonPath: '.status.results.metric', priority: 1 },
  {
    name: 'Message',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].message',
    description: 'What there is to say of it.',
    priority: 1,
  },
  { name: 'Extractor', type: 'string', jsonPath: '.status.results.extractor', priority: 1 },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

/** The CustomResourceDefinition, generated from the zod schema. */
export function customResourceDefinition(): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${names.group}` },
    spec: {
      group: names.group,
      scope: 'Namespaced',
      names: {
        kind: names.kind,
        listKind: `${names.kind}List`,
        plural: names.plural,
        singular: names.singular,
        shortNames: [names.shortName],
        categories: ['all'],
      },
      versions: [
        {
          name: names.version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: printerColumns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description:
                'Trains a diffusion model as independent models of one or a few latent states each (arXiv 2508.14413), composes them with DDIM, and reports.',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: {
                  type: 'object',
                  properties: {
                    name: { type: 'string', maxLength: names.runNameLength, pattern: names.runNamePattern },
                  },
                },
                spec: structural(specSchema),
                status: structural(statusSchema),
              },
            },
          },
        },
      ],
    },
  };
}
