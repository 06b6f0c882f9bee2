// What else is refused in pods, and in templates of them, in upstream's words. Expectations are read from pkg/apis/core/validation.

import { describe, expect, it } from 'vitest'
import { Deployment } from '../index.ts'
import { problems } from '../testing/kind-facts.ts'
import { pod, refuses, says, web } from './testing/refused-pods.ts'

const LONG = 'x'.repeat(64)
const LABEL_SELECTOR = { matchLabels: { app: 'web' } }

describe('names and addresses are refused:', () => {
  refuses([
    [
      'no name server',
      pod({ dnsPolicy: 'None' }),
      ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    ],
    [
      'DNS',
      pod({
        dnsConfig: {
          nameservers: ['1.1.1.1', '1.1.1.01', 'x', '::1'],
          searches: ['a_b.', '.', 'A'],
          options: [{ value: 'x' }],
        },
      }),
      [
        'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.01","x","::1"]: must not have more than 3 nameservers',
        'spec.dnsConfig.nameservers[1]: Invalid value: "1.1.1.01": must not have leading 0s',
        'spec.dnsConfig.nameservers[2]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        says(
          `spec.dnsConfig.searches[2]: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.'`,
        ),
        'spec.dnsConfig.options[0]: Required value: must not be empty',
      ],
    ],
    [
      'aliases',
      pod({ hostAliases: [{ ip: 'x', hostnames: ['a_b'] }] }),
      [
        'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        says('spec.hostAliases[0].hostnames[0]: Invalid value: "a_b": a lowercase RFC 1123 subdomain'),
      ],
    ],
    [
      'hostnames',
      pod({ hostname: LONG, hostnameOverride: 'x'.repeat(65), setHostnameAsFQDN: true }),
      [
        'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
        'spec.hostnameOverride: Too long: may not be more than 64 bytes',
        `spec.hostname: Invalid value: "${LONG}": must be no more than 63 characters`,
      ],
    ],
    [
      'conditions and gates',
      pod({ readinessGates: [{ conditionType: 'a b' }], schedulingGates: [{ name: 'g' }, { name: 'g' }] }),
      [
        says('spec.readinessGates[0].conditionType: Invalid value: "a b": name part must consist of'),
        'spec.schedulingGates[1]: Duplicate value: "g"',
      ],
    ],
    [
      'a node for what is held back',
      pod({ nodeName: 'n', schedulingGates: [{ name: 'g' }] }),
      ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
    ],
    [
      'preemption',
      pod({ preemptionPolicy: 'Ask' }),
      ['spec.preemptionPolicy: Unsupported value: "Ask": supported values: "PreemptLowerPriority", "Never"'],
    ],
    [
      'the cost of being deleted',
      { ...pod({}), metadata: { name: 'w', annotations: { 'controller.kubernetes.io/pod-deletion-cost': '+1' } } },
      [
        'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
      ],
    ],
  ])
})

it('refuses the same in a template, and what templates have not', () => {
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: {
      containers: [{ ...web, image: ' a ', resources: { limits: { apples: '1' } } }],
      volumes: [{ name: 'v', image: {} }],
      ephemeralContainers: [{ name: 'e', image: 'e' }],
    },
  }
  expect(problems(Deployment, { spec: { selector: LABEL_SELECTOR, template } })).toEqual([
    expect.stringContaining('spec.template.spec.containers[0].resources.limits[apples]'),
    expect.stringContaining('spec.template.spec.containers[0].resources.limits[apples]'),
    'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
  ])
})
