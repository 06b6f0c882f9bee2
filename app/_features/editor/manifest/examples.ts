// Schemas for the tests: cut from what an API server says, as small as they may be.

import type { KnownSchemas, Schemas } from './schema.ts'

const text = { type: 'string' }
const whole = { type: 'integer', format: 'int32' }
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

const common: Schemas = {
  ObjectMeta: {
    type: 'object',
    properties: {
      name: text,
      generateName: text,
      namespace: text,
      labels: { type: 'object', additionalProperties: text },
      creationTimestamp: { description: 'When it was made.', allOf: [ref('Time')] },
    },
  },
  Time: { type: 'string', format: 'date-time' },
  IntOrString: { oneOf: [{ type: 'integer' }, text], format: 'int-or-string' },
  Quantity: { oneOf: [text, { type: 'number' }] },
  PodSpec: {
    type: 'object',
    required: ['containers'],
    properties: {
      containers: { type: 'array', items: ref('Container') },
      restartPolicy: { type: 'string', enum: ['Always', 'Never', 'OnFailure'] },
      hostNetwork: { type: 'boolean' },
    },
  },
  Container: {
    type: 'object',
    required: ['name'],
    properties: {
      name: text,
      image: { type: 'string', description: 'Which image.' },
      command: { type: 'array', items: text },
      ports: { type: 'array', items: ref('ContainerPort') },
      resources: {
        type: 'object',
        properties: { limits: { type: 'object', additionalProperties: ref('Quantity') } },
      },
    },
  },
  ContainerPort: { type: 'object', required: ['containerPort'], properties: { containerPort: whole, name: text } },
}

const kind = (group: string, name: string, properties: Schemas): Schemas => ({
  [name]: {
    type: 'object',
    properties: { apiVersion: text, kind: text, metadata: ref('ObjectMeta'), ...properties },
    'x-kubernetes-group-version-kind': [{ group, version: 'v1', kind: name }],
  },
})

export const known: KnownSchemas = {
  groupVersions: ['api/v1', 'apis/apps/v1', 'apis/batch/v1'],
  loaded: new Map([
    [
      'api/v1',
      {
        ...common,
        ...kind('', 'Pod', { spec: ref('PodSpec'), status: { type: 'object', properties: { phase: text } } }),
        ...kind('', 'ConfigMap', { data: { type: 'object', additionalProperties: text } }),
        ...kind('', 'Service', {
          spec: {
            type: 'object',
            properties: {
              ports: {
                type: 'array',
                items: { type: 'object', properties: { port: whole, targetPort: ref('IntOrString') } },
              },
            },
          },
        }),
      },
    ],
    [
      'apis/apps/v1',
      {
        ...common,
        ...kind('apps', 'Deployment', {
          spec: {
            type: 'object',
            required: ['selector', 'template'],
            properties: {
              replicas: { ...whole, description: 'How many Pods.' },
              selector: {
                type: 'object',
                properties: { matchLabels: { type: 'object', additionalProperties: text } },
              },
              template: { type: 'object', properties: { metadata: ref('ObjectMeta'), spec: ref('PodSpec') } },
            },
          },
        }),
      },
    ],
  ]),
}
