// What containers are told: by variables, from the pod they are in, by arguments.

import type { Fact } from './ending-pods.ts'
import { shell } from './seat.ts'

const from = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } })
const of = (resource: string) => ({ valueFrom: { resourceFieldRef: { resource } } })
const variables = (told: Record<string, string | object>) =>
  Object.entries(told).map(([name, value]) => ({ name, ...(typeof value === 'string' ? { value } : value) }))
const source = (prefix: string) => [
  { prefix, configMapRef: { name: 'variables' } },
  { prefix: `s${prefix}`, secretRef: { name: 'hidden' } },
]

export const TOLD: Record<string, Fact> = {
  environment: {
    tests: 'ConfigMap and Secrets should be consumable via the environment, by field and with various prefixes',
    spec: {
      containers: [
        shell('', {
          command: ['env'],
          envFrom: ['', 'p-', '#$_-'].flatMap(source),
          env: variables({
            ONE: { valueFrom: { configMapKeyRef: { name: 'variables', key: 'data-1' } } },
            TWO: { valueFrom: { secretKeyRef: { name: 'hidden', key: 'data-2' } } },
            NONE: { valueFrom: { secretKeyRef: { name: 'nowhere', key: 'nothing', optional: true } } },
          }),
        }),
      ],
    },
    says: [
      'data-1=value-1',
      'p-data-1=value-1',
      '#$_-data-1=value-1',
      'sp-data-2=value-2',
      'ONE=value-1',
      'TWO=value-2',
    ],
  },
  downward: {
    tests: 'Downward API should provide names, addresses and resources as env vars',
    spec: {
      containers: [
        shell('', {
          command: ['env'],
          env: variables({
            POD_NAME: from('metadata.name'),
            NAMESPACE: from('metadata.namespace'),
            POD_UID: from('metadata.uid'),
            POD_IP: from('status.podIP'),
            HOST_IP: from('status.hostIP'),
            HOST_IPS: from('status.hostIPs'),
            CPU_LIMIT: of('limits.cpu'),
            MEMORY_LIMIT: of('limits.memory'),
            CPU_REQUEST: of('requests.cpu'),
            MEMORY_REQUEST: of('requests.memory'),
          }),
          resources: { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } },
        }),
        {
          ...shell('', {
            command: ['env'],
            env: variables({ CPU_LIMIT: of('limits.cpu'), MEMORY_LIMIT: of('limits.memory') }),
          }),
          name: 'unlimited',
        },
      ],
    },
    says: {
      main: [
        'POD_NAME=downward',
        'NAMESPACE=default',
        /^POD_UID=[0-9a-f-]{36}$/,
        /^POD_IP=10\.244\.\d+\.\d+$/,
        /^HOST_IP=10\.\d+\.\d+\.\d+$/,
        /^HOST_IPS=10\.\d+\.\d+\.\d+$/,
        'CPU_LIMIT=2',
        'MEMORY_LIMIT=67108864',
        'CPU_REQUEST=1',
        'MEMORY_REQUEST=33554432',
      ],
      unlimited: [/^CPU_LIMIT=[1-9]\d*$/, /^MEMORY_LIMIT=[1-9]\d{8,}$/],
    },
  },
  expansion: {
    tests:
      'Variable Expansion should allow composing env vars, and substituting values in a container’s command, args and subpath',
    spec: {
      volumes: [{ name: 'workdir1', emptyDir: {} }],
      containers: [
        shell('', {
          command: ['env'],
          env: variables({ FOO: 'foo-value', BAR: 'bar-value', FOOBAR: '$(FOO);;$(BAR)', KEPT: '$$(FOO) $(NONE)' }),
        }),
        {
          ...shell('TEST_VAR=wrong echo "$(TEST_VAR) $$(TEST_VAR)"', { env: variables({ TEST_VAR: 'test-value' }) }),
          name: 'command',
        },
        {
          ...shell('', {
            command: ['echo'],
            args: ['$(TEST_VAR)', '$(TEST_VAR)s'],
            env: variables({ TEST_VAR: 'test-value' }),
          }),
          name: 'args',
        },
        {
          ...shell('test -d /testcontainer/foo; echo $?', {
            env: variables({ POD_NAME: 'foo' }),
            volumeMounts: [
              { name: 'workdir1', mountPath: '/logscontainer', subPathExpr: '$(POD_NAME)' },
              { name: 'workdir1', mountPath: '/testcontainer' },
            ],
          }),
          name: 'subpath',
        },
      ],
    },
    says: {
      main: ['FOO=foo-value', 'FOOBAR=foo-value;;bar-value', 'KEPT=$(FOO) $(NONE)'],
      args: ['test-value test-values'],
      subpath: ['0'],
    },
  },
  commands: {
    tests: 'Containers should be able to override the image’s default command and arguments',
    phase: 'Failed',
    spec: {
      containers: [
        { name: 'neither', image: 'curlimages/curl' },
        { name: 'args', image: 'curlimages/curl', args: ['--version'] },
        { name: 'command', image: 'nginx', command: ['echo'] },
        { name: 'both', image: 'curlimages/curl', command: ['echo', 'override'], args: ['arguments'] },
      ],
    },
    says: {
      neither: [/^curl: try 'curl --help'/],
      args: [/^curl \d+\./],
      command: [/^$/],
      both: ['override arguments'],
    },
  },
}
