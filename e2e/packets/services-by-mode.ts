// Services in each of the two modes of kube-proxy that are taught first: who answers, whom the answerer saw calling, and who
// is refused.

import { beforeAll, describe, expect, it } from 'vitest'
import { seenInMode } from '../connections/seen-in-mode.ts'
import { tracedInMode } from '../connections/traced-in-mode.ts'
import { pod } from '../support/packet-pods.ts'
import { until } from '../support/until.ts'
import { FLOWING } from './objects.ts'
import type { PacketSeat } from './seat.ts'

export function servicesByMode(seat: PacketSeat): void {
  const { run, ask, onMachine, nodeOf, nodeSix, ip, fromOutside, balancerOf, takeMode, trace, machines } = seat
  describe.each(['iptables', 'nftables'])('mode %s', (mode) => {
    beforeAll(async () => {
      if (mode !== 'iptables') await takeMode(mode)
    })

    it('leads to every endpoint by lot, and shows the caller’s own address', async () => {
      const heard = await ask(...Array(24).fill('tcp web 80'))
      expect(new Set(heard)).toEqual(new Set([`a ${ip('client')}`, `b ${ip('client')}`]))
    })

    it('keeps a client with who answered it first', async () => {
      expect(new Set(await ask(...Array(12).fill('tcp sticky 80'))).size).toBe(1)
    })

    it('refuses at once where nobody is', async () => {
      // Long before anybody's patience ends.
      expect(await ask('tcp nobody 80')).toEqual(['ConnectionRefusedError'])
    })

    it('lets a flow of UDP go on to another endpoint when its own is gone', async () => {
      const clusterIP = await run('get service flow -o jsonpath={.spec.clusterIP}')
      // Of the mode before.
      await onMachine('node-1', `conntrack -D -p udp -d ${clusterIP}`)
      const held = ask('hold flow 80')
      const pods = await run('get pods -l app=flow -o custom-columns=n:.metadata.name,i:.status.podIP --no-headers')
      const answering = await until('the kernel has the flow', async () => {
        const flows = await onMachine('node-1', `conntrack -L -p udp -d ${clusterIP} 2>/dev/null`)
        return pods
          .split('\n')
          .find((line) => flows.includes(`src=${line.split(/\s+/)[1]} `))
          ?.split(/\s+/)[0]
      })
      await run(`delete pod ${answering} --wait=false`)
      expect(await held).toEqual([answering === 'c' ? 'c d' : 'd c'])
      // For the next mode.
      await run(`wait pod ${answering} --for=delete --timeout=60s`)
      await run(
        'apply -f -',
        JSON.stringify(pod(answering, { node: answering === 'c' ? 'node-1' : 'node-2', ...FLOWING })),
      )
      await run(`wait pod ${answering} --for=condition=Ready --timeout=60s`)
    })

    it('leads over IPv6 as well, under the caller’s own address', async () => {
      const [, second = ''] = (await run('get service both -o jsonpath={.spec.clusterIPs[*]}')).split(' ')
      const client = await run('get pod client -o jsonpath={.status.podIPs[1].ip}')
      const heard = await ask(...Array(16).fill(`tcp ${second} 80`))
      expect(new Set(heard)).toEqual(new Set([`a ${client}`, `b ${client}`]))
      // By its name there is no other way to it.
      expect(new Set(await ask(...Array(8).fill('tcp six 80'))).size).toBe(1)
    })

    it('refuses over IPv6 as well, at once, where nobody is', async () => {
      expect(await ask('tcp sixless 80')).toEqual(['ConnectionRefusedError'])
    })

    it('leads a pod to itself, under the address of its node’s bridge', async () => {
      const clusterIPs = (await run('get service self -o jsonpath={.spec.clusterIPs[*]}')).split(' ')
      const questions = clusterIPs.map((address) => `tcp ${address} 80\n`).join('')
      const [four, six] = (await run(`exec -i b -- sh -c 'python3 -u -c "$CALLER"'`, questions)).split('\n')
      expect(four).toMatch(/^b 10\.244\.\d+\.1$/)
      expect(six).toMatch(/^b fd00:10:244:\S*:1$/)
    })

    it('is silent with an internal policy Local and nobody here', async () => {
      expect(await ask('tcp inside 80 2')).toEqual(['TimeoutError'])
    })

    it('opens a port on every node, for TCP and UDP, and writes rules for SCTP', async () => {
      const heard = await ask(
        `tcp ${nodeOf('node-1')} 30080`,
        `tcp ${nodeOf('node-2')} 30080`,
        `udp ${nodeOf('node-2')} 30081`,
      )
      for (const answer of heard) expect(answer).toMatch(/^[ab] 10\./)
      const six = [...machines.keys()].flatMap((node) => [`tcp ${nodeSix(node)} 30080`, `udp ${nodeSix(node)} 30081`])
      for (const answer of await ask(...six)) expect(answer).toMatch(/^[ab] fd00:/)
      expect(await onMachine('node-1', `curl -gs -m 5 http://[${nodeSix('node-2')}]:30080`)).toMatch(/^[ab] fd00:/)
      for (const node of machines.keys()) expect(await fromOutside(nodeOf(node), 30080)).toMatch(/^[ab] 10\./)
      // In mode nftables node ports are the node's own address, and no other.
      const onLoopback = await onMachine('node-1', 'curl -s -m 1 127.0.0.1:30080')
      expect(onLoopback).toMatch(mode === 'iptables' ? /^[ab] 10\./ : /^$/)
      const rules = await onMachine('node-1', 'iptables-save -t nat; nft list table ip kube-proxy 2>/dev/null')
      expect(rules).toMatch(mode === 'iptables' ? /-p sctp .*30082 .*-j KUBE-EXT-/ : /sctp \. 30082 : goto external-/)
    })

    it('with an external policy Local shows the caller’s own address, and only where an endpoint is', async () => {
      const outside = nodeOf('node-2').replace(/\d+$/, '1')
      expect(await fromOutside(nodeOf('node-2'), 30090)).toBe(`b ${outside}`)
      await expect(fromOutside(nodeOf('node-1'), 30090, 1000)).rejects.toThrow()
      // A pod is led there as if it had gone out and come in again.
      expect((await ask(`tcp ${nodeOf('node-1')} 30090`))[0]).toMatch(/^b 10\./)
    })

    it('leads from a load balancer’s address on the machines’ network, and guards it', async () => {
      const [balanced, guarded] = await Promise.all(['balanced', 'guarded'].map(balancerOf))
      const answers = await Promise.all(Array.from({ length: 24 }, () => fromOutside(balanced!, 80)))
      expect(new Set(answers.map((answer) => answer.split(' ')[0]))).toEqual(new Set(['a', 'b']))
      const second = await run('get service balanced -o jsonpath={.status.loadBalancer.ingress[1].ip}')
      for (const address of [balanced, second]) {
        expect((await ask(`tcp ${address} 80`))[0]).toMatch(/^[ab] (10\.|fd00)/)
      }
      await expect(fromOutside(guarded!, 80, 1000)).rejects.toThrow()
      const health = await run('get service guarded -o jsonpath={.spec.healthCheckNodePort}')
      const asked = ['node-1', 'node-2'].map(async (name) => (await fetch(`http://${nodeOf(name)}:${health}/`)).status)
      expect(await Promise.all(asked)).toEqual([503, 200])
      const open = { spec: { loadBalancerSourceRanges: [`${nodeOf('node-1').replace(/\d+$/, '0')}/24`] } }
      await run(`patch service guarded -p '${JSON.stringify(open)}'`)
      const gateway = nodeOf('node-2').replace(/\d+$/, '1')
      await until('the gateway is let in', async () => (await fromOutside(guarded!, 80, 1000)) === `b ${gateway}`)
      await run(`patch service guarded -p '{"spec":{"loadBalancerSourceRanges":["198.51.100.0/24"]}}'`)
    })

    tracedInMode(mode, { onMachine, trace })
    seenInMode(mode, seat)

    it('leaves nothing of the other mode', async () => {
      const saved = await onMachine('node-1', 'iptables-save; nft list tables')
      if (mode === 'iptables') expect(saved).not.toContain('kube-proxy')
      else expect(saved).not.toContain('KUBE-SVC')
    })
  })
}
