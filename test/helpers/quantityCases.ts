/** Texts that Kubernetes takes for a quantity of 0 or more, and such that it does not. */
export const quantityTexts = {
  right: [
    ...[
      '0',
      '1',
      '00001',
      '500m',
      '.5',
      '5.',
      '+1',
      '+.5',
      '1.5Gi',
      '0.1234567891234',
      '123456789012345678901234567890',
    ],
    ...['1e3', '12e6', '1E3', '1e+3', '1E-3', '1.e3', '1e00003', '1e99'],
    ...['1n', '100u', '1m', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
  ],
  wrong: [
    ...['', '-1', '++1', '12e', '1e1.5', '1E-', '1eK', '1Ee3', '1ee3', '1Ki5', '1 Gi', '1_000', '0x10', '1K'],
    ...['1ki', '1mi', '8Gib', 'big', 'Inf', 'NaN', '1g', '1,5', '\u0661'],
  ],
};

/** Resources that a Job is refused for, and what the refusal has to name. */
export const wrongResources: {
  title: string;
  resources: { limits?: Record<string, unknown>; requests?: Record<string, unknown> };
  field: string;
  says: RegExp;
}[] = [
  {
    title: 'a GPU that is only requested',
    resources: { requests: { 'nvidia.com/gpu': 1 } },
    field: 'requests.nvidia.com/gpu',
    says: /needs a limit.*limits: \{nvidia\.com\/gpu: 1\}/,
  },
  {
    title: 'more GPUs requested than its limit',
    resources: { limits: { 'nvidia.com/gpu': 1 }, requests: { 'nvidia.com/gpu': 2 } },
    field: 'requests.nvidia.com/gpu',
    says: /equal to its limit of 1/,
  },
  {
    title: 'half a GPU',
    resources: { limits: { 'nvidia.com/gpu': '500m' } },
    field: 'limits.nvidia.com/gpu',
    says: /whole number/,
  },
  {
    title: 'a request over its limit',
    resources: { limits: { memory: '2Gi' }, requests: { memory: '4Gi' } },
    field: 'requests.memory',
    says: /must not exceed its limit of 2Gi/,
  },
  {
    title: 'a resource without its domain',
    resources: { limits: { gpu: 1 } },
    field: 'limits.gpu',
    says: /has a domain, such as nvidia\.com\/gpu/,
  },
  {
    title: 'a resource of namespaces',
    resources: { limits: { pods: 1 } },
    field: 'limits.pods',
    says: /no resource of a container/,
  },
  {
    title: 'a resource whose name is none',
    resources: { limits: { 'Nvidia.com/gpu': 1 } },
    field: 'limits.Nvidia.com/gpu',
    says: /not the name of a resource/,
  },
  {
    title: 'huge pages alone',
    resources: { limits: { 'hugepages-2Mi': '4Mi' } },
    field: 'limits.hugepages-2Mi',
    says: /need cpu or memory/,
  },
];
