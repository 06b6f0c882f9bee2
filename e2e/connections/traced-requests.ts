// Requests that are traced on real machines: what is told of their way against the kernels' own rules, and each reason why
// nobody answers, made on purpose.

import { describe, expect, it } from 'vitest'
import type { TracedRequest, TraceQuestion } from '../../server/observe/index.ts'
import { run } from '../support/commands.ts'
import { onMachine } from '../support/machine.ts'
import { until } from '../support/until.ts'

export interface TracingSeat {
  cluster: string
  /** Of kubectl; fails the test where it fails. */
  run(command: string, input?: string): Promise<string>
  trace(question: TraceQuestion): Promise<TracedRequest | string>
}

/** Beside those of the file that this belongs to. */
export const TRACED_OBJECTS = `
apiVersion: v1
kind: Service
metadata: {name: far}
spec: {selector: {app: web, at: node-2}, ports: [{port: 8080, targetPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: near}
spec: {type: NodePort, selector: {app: web, at: node-1}, ports: [{port: 8080, targetPort: 80, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: unready}
spec: {selector: {app: sick}, ports: [{port: 8080, targetPort: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: sick, labels: {app: sick}}
spec:
  nodeName: node-2
  terminationGracePeriodSeconds: 1
  containers: [{name: sick, image: nginx, ports: [{containerPort: 80}], readinessProbe: {httpGet: {port: 80, path: /nothing}, periodSeconds: 1}}]
`
const policy = (name: string, spec: object) =>
  JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name }, spec })

