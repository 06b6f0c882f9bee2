import { once } from 'node:events'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import { Pod } from '../../../kinds/index.ts'
import { askPlugin } from '../../testing/ask-plugin.ts'
import { testPki } from '../../testing/test-pki.ts'
import { imagePolicyWebhook } from './image-policy-webhook.ts'

interface Review {
  spec: { containers: { image: string }[]; namespace: string; annotations?: object }
}

let server: https.Server
const asked: Review['spec'][] = []
let settings: Parameters<typeof imagePolicyWebhook>[0]
beforeAll(async () => {
  const pki = await testPki()
  const { certPem, keyPem } = await pki.issue('images', [], ['localhost'])
  server = https.createServer({ cert: certPem, key: keyPem }, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { spec } = JSON.parse(Buffer.concat(chunks).toString()) as Review
    asked.push(spec)
    if (spec.namespace === 'broken') return void response.writeHead(500).end()
    const allowed = spec.containers.every(({ image }) => image.startsWith('good'))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ status: { allowed, reason: allowed ? '' : 'not from us' } }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://localhost:${(server.address() as AddressInfo).port}`
  const ttl = { allowTtlMs: 60_000, denyTtlMs: 60_000 }
  settings = { config: { server: url, caPem: pki.caPem }, ...ttl, defaultAllow: false }
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const pod = (image: string) =>
  ({
    metadata: { name: 'web', annotations: { 'a.image-policy.k8s.io/b': 'c', other: 'd' } },
    spec: { containers: [{ name: 'a', image }] },
  }) as KubeObject

it('asks about images, and remembers the answer', async () => {
  const plugin = imagePolicyWebhook(settings)
  const ask = async (image: string, more: object = {}) =>
    askPlugin(plugin, { kind: Pod, object: pod(image), ...more }, [])
  expect((await ask('good:1')).refused).toBeUndefined()
  expect((await ask('bad:1')).refused).toBe(
    'pods "web" is forbidden: image policy webhook backend denied one or more images: not from us',
  )
  await ask('bad:1')
  expect(asked).toEqual(
    ['good:1', 'bad:1'].map((image) => ({
      containers: [{ image }],
      annotations: { 'a.image-policy.k8s.io/b': 'c' },
      namespace: 'default',
    })),
  )
  expect((await ask('good:1', { namespace: 'broken' })).refused).toContain('pods "web" is forbidden: ')
  const open = imagePolicyWebhook({ ...settings!, defaultAllow: true })
  const told = await askPlugin(open, { kind: Pod, object: pod('good:1'), namespace: 'broken' }, [])
  expect(told).toMatchObject({
    refused: undefined,
    annotations: { 'alpha.image-policy.k8s.io/failed-open': 'true' },
  })
})
