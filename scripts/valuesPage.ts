import { load } from 'js-yaml';

interface Value {
  /** Such as `operator.image.tag`. */
  path: string;
  /** The comment above it. */
  meaning: string;
  defaultValue: unknown;
}

const valueAt = (values: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], values);

/** Values of a values.yaml that have a comment above them, in their order. */
export function documentedValues(yaml: string): Value[] {
  const values = load(yaml);
  const found: Value[] = [];
  const parents: { indent: number; key: string }[] = [];
  let comment: string[] = [];
  for (const line of yaml.split('\n')) {
    const text = /^ *# ?(.*)$/.exec(line)?.[1];
    if (text !== undefined) {
      comment.push(text);
      continue;
    }
    const [, spaces = '', key] = /^( *)([A-Za-z]\w*):/.exec(line) ?? [];
    if (key !== undefined) {
      while ((parents.at(-1)?.indent ?? -1) >= spaces.length) parents.pop();
      parents.push({ indent: spaces.length, key });
      const path = parents.map((parent) => parent.key);
      if (comment.length > 0)
        found.push({ path: path.join('.'), meaning: comment.join(' '), defaultValue: valueAt(values, path) });
    }
    comment = [];
  }
  return found;
}

const cell = (text: string) => text.replaceAll('|', '\\|');

/** The reference page of the chart's values, in Markdown. The comments of values.yaml are its text. */
export function valuesPage(yaml: string): string {
  const values = documentedValues(yaml);
  const isGroup = (path: string) => values.some((other) => other.path.startsWith(`${path}.`));
  const rows = values.map(({ path, meaning, defaultValue }) => {
    const shown = isGroup(path) ? '' : `\`${cell(JSON.stringify(defaultValue))}\``;
    return `| \`${path}\` | ${shown} | ${cell(meaning)} |`;
  });
  return `# Values of the chart

This page is generated from \`helm/disentangled-diffusion/values.yaml\` by \`npm run generate\`.

| Value | Default | Meaning |
| --- | --- | --- |
${rows.join('\n')}

## Images by digest

A tag can be moved, a digest cannot. A release is installed with the digests of the two images that were built for it, which the
registry tells:

\`\`\`sh
digest() { skopeo inspect --format '{{.Digest}}' "docker://$1"; }
helm upgrade --install ddr helm/disentangled-diffusion --namespace ddr-system --create-namespace \\
  --set operator.image.repository=$REGISTRY/ddr-operator --set operator.image.digest=$(digest $REGISTRY/ddr-operator:0.2.0) \\
  --set trainer.image.repository=$REGISTRY/ddr-trainer --set trainer.image.digest=$(digest $REGISTRY/ddr-trainer:0.2.0)
\`\`\`

The digest wins over the tag. A run's own \`execution.image\` may have one too.

## In another chart

\`\`\`yaml
dependencies:
  - {name: disentangled-diffusion, version: 0.2.0, repository: …, alias: ddr, condition: ddr.enabled}
\`\`\`

Its values stand below the alias, \`ddr\`. \`global.imageRegistry\` and \`global.imagePullSecrets\` (names, or \`{name: …}\`) are read as other
charts read them. A mistyped value is refused; below a parent chart, values at the top of \`ddr\` that this chart does not know are the
parent's own. A parent may have the chart twice under two aliases: names and selectors follow from the alias. The second then sets
\`crds.install: false\`, because one release cannot have the CRD twice.

## Several releases in a cluster

Each sets \`watchNamespace\`: two operators must not act on the same runs. Releases may have one name in different namespaces, or different
names in one. The CRD exists once: the first release that installs it owns it and upgrades it, the others leave it as it is, and their
notes say whose it is, whether it is another version's, and how to take it over. Tools that only render (Argo CD, \`helm template\`) cannot
look: there, set \`crds.install: false\` for all but one. The cluster's CRD has to be as new as the newest operator.
`;
}