export function tracedRequests(seat: () => TracingSeat): void {
  const onNode = (name: string, script: string) => onMachine(seat().cluster, name, script)
  const trace = async (to: string, from: TraceQuestion['from'] = { pod: { namespace: 'default', name: 'client' } }) => {
    const traced = await seat().trace({ from, to, protocol: 'tcp' })
    if (typeof traced === 'string') throw new Error(traced)
    return traced
  }
  const addressOf = (node: string) => seat().run(`get node ${node} -o jsonpath={.status.addresses[0].address}`)
  const titles = ({ hops }: TracedRequest) => hops.map(({ title }) => title)
  const hop = (traced: TracedRequest, title: string) => {
    const found = traced.hops.find((one) => one.title === title)
    expect(found, `${title} in ${JSON.stringify(traced, undefined, 1)}`).toBeDefined()
    return found!
  }

  describe('a traced request', () => {
    it('is told hop by hop, each in the words of the kernels that it met', async () => {
      const traced = await trace('far')
      expect(traced.verdict).toMatchObject({ state: 'ok', says: expect.stringContaining('HTTP/1.1 200 OK'), why: '' })
      expect(titles(traced)).toEqual(
        expect.arrayContaining(['Name', 'client sends', 'Service far', 'Route', 'Sender', 'Wire']),
      )
      expect(hop(traced, 'Name').lines).toEqual([expect.stringMatching(/^far\.default\.svc\.cluster\.local\. A: 10\./)])
      const rules = (await onNode('node-1', 'iptables-save')).split('\n')
      const { lines } = hop(traced, 'Service far')
      expect(rules).toEqual(expect.arrayContaining(lines))
      expect(lines.map((line) => /^-A (KUBE-[A-Z]+|PREROUTING)/.exec(line)?.[1])).toEqual([
        ...['PREROUTING', 'KUBE-SERVICES', 'KUBE-SVC', 'KUBE-SEP'],
      ])
      const address = (await seat().run('get pod web-2 -o jsonpath={.status.podIP}')).trim()
      expect(hop(traced, 'Service far').says).toContain(`\`${address}:80\`, web-2`)
      expect(hop(traced, 'Wire').where).toBe('node-1 to node-2')
      expect(hop(traced, 'Wire').lines[0]).toMatch(/iif "eth0" .* ip saddr 10\.244\..* tcp dport 80 /)
      expect(traced.verdict.lines).toEqual([expect.stringMatching(/^tcp 6 .* dport=8080 .* sport=80 /)])
    })

    it('by a node port of another machine comes back under that machine’s address', async () => {
      const traced = await trace('node-2:30080')
      expect(traced.verdict.state).toBe('ok')
      expect(hop(traced, 'Masquerade').lines.at(-1)).toMatch(/^-A KUBE-POSTROUTING .* -j MASQUERADE/)
      const wires = traced.hops.filter(({ title }) => title === 'Wire').map(({ where }) => where)
      expect(wires).toEqual(['node-1 to node-2', 'node-2 to node-1'])
    })

    it('may be a machine’s own', async () => {
      const traced = await trace('pod/web-2', { machine: 'node-1' })
      expect(traced.verdict.state).toBe('ok')
      expect(titles(traced)).toEqual(expect.arrayContaining(['node-1 sends', 'Wire']))
    })
  })

  describe('when nobody answers, it is because', () => {
    it('no name of the search list is known', async () => {
      const { hops, verdict } = await trace('wbe')
      expect(hops[0]?.lines).toEqual([
        ...['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'].map((of) => `wbe.${of}. A: NXDOMAIN`),
        expect.stringMatching(/^wbe\. A: (NXDOMAIN|REFUSED)$/),
      ])
      expect(verdict.why).toContain('There is no Service `wbe` in default')
    })

    it('the selector matches nothing', async () => {
      const traced = await trace('nobody')
      expect(traced.verdict.says).toBe('Refused.')
      expect(traced.verdict.why).toContain('It selects `app=wbe`; no Pod has that label.')
      const filter = hop(traced, 'Filter FORWARD')
      expect(filter.state).toBe('fail')
      expect(filter.lines.at(-1)).toMatch(/"default\/nobody has no endpoints" .* -j REJECT/)
    })

    it('no Pod is ready', async () => {
      expect((await trace('unready')).verdict.why).toContain('1 Pod is selected, and it is not Ready.')
    })

    it('nobody listens on the target port', async () => {
      const { verdict } = await trace('closed')
      expect(verdict.why).toMatch(/^It reached Pod web-[12], and nobody listens there on port 81\./)
      expect(verdict.why).toContain('The Service’s targetPort is `81`; its Pods say that they listen on `80`.')
    })

    it('the Service has no such port', async () => {
      expect((await trace('web:9999')).verdict.why).toBe('Service web has no port 9999; it has `8080`.')
    })

    it('a policy keeps it from the Pod, on the Pod’s own machine', async () => {
      const spec = {
        podSelector: { matchLabels: { at: 'node-2' } },
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'friend' } } }] }],
      }
      await seat().run('apply -f -', policy('friends-only', spec))
      const traced = await until('the policy holds', async () => {
        const now = await trace('far')
        return now.verdict.state === 'fail' && now
      })
      expect(traced.verdict.why).toContain('in to the Pod: ingress dropped by default/friends-only.')
      expect(hop(traced, 'Network policy, ingress')).toMatchObject({
        state: 'fail',
        where: 'node-2',
      })
      await seat().run('delete networkpolicy friends-only')
    })

    it('a policy keeps even the question for the name', async () => {
      const spec = { podSelector: { matchLabels: { app: 'client' } }, policyTypes: ['Egress'] }
      await seat().run('apply -f -', policy('stay-home', spec))
      const traced = await until('the policy holds', async () => {
        const now = await trace('far')
        return now.verdict.state === 'fail' && now
      })
      expect(traced.hops[0]?.lines[0]).toContain('A: TIMEOUT')
      expect(traced.verdict.why).toContain('stopped on node-1: egress dropped by default/stay-home')
      await seat().run('delete networkpolicy stay-home')
    })

    it('a rule of kube-proxy’s was taken away behind its back', async () => {
      await until('names are known again', async () => (await trace('far')).verdict.state === 'ok')
      const rules = await onNode('node-1', 'iptables -t nat -S KUBE-SERVICES')
      const rule = rules.split('\n').find((line) => line.includes('default/far cluster IP')) ?? ''
      await onNode('node-1', `iptables -t nat ${rule.replace('-A', '-D')}`)
      const { verdict } = await trace('far')
      expect(verdict.why).toBe(
        'kube-proxy’s rule for default/far is missing on node-1: the packet was in chain `KUBE-SERVICES`, and no rule there led on.',
      )
      await onNode('node-1', `iptables -t nat ${rule.replace('-A KUBE-SERVICES', '-I KUBE-SERVICES 1')}`)
    })

    it('there is no route', async () => {
      const [range = ''] = (await seat().run('get node node-2 -o jsonpath={.spec.podCIDR}')).split('\n')
      const traced = await until('the route is taken away, and not yet mended', async () => {
        await onNode('node-1', `ip route replace unreachable ${range}`)
        const now = await trace('far')
        return now.verdict.state === 'fail' && now
      })
      expect(traced.verdict.why).toMatch(/^node-1 has no route to it: `RTNETLINK answers: /)
      expect(hop(traced, 'Route').state).toBe('fail')
      await onNode('node-1', `ip route replace ${range} via ${await addressOf('node-2')}`)
    })

    it('the Pod’s machine is cut off', async () => {
      const index = (await onNode('node-2', 'cat /sys/class/net/eth0/iflink')).trim()
      const links = (await run('ip', ['-o', 'link'])).stdout
      const [, link = ''] = new RegExp(`^${index}: (veth\\w+)@`, 'm').exec(links) ?? []
      const address = await addressOf('node-2')
      await run('ip', ['link', 'set', 'dev', link, 'down'])
      try {
        await onNode('node-1', `ip neighbour flush to ${address}`)
        const traced = await trace('far')
        expect(traced.verdict.why).toBe(
          `node-2 is cut off: node-1 sends it there, and nobody answers for \`${address}\`.`,
        )
        expect(traced.unheard.map(({ machine }) => machine)).toEqual(['node-2'])
      } finally {
        await run('ip', ['link', 'set', 'dev', link, 'up'])
      }
      await until('it is there again', async () => (await trace('far')).verdict.state === 'ok')
    })
  })

  it('leaves nothing in the kernels', async () => {
    // One that was asked for while the machine was cut off ends by itself.
    for (const node of ['node-1', 'node-2']) {
      await until(
        `nothing is left on ${node}`,
        async () => !(await onNode(node, 'nft list tables')).includes('podium-trace'),
      )
    }
    // Somebody looks at live connections as well, and at those that are stopped.
    expect((await onNode('node-1', 'pgrep -fc "monitor [t]race" || true')).trim()).toBe('1')
  })
}
