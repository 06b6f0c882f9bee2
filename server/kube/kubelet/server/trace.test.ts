import { expect, it } from 'vitest'
import type { Kubelet } from '../kubelet.ts'
import { serveTrace, type Tracer } from './trace.ts'

const kubelet = {
  pod: (_: string, name: string) => (name === 'gone' ? undefined : { metadata: { uid: `uid-of-${name}` } }),
  directoryOf: ({ metadata }: { metadata: { uid: string } }) => `/pods/${metadata.uid}`,
  runtime: {
    listPodSandboxes: async (uid: string) =>
      uid === 'uid-of-ended'
        ? []
        : [
            { state: 'notReady', pid: 0 },
            { state: 'ready', pid: 4711 },
          ],
  },
} as unknown as Kubelet

async function serve(what: string, body: string) {
  const asked: unknown[] = []
  const did = (name: string) => async (order: unknown, caller?: unknown) => {
    asked.push(name, order, ...(caller ? [caller] : []))
    return { done: name }
  }
  const tracer: Tracer = { arm: did('arm'), request: did('request'), collect: did('collect'), end: did('end') }
  const request = (async function* () {
    yield Buffer.from(body)
  })()
  return { answer: await serveTrace({ kubelet, tracer, what, request }), asked }
}

it.each(['arm', 'collect', 'end'])('hands on what is asked for: %s', async (what) => {
  expect(await serve(what, '{"port":41000}')).toEqual({ answer: { done: what }, asked: [what, { port: 41000 }] })
})

it('has a request made from inside the pod, by the names that its programs see', async () => {
  const { asked } = await serve('request', '{"pod":{"namespace":"default","name":"client"}}')
  expect(asked[2]).toEqual({
    netns: '/proc/4711/ns/net',
    resolvConf: '/pods/uid-of-client/resolv.conf',
    hosts: '/pods/uid-of-client/etc-hosts',
  })
})

it('has it made by the machine itself where no pod is named', async () => {
  expect((await serve('request', '{}')).asked[2]).toEqual({ resolvConf: '/etc/resolv.conf', hosts: '/etc/hosts' })
})

it.each([
  ['request', '{"pod":{"namespace":"default","name":"gone"}}', 'pods "gone" not found'],
  ['request', '{"pod":{"namespace":"default","name":"ended"}}', 'pod ended in namespace default is not running'],
  ['arm', 'port=1', 'a trace is asked for in JSON'],
  ['look', '{}', 'a trace is armed, requested, collected and ended'],
])('refuses %s %s', async (what, body, words) => {
  await expect(serve(what, body)).rejects.toThrow(words)
})
