import type { Container } from 'kubernetes-types/core/v1'
import { describe } from 'vitest'
import type { Pod } from '../cluster-view.ts'
import { podMadeOf, podProbesPath, podSharesVolume } from './pod-parts-checks.ts'
import { judge } from './testing/judged.ts'
import { pod, view } from './testing/objects.ts'

const container = (name: string, image: string, more: Partial<Container> = {}): Container => ({ name, image, ...more })
const mounts = (...names: string[]) => ({ volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })) })

const site = (told: { inits?: Container[]; containers: Container[]; volumes?: string[]; ready?: boolean }): Pod => ({
  ...pod('site', { ready: told.ready ?? true }),
  spec: {
    nodeName: 'node-1',
    initContainers: told.inits ?? [],
    containers: told.containers,
    volumes: (told.volumes ?? []).map((name) => ({ name, emptyDir: {} })),
  },
})
const cluster = (told: Parameters<typeof site>[0]) => view({ pods: [site(told)] })

const main = container('main', 'busybox')
const sidecar = container('web', 'nginx', { restartPolicy: 'Always' })
const madeOf = podMadeOf('site', { sidecars: { web: 'nginx' }, containers: { main: 'busybox' } })
const shares = podSharesVolume('site', ['web', 'main'])
const probes = podProbesPath('site', { container: 'web', path: '/index.html' })

describe('what a Pod is made of', () => {
  judge([
    {
      name: 'a sidecar and a main container',
      check: madeOf,
      cluster: cluster({ inits: [sidecar], containers: [main] }),
      state: 'ok',
    },
    {
      name: 'a sidecar that is an init container',
      check: madeOf,
      cluster: cluster({ inits: [container('web', 'nginx')], containers: [main], ready: false }),
      state: 'failed',
      says: 'no `web` as a sidecar, but as an init container without `restartPolicy: Always`',
    },
    {
      name: 'a sidecar that is a main container',
      check: madeOf,
      cluster: cluster({ containers: [main, container('web', 'nginx')] }),
      state: 'failed',
      says: 'but as one of its main containers',
    },
    {
      name: 'another image',
      check: madeOf,
      cluster: cluster({ inits: [{ ...sidecar, image: 'httpd' }], containers: [main] }),
      state: 'failed',
      says: '`web` of Pod `site` runs `httpd`; this step wants `nginx`.',
    },
    {
      name: 'one too many',
      check: madeOf,
      cluster: cluster({ inits: [sidecar], containers: [main, container('extra', 'nginx')] }),
      state: 'failed',
      says: 'has `extra` as a container, which this step does not want',
    },
    {
      name: 'all there, not Ready yet',
      check: madeOf,
      cluster: cluster({ inits: [sidecar], containers: [main], ready: false }),
      state: 'waiting',
    },
    {
      name: 'one volume in both',
      check: shares,
      cluster: cluster({
        inits: [{ ...sidecar, ...mounts('html') }],
        containers: [{ ...main, ...mounts('html') }],
        volumes: ['html'],
      }),
      state: 'ok',
    },
    {
      name: 'one volume in both, where its program does not look',
      check: podSharesVolume('site', ['web', 'main'], { web: '/usr/share/nginx/html' }),
      cluster: cluster({
        inits: [{ ...sidecar, ...mounts('html') }],
        containers: [{ ...main, ...mounts('html') }],
        volumes: ['html'],
      }),
      state: 'failed',
      says: '`web` of Pod `site` mounts `html` at `/html`, but looks for its files in `/usr/share/nginx/html`.',
    },
    {
      name: 'one volume in both, where its program looks',
      check: podSharesVolume('site', ['web', 'main'], { web: '/usr/share/nginx/html' }),
      cluster: cluster({
        inits: [{ ...sidecar, volumeMounts: [{ name: 'html', mountPath: '/usr/share/nginx/html/' }] }],
        containers: [{ ...main, ...mounts('html') }],
        volumes: ['html'],
      }),
      state: 'ok',
    },
    {
      name: 'two volumes that are not one',
      check: shares,
      cluster: cluster({
        inits: [{ ...sidecar, ...mounts('html') }],
        containers: [{ ...main, ...mounts('htlm') }],
        volumes: ['html', 'htlm'],
      }),
      state: 'failed',
      says: 'Volume `html` of Pod `site` is not mounted by `main`.',
    },
    {
      name: 'no volume',
      check: shares,
      cluster: cluster({ inits: [sidecar], containers: [main] }),
      state: 'failed',
      says: 'has no `emptyDir` volume',
    },
    {
      name: 'a probe that asks for the page',
      check: probes,
      cluster: cluster({
        inits: [{ ...sidecar, readinessProbe: { httpGet: { path: '/index.html', port: 80 } } }],
        containers: [main],
      }),
      state: 'ok',
    },
    {
      name: 'a probe that asks for another',
      check: probes,
      cluster: cluster({ inits: [{ ...sidecar, readinessProbe: { httpGet: { port: 80 } } }], containers: [main] }),
      state: 'failed',
      says: 'asks for `/`; this step wants `/index.html`',
    },
    {
      name: 'no probe',
      check: probes,
      cluster: cluster({ inits: [sidecar], containers: [main] }),
      state: 'failed',
      says: 'has no readinessProbe by `httpGet`',
    },
  ])
})
