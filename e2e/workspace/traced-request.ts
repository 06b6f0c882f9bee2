// A request traced from the page, on real machines: asked for and looked at by keyboard alone, listed and drawn alike.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violations } from '../support/axe.ts'
import { until } from '../support/until.ts'
import type { WorkspaceSeat } from './seat.ts'

const labels = { app: 'answerer' }
const service = (selector: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'answerer' },
  spec: { type: 'NodePort', selector, ports: [{ port: 8080, targetPort: 80 }] },
})
const pod = (name: string, nodeName: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [{ name: 'web', image: 'nginx' }] },
})

export function requestTracedInThePicture(seat: () => WorkspaceSeat): void {
  describe('a traced request', () => {
    const form = () => seat().page.getByRole('form', { name: 'Trace a request' })
    const scope = () => seat().page.locator('[data-scope="trace"]')
    const drawn = () => seat().page.locator('[data-network="trace"]')
    const numbers = (of: string) =>
      seat()
        .page.locator(of)
        .evaluateAll((all) => all.map((one) => one.firstElementChild?.textContent ?? one.textContent))
    async function ask(from: string, to: string): Promise<void> {
      await form().getByLabel('from').selectOption({ label: from })
      await form().getByLabel('to', { exact: true }).fill(to)
      await seat().page.keyboard.press('Enter')
    }
    /** Of `typed`, that of the one who answers, which is another. */
    const machines: string[] = []

    beforeAll(async () => {
      const { ofLearner } = seat()
      const own = (await ofLearner('get pod typed -o jsonpath={.spec.nodeName}')).trim()
      const all = (await ofLearner('get nodes -o jsonpath={.items[*].metadata.name}')).trim().split(' ')
      machines.push(own, all.find((name) => name !== own) ?? '')
      await ofLearner('apply -f -', {
        apiVersion: 'v1',
        kind: 'List',
        items: [service(labels), pod('answerer', machines[1] ?? '')],
      })
      await ofLearner('wait pod answerer --for=condition=Ready --timeout=60s')
    }, 120_000)
    afterAll(async () => {
      const { page, ofLearner } = seat()
      await ofLearner('delete service,pod answerer --wait=false')
      await page.getByRole('tab', { name: 'Loops' }).click()
    })

    it('is asked for by keyboard, and listed hop by hop', async () => {
      const { page } = seat()
      await page.getByRole('tab', { name: 'Network' }).click()
      await form().waitFor()
      await ask('typed', 'answerer')
      await scope().and(page.locator('[data-verdict="ok"]')).waitFor({ timeout: 60_000 })
      await scope().getByText('HTTP/1.1 200 OK').first().waitFor()
      const kinds = await scope()
        .locator('[data-hop]')
        .evaluateAll((hops) => hops.map((hop) => hop.getAttribute('data-hop')))
      expect([kinds[0], kinds[1], kinds.at(-1)]).toEqual(['name', 'sends', 'answers'])
      expect(kinds).toEqual(expect.arrayContaining(['service', 'route', 'wire']))
    })

    it('is drawn from Pod to Pod as it is listed, with the same numbers', async () => {
      await drawn().locator('[data-pod="typed"][data-role="calls"]').waitFor()
      await drawn().locator('[data-pod="answerer"][data-role="answers"]').waitFor()
      await drawn().locator('[data-service="answerer"]').waitFor()
      // Nothing is sent until the name is known: that is hop 0, and on no machine.
      const listed = await numbers('[data-scope="trace"] [data-hop]')
      expect(listed[0]).toBe('0')
      expect(await numbers('[data-disc]')).toEqual(listed.slice(1))
      for (const machine of machines) {
        const card = drawn().locator(`[data-machine="${machine}"]`)
        expect(Number(await card.getAttribute('data-traced'))).toBeGreaterThan(0)
      }
    })

    it('shows the kernel’s own line of the hop that is chosen in the picture', async () => {
      const { page } = seat()
      await drawn()
        .getByRole('button', { name: /^Service answerer rewrites the target/ })
        .focus()
      await page.keyboard.press('Enter')
      const hop = scope().locator('[data-hop="service"][data-pointed]')
      await hop.getByText(/-A KUBE-SERVICES .*default\/answerer cluster IP/).waitFor()
    })

    it('has nothing that axe finds, light and dark', async () => {
      const { page } = seat()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        for (const part of ['[data-network]', '[data-scope]']) {
          expect(await violations(page, colorScheme === 'light' ? 'all' : 'colours', part)).toEqual([])
        }
      }
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: null })
    })

    it('stands in the table as well', async () => {
      const { page } = seat()
      const listed = await numbers('[data-scope="trace"] [data-hop]')
      await page.getByRole('button', { name: 'Table' }).click()
      const rows = page.getByRole('table', { name: /^Traced, typed to answerer:8080/ }).locator('tbody th')
      await until('every hop is a row', async () => (await rows.count()) === listed.length)
      expect(await rows.allTextContents()).toEqual(listed)
      await page.getByRole('button', { name: 'Table' }).click()
    })

    it('may begin in the learner’s own terminal, and comes to the machines from outside', async () => {
      const { page, ofLearner } = seat()
      const port = (await ofLearner('get service answerer -o jsonpath={.spec.ports[0].nodePort}')).trim()
      await ask('your terminal', `${machines[0]}:${port}`)
      await scope().locator('[data-hop="sends"]', { hasText: 'Your terminal sends' }).waitFor({ timeout: 60_000 })
      expect(await scope().getAttribute('data-verdict')).toBe('ok')
      // By the machine that was called to the one where the Pod is.
      const wires = await scope().locator('[data-hop="wire"] > span').allTextContents()
      expect(wires).toEqual([`your terminal to ${machines[0]}`, machines.join(' to ')])
      await drawn().locator('[data-pod="answerer"][data-role="answers"]').waitFor()
      await drawn().getByText('your terminal', { exact: true }).waitFor()
      expect(await page.locator('[data-disc]').count()).toBe(await scope().locator('[data-hop]').count())
    })

    it('is asked for on a phone as well, where the question comes in front of the picture', async () => {
      const phone = await seat().page.context().newPage()
      await phone.setViewportSize({ width: 390, height: 844 })
      await phone.goto(`${seat().page.url().split('?')[0]}?lens=network`)
      await phone.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name: 'Picture' }).click()
      await phone.getByRole('button', { name: 'Trace', exact: true }).click()
      const sheet = phone.getByRole('dialog')
      await sheet.getByLabel('from').selectOption({ label: 'typed' })
      await sheet.getByLabel('to', { exact: true }).fill('answerer')
      await sheet.getByRole('button', { name: 'Trace', exact: true }).click()
      await sheet.locator('[data-scope="trace"][data-verdict="ok"]').waitFor({ timeout: 60_000 })
      expect(await violations(phone, 'all', '[role=dialog]')).toEqual([])
      await sheet.getByRole('button', { name: 'Back to the picture' }).click()
      await phone.locator('[data-lens-table=network]').getByText('Traced, typed to answerer').waitFor()
      await phone.close()
    })

    it('ends in the picture where it was refused, and says why', async () => {
      const { page, ofLearner } = seat()
      await ofLearner('apply -f -', service({ app: 'awnserer' }))
      await page.locator('[data-service="answerer"][data-nobody]').waitFor()
      // kube-proxy hears of it by itself.
      await until('nobody is led to', async () => {
        await ask('typed', 'answerer')
        await form().getByRole('button', { name: 'Trace' }).and(page.locator(':enabled')).waitFor({ timeout: 60_000 })
        return (await scope().getAttribute('data-verdict')) === 'fail'
      })
      await scope().getByText('It selects app=awnserer; no Pod has that label.').waitFor()
      await drawn().locator('[data-station="filter"][data-state="fail"]').waitFor()
      expect(await page.locator('[data-disc]').last().getAttribute('data-refused')).not.toBeNull()
      expect(await drawn().locator('[data-role="answers"]').count()).toBe(0)
    })

    it('makes room for what happens now when it is closed', async () => {
      const { page } = seat()
      await scope().getByRole('button', { name: 'Close' }).focus()
      await page.keyboard.press('Enter')
      await page.locator('[data-network="whole"]').waitFor()
    })

    it('shows live who is refused, up to the Service, with the rule’s own line', async () => {
      const { page, ofLearner } = seat()
      const live = page.locator('[data-network="whole"]')
      await until('a refused call is drawn', async () => {
        await ofLearner("exec typed -- bash -c 'echo > /dev/tcp/answerer/8080 || true'")
        return (await live.locator('[data-stopped]').count()) > 0
      })
      await page.locator('[data-end="refused"]').first().locator('xpath=..').getByRole('button').click()
      const one = page.locator('[data-scope^="connection"]')
      await one.getByText('kube-proxy on').first().waitFor()
      await one.getByText(/-A KUBE-SERVICES .*has no endpoints.* -j REJECT/).waitFor()
      for (const part of ['[data-network]', '[data-scope]']) expect(await violations(page, 'all', part)).toEqual([])
      await one.getByRole('button', { name: 'Close' }).click()
    })
  })
}
