// What is refused in the containers of a pod, in upstream's words. Expectations are read from pkg/apis/core/validation.

import { describe } from 'vitest'
import { container, pod, refuses, says, web } from './testing/refused-pods.ts'

const C = 'spec.containers[0]'

describe('containers are refused:', () => {
  const probe = (more: object) => container({ livenessProbe: more })
  const L = `${C}.livenessProbe`
  refuses([
    ['no containers', pod({ containers: [] }), ['spec.containers: Required value']],
    [
      'two of one name',
      pod({ containers: [web], initContainers: [web] }),
      ['spec.initContainers[0].name: Duplicate value: "web"'],
    ],
    [
      'spaces',
      container({ image: ' a ' }),
      [`${C}.image: Invalid value: " a ": must not have leading or trailing whitespace`],
    ],
    [
      'a port of the node taken twice',
      pod({
        containers: [
          { ...web, ports: [{ containerPort: 80, hostPort: 80 }] },
          { ...web, name: 'b', ports: [{ containerPort: 81, hostPort: 80 }] },
        ],
      }),
      ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
    ],
    [
      'another port on the network of the node',
      pod({ hostNetwork: true, containers: [{ ...web, ports: [{ containerPort: 80, hostPort: 81 }] }] }),
      [`${C}.ports[0].hostPort: Invalid value: 81: must match \`containerPort\` when \`hostNetwork\` is true`],
    ],
    [
      'environment',
      container({
        env: [
          { name: 'a=b' },
          { name: 'A', valueFrom: {} },
          { name: 'B', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
          { name: 'C', valueFrom: { secretKeyRef: { name: '', key: '' } } },
          { name: 'D', valueFrom: { resourceFieldRef: { resource: 'limits.gpu' } } },
          { name: 'E', valueFrom: { fileKeyRef: { volumeName: 'nowhere', path: 'a', key: 'B' } } },
        ],
        envFrom: [{ prefix: '=' }, { configMapRef: { name: '' } }],
      }),
      [
        says(`${C}.env[0].name: Invalid value: "a=b": a valid environment variable name`),
        `${C}.env[1].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\`, \`secretKeyRef\` or \`fileKeyRef\``,
        says(`${C}.env[2].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels"`),
        `${C}.env[2].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
        says(`${C}.env[3].valueFrom.secretKeyRef.name: Invalid value: ""`),
        `${C}.env[3].valueFrom.secretKeyRef.key: Required value`,
        says(`${C}.env[4].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu"`),
        says(`${C}.envFrom[0].prefix: Invalid value: "="`),
        `${C}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``,
        `${C}.envFrom[1].configMapRef.name: Required value`,
        `${C}.env[5].valueFrom.fileKeyRef.volumeName: Not found: "nowhere"`,
      ],
    ],
    ['probes that ask nothing', probe({}), [`${L}: Required value: must specify a handler type`]],
    [
      'probes that ask twice',
      probe({ exec: { command: ['a'] }, grpc: { port: 1 } }),
      [`${L}.grpc: Forbidden: may not specify more than 1 handler type`],
    ],
    [
      'probes by HTTP',
      probe({ httpGet: { port: 70000, scheme: 'FTP', httpHeaders: [{ name: 'a b', value: '' }] } }),
      [
        `${L}.httpGet.port: Invalid value: 70000: must be between 1 and 65535, inclusive`,
        `${L}.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"`,
        says(`${L}.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of`),
      ],
    ],
    [
      'numbers of probes',
      probe({ tcpSocket: { port: 'http' }, periodSeconds: -1, successThreshold: 2, terminationGracePeriodSeconds: 0 }),
      [
        `${L}.periodSeconds: Invalid value: -1: must be greater than or equal to 0`,
        `${L}.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0`,
        `${L}.successThreshold: Invalid value: 2: must be 1`,
      ],
    ],
    [
      'readiness',
      container({ readinessProbe: { tcpSocket: { port: 80 }, terminationGracePeriodSeconds: 5 } }),
      [`${C}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes`],
    ],
    [
      'hooks',
      container({ lifecycle: { preStop: { sleep: { seconds: 31 } }, postStart: { exec: {} }, stopSignal: 'SIGTERM' } }),
      [
        `${C}.lifecycle.postStart.exec.command: Required value`,
        `${C}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
        `${C}.lifecycle.stopSignal: Forbidden: may not be set for containers with empty \`spec.os.name\``,
      ],
    ],
    [
      'hooks and probes of what only prepares',
      pod({ initContainers: [{ name: 'i', image: 'i', lifecycle: {}, livenessProbe: {} }] }),
      [
        'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
        'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      'rules of restart',
      container({
        restartPolicyRules: [{ action: 'Wait' }, { action: 'Restart', exitCodes: { operator: 'Is', values: [1] } }],
      }),
      [
        `${C}.restartPolicy: Required value: must specify restartPolicy when restart rules are used`,
        `${C}.restartPolicyRules[0].action: Unsupported value: "Wait": supported values: "Restart", "RestartAllContainers"`,
        `${C}.restartPolicyRules[0].exitCodes: Required value: must be specified`,
        `${C}.restartPolicyRules[1].exitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"`,
      ],
    ],
    [
      'too many rules',
      container({
        restartPolicy: 'Never',
        restartPolicyRules: Array(21).fill({ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }),
      }),
      [`${C}.restartPolicyRules: Too many: 21: must have at most 20 items`],
    ],
    [
      'policies of resizing',
      pod({
        restartPolicy: 'Never',
        containers: [
          {
            ...web,
            resizePolicy: [
              { resourceName: 'cpu', restartPolicy: 'RestartContainer' },
              { resourceName: 'cpu', restartPolicy: 'NotRequired' },
              { resourceName: 'gpu', restartPolicy: 'NotRequired' },
            ],
          },
        ],
      }),
      [
        `${C}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when pod \`restartPolicy\` is 'Never'`,
        `${C}.resizePolicy[1]: Duplicate value: "cpu"`,
        `${C}.resizePolicy: Unsupported value: "gpu": supported values: "cpu", "memory"`,
      ],
    ],
  ])
})

describe('resources are refused:', () => {
  const asks = (resources: object, more: object = {}) => pod({ containers: [{ ...web, resources }], ...more })
  const R = `${C}.resources`
  refuses([
    [
      'ordinary ones are not',
      asks({ requests: { cpu: '1', 'example.com/gpu': 1 }, limits: { 'example.com/gpu': 1 } }),
      [],
    ],
    [
      'more than the limit',
      asks({ requests: { cpu: '2' }, limits: { cpu: '1000m' } }),
      [`${R}.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
    ],
    [
      'unknown names',
      asks({ requests: { apples: '1' } }),
      [
        `${R}.requests[apples]: Invalid value: "apples": must be a standard resource type or fully qualified`,
        `${R}.requests[apples]: Invalid value: "apples": must be a standard resource for containers`,
      ],
    ],
    [
      'names of quotas',
      asks({ limits: { 'requests.x/y': '1' } }),
      [
        `${R}.limits[requests.x/y]: Invalid value: "requests.x/y": doesn't follow extended resource name standard`,
        `${R}.requests[requests.x/y]: Invalid value: "requests.x/y": doesn't follow extended resource name standard`,
      ],
    ],
    [
      'half a device',
      asks({ limits: { 'example.com/gpu': '500m' } }),
      [
        `${R}.limits[example.com/gpu]: Invalid value: "500m": must be an integer`,
        `${R}.requests[example.com/gpu]: Invalid value: "500m": must be an integer`,
      ],
    ],
    [
      'devices without a limit, or with another',
      asks({ requests: { 'a.com/x': 1, 'b.com/y': 1 }, limits: { 'b.com/y': 2 } }),
      [
        `${R}.limits: Required value: Limit must be set for non overcommitable resources`,
        `${R}.requests: Invalid value: "1": must be equal to b.com/y limit of 2`,
      ],
    ],
    [
      'huge pages',
      asks({ limits: { 'hugepages-2Mi': '3Mi' } }),
      [
        `${R}.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
        `${R}.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
        `${R}: Forbidden: HugePages require cpu or memory`,
      ],
    ],
    [
      'claims nobody has',
      asks({ claims: [{ name: 'a' }, { name: 'a', request: 'r' }] }, { resourceClaims: [{ name: 'b' }] }),
      [
        'spec.resourceClaims[0]: Invalid value: {"Name":"b","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
        `${R}.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims: b`,
        `${R}.claims[1]: Duplicate value: "a"`,
        `${R}.claims[1]: Not found: "a": must be one of the names in pod.spec.resourceClaims: b`,
      ],
    ],
    [
      'less for the pod than for its containers',
      asks(
        { requests: { cpu: '2' }, limits: { memory: '2Gi' } },
        { resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } } },
      ),
      [
        'spec.resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi',
        'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
        'spec.resources.containers[0][memory].limits: Invalid value: "2Gi": must be less than or equal to pod limits of 1Gi',
      ],
    ],
    [
      'devices for the pod as a whole',
      pod({ resources: { requests: { 'ephemeral-storage': '1Gi' }, claims: [] } }),
      [
        'spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
        'spec.resources.requests[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
      ],
    ],
  ])
})
