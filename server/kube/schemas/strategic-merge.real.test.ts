// Our strategic merge patch against kubectl's own, on real types. `kubectl patch --local` needs no server.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchKubectl } from '../../../bin/fetch-kubectl.mjs'
import type { JsonObject } from '../apimachinery/json.ts'
import { applyPatch } from '../apimachinery/patch/apply-patch.ts'
import { decode } from './decode.ts'
import { loadSchemas } from './load-schemas.ts'
import { patchSchemaOf } from './patch-schema.ts'

const schemas = loadSchemas()
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' }
const original: JsonObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    labels: { app: 'web', tier: 'front' },
    finalizers: ['example.com/a', 'example.com/b', 'example.com/c'],
  },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'nginx:1',
            args: ['a', 'b'],
            ports: [{ containerPort: 80 }, { containerPort: 443 }],
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
          { name: 'side', image: 'busybox' },
          { name: 'log', image: 'busybox', resources: { limits: { cpu: '500m', memory: '1Gi' } } },
        ],
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'conf', configMap: { name: 'conf' } },
        ],
        tolerations: [{ key: 'a', operator: 'Exists' }],
        imagePullSecrets: [{ name: 'one' }, { name: 'two' }],
      },
    },
  },
}
const podSpec = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } })

const patches: [string, JsonObject][] = [
  ['a new image', podSpec({ containers: [{ name: 'web', image: 'nginx:2' }] })],
  ['a new container', podSpec({ containers: [{ name: 'new', image: 'x' }] })],
  [
    'a new container after a known one',
    podSpec({
      containers: [
        { name: 'side', image: 'y' },
        { name: 'new', image: 'x' },
      ],
    }),
  ],
  ['known containers in another order', podSpec({ containers: [{ name: 'log' }, { name: 'web' }] })],
  ['a deleted container', podSpec({ containers: [{ name: 'side', $patch: 'delete' }] })],
  [
    'a deleted and a new container',
    podSpec({
      containers: [
        { name: 'side', $patch: 'delete' },
        { name: 'new', image: 'x' },
      ],
    }),
  ],
  ['replaced containers', podSpec({ containers: [{ $patch: 'replace' }, { name: 'only', image: 'x' }] })],
  [
    'ports by number',
    podSpec({ containers: [{ name: 'web', ports: [{ containerPort: 443, name: 'tls' }, { containerPort: 81 }] }] }),
  ],
  [
    'an environment',
    podSpec({
      containers: [
        {
          name: 'web',
          env: [
            { name: 'C', value: '3' },
            { name: 'A', value: '9' },
          ],
        },
      ],
    }),
  ],
  ['other arguments', podSpec({ containers: [{ name: 'web', args: ['c'] }] })],
  ['a removed limit', podSpec({ containers: [{ name: 'log', resources: { limits: { cpu: null } } }] })],
  [
    'a wished order',
    podSpec({
      '$setElementOrder/containers': [{ name: 'log' }, { name: 'new' }, { name: 'web' }],
      containers: [{ name: 'new', image: 'x' }],
    }),
  ],
  ['an order only', podSpec({ '$setElementOrder/containers': [{ name: 'side' }, { name: 'web' }] })],
  [
    'a volume of another source',
    podSpec({ volumes: [{ $retainKeys: ['name', 'secret'], name: 'conf', secret: { secretName: 's' } }] }),
  ],
  ['tolerations, which do not merge', podSpec({ tolerations: [{ key: 'b', operator: 'Exists' }] })],
  [
    'pull secrets in order',
    podSpec({
      '$setElementOrder/imagePullSecrets': [{ name: 'two' }, { name: 'three' }, { name: 'one' }],
      imagePullSecrets: [{ name: 'three' }],
    }),
  ],
  ['a strategy with retained keys', { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }],
  ['a replaced map', { metadata: { labels: { $patch: 'replace', only: 'this' } } }],
  ['an emptied map', { metadata: { labels: { $patch: 'delete' } } }],
  ['labels', { metadata: { labels: { tier: null, new: 'x' } } }],
  ['another finalizer', { metadata: { finalizers: ['example.com/d', 'example.com/a'] } }],
  ['a finalizer removed', { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/b'] } }],
  [
    'finalizers in order',
    {
      metadata: {
        '$setElementOrder/finalizers': ['example.com/c', 'example.com/a'],
        '$deleteFromPrimitiveList/finalizers': ['example.com/b'],
      },
    },
  ],
  ['annotations where there were none', { metadata: { annotations: { a: 'b', gone: null } } }],
  [
    'a new init container with an environment',
    podSpec({ initContainers: [{ name: 'i', image: 'x', env: [{ name: 'Z', value: null }] }] }),
  ],
]

let kubectl = ''
let scratch = ''
beforeAll(async () => {
  kubectl = await fetchKubectl({ version: '1.36' })
  scratch = mkdtempSync(join(tmpdir(), 'podium-patch-'))
  writeFileSync(join(scratch, 'original.json'), JSON.stringify(original))
}, 120_000)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Both sides in the server's form: kubectl prints the patched document, not what a server would store. */
const canonical = (object: JsonObject): JsonObject => decode(schemas, deployment, object).object

describe('our strategic merge patch and kubectl’s', () => {
  it.each(patches)('agree on %s', (_, patch) => {
    const file = join(scratch, 'original.json')
    const args = ['patch', '--local', '--type=strategic', '-f', file, '-p', JSON.stringify(patch), '-o', 'json']
    const theirs = JSON.parse(execFileSync(kubectl, args, { encoding: 'utf8' })) as JsonObject
    const ours = applyPatch({
      contentType: 'application/strategic-merge-patch+json',
      original,
      patch,
      patchSchema: patchSchemaOf(schemas, deployment)!,
    })
    expect(canonical(ours as JsonObject)).toEqual(canonical(theirs))
  })
})
