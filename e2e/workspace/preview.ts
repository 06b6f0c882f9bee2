// What a learner's cluster serves, seen in the browser beside the shells: behind a load balancer, and by the names and paths of an
// Ingress and a Gateway.

import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { violations } from '../support/axe.ts'
import { root } from '../support/commands.ts'
import { loadPreview } from '../support/preview-pane.ts'
import { until } from '../support/until.ts'
import { webPage } from '../support/web-page.ts'
import type { WorkspaceSeat } from './seat.ts'

const program = `require('node:http').createServer(({ url, headers }, response) => {
  response.setHeader('content-type', 'text/html')
  response.end('<!doctype html><p>api was asked for ' + url + ' at ' + headers.host)
}).listen(8080)`
const labels = { app: 'api' }
const api = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'api', image: 'podium/ingress-nginx', command: ['node', '-e', program] }] },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api' },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  },
]
const leadsTo = (path: string, name: string) => ({
  path,
  pathType: 'Prefix',
  backend: { service: { name, port: { number: 80 } } },
})
const behindAnIngress = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    ...api,
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'shop' },
      spec: { rules: [{ host: 'shop.example', http: { paths: [leadsTo('/', 'site'), leadsTo('/api', 'api')] } }] },
    },
  ],
}
const GATEWAY_API = 'gateway.networking.k8s.io/v1'
const behindAGateway = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: GATEWAY_API,
      kind: 'GatewayClass',
      metadata: { name: 'nginx' },
      spec: { controllerName: 'podium.dev/gateway-nginx' },
    },
    {
      apiVersion: GATEWAY_API,
      kind: 'Gateway',
      metadata: { name: 'door' },
      spec: { gatewayClassName: 'nginx', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    },
    {
      apiVersion: GATEWAY_API,
      kind: 'HTTPRoute',
      metadata: { name: 'gate' },
      spec: {
        parentRefs: [{ name: 'door' }],
        hostnames: ['gate.example'],
        rules: [{ backendRefs: [{ name: 'api', port: 80 }] }],
      },
    },
  ],
}

export function previewOfTheCluster(seat: () => WorkspaceSeat): void {
  describe('the browser', () => {
    const preview = () => seat().page.locator('[data-preview]')
    const served = () => seat().page.frameLocator('[data-preview] iframe')
    const doors = () => preview().getByLabel('Door of the cluster').locator('option').allTextContents()
    let firstDoor = ''
    const manifest = (name: string) => join(root, 'images', 'terminal', `${name}.yaml`)
    /** Until what is behind it answers as it should: whoever leads there hears of the cluster by themselves. */
    async function open(door: string, path: string, shown: () => Locator): Promise<void> {
      const choice = preview().getByLabel('Door of the cluster')
      await until(`${door} is a door`, async () => (await doors()).some((label) => label.startsWith(`${door} `)))
      await choice.selectOption(door)
      await preview().getByLabel('Path').fill(path)
      await until(`${door}${path} answers`, async () => {
        if (!(await loadPreview(seat().page))) return false
        return shown()
          .waitFor({ timeout: 3000 })
          .then(
            () => true,
            () => false,
          )
      })
    }

    /** The browser hands clicks to the page around a frame until it has drawn that frame once, which its text does not tell. */
    async function followToTheNextPage(): Promise<void> {
      const next = served().getByText('The next page')
      await until('the link leads on', async () => {
        await served()
          .getByRole('link', { name: 'next' })
          .click({ timeout: 1000 })
          .catch(() => undefined)
        return next.waitFor({ timeout: 2000 }).then(
          () => true,
          () => false,
        )
      })
    }

    it('says that there is no door, until a Service gets an address', async () => {
      await seat().page.getByRole('button', { name: 'Browser' }).click()
      await preview().getByText('This cluster has no door yet.').waitFor()
      await seat().ofLearner('apply -f -', webPage)
      await seat().ofLearner('rollout status deployment/site --timeout=60s')
      await until('there are doors', async () => (await doors()).length === 2)
      expect((await doors()).map((label) => label.replace(/^\S+\s+/, ''))).toEqual([
        'LoadBalancer site',
        'NodePort site',
      ])
      expect(await violations(seat().page, 'all', '[data-preview]')).toEqual([])
    })

    it('shows what the pod serves, with its paths from the root and what its script asks for', async () => {
      firstDoor = (await doors())[0]?.split(' ')[0] ?? ''
      await open(firstDoor, '/', () => served().getByRole('heading', { name: 'From the pod' }))
      await served().getByText('asked: told by the pod').waitFor()
      await followToTheNextPage()
    })

    it('gives the page nothing that is the classroom’s', async () => {
      await loadPreview(seat().page)
      for (const what of ['cookie', 'storage', 'frame', 'socket'])
        await served().getByText(`${what}: refused`).waitFor()
    })

    it('shows the same in a window of its own, as little able there', async () => {
      const [window] = await Promise.all([
        seat().page.context().waitForEvent('page'),
        preview().getByRole('link', { name: 'New window' }).click(),
      ])
      for (const what of ['cookie', 'storage', 'socket']) await window.getByText(`${what}: refused`).waitFor()
      await window.close()
    })

    it('shows pages by the name of an Ingress, and who answers by their path', async () => {
      const { ofLearner } = seat()
      await ofLearner(`apply -f ${manifest('ingress-nginx')}`)
      await ofLearner('apply -f -', behindAnIngress)
      await ofLearner('rollout status deployment/api --timeout=60s')
      await ofLearner('-n ingress-nginx rollout status deployment/ingress-nginx-controller --timeout=120s')
      await open('http://shop.example', '/', () => served().getByRole('heading', { name: 'From the pod' }))
      await served().getByText('asked: told by the pod').waitFor()
      await followToTheNextPage()
      // Whoever answers is told the name that was asked for, not the classroom's.
      await open('http://shop.example', '/api/items?page=2', () =>
        served().getByText('api was asked for /api/items?page=2 at shop.example'),
      )
    })

    it('shows pages by the name that a route of a Gateway has', async () => {
      const { ofLearner } = seat()
      await ofLearner(`apply -f ${manifest('gateway-api')}`)
      await ofLearner('wait crd --all --for=condition=Established --timeout=60s')
      await ofLearner('apply -f -', behindAGateway)
      await ofLearner('wait gateway door --for=condition=Programmed --timeout=120s')
      await open('http://gate.example', '/', () => served().getByText('api was asked for / at gate.example'))
    })

    it('says so when nobody listens behind the door', async () => {
      await seat().ofLearner('delete deployment site --wait --cascade=foreground')
      await open(firstDoor, '/', () => served().getByText('The connection was refused.'))
      await preview().getByRole('button', { name: 'Close browser' }).click()
    })
  })
}
