// kube-proxy as it was: a program between caller and endpoint.

import { beforeAll, describe, expect, it } from 'vitest'
import type { PacketSeat } from './seat.ts'

export function servicesByProgram({ run, ask, onMachine, nodeOf, fromOutside, takeMode }: PacketSeat): void {
  describe('mode userspace, of Kubernetes before 1.26', () => {
    beforeAll(() => takeMode('userspace'))

    it('leads to one endpoint after another, and whoever answers sees its node calling', async () => {
      const heard = await ask(...Array(8).fill('tcp web 80'))
      for (const answer of heard) expect(answer).toMatch(new RegExp(`^(a 10\\.244\\.\\d+\\.1|b ${nodeOf('node-1')})$`))
      const names = heard.map((answer) => answer[0])
      expect(names.slice(1)).toEqual(names.slice(0, -1).map((name) => (name === 'a' ? 'b' : 'a')))
      expect(new Set(await ask(...Array(6).fill('tcp sticky 80'))).size).toBe(1)
      const second = (await run('get service both -o jsonpath={.spec.clusterIPs[1]}')).trim()
      expect((await ask(`tcp ${second} 80`))[0]).toMatch(/^[ab] fd00/)
    })

    it('opens ports on every node, for TCP and UDP, and to itself', async () => {
      const asked = [`tcp ${nodeOf('node-1')} 30080`, `tcp ${nodeOf('node-2')} 30080`, `udp ${nodeOf('node-2')} 30081`]
      for (const answer of await ask(...asked)) expect(answer).toMatch(/^[ab] 10\./)
      expect(await fromOutside(nodeOf('node-2'), 30080)).toMatch(/^[ab] 10\./)
      expect(await onMachine('node-1', `curl -s ${nodeOf('node-1')}:30080`)).toMatch(/^[ab] 10\./)
    })

    it('takes a call that nobody answers, and ends it at once', async () => {
      expect((await ask('tcp nobody 80'))[0]).toMatch(/^(|ConnectionResetError|BrokenPipeError)$/)
    })

    it('has its own chains, and nothing of the other modes', async () => {
      const saved = await onMachine('node-1', 'iptables-save; nft list tables')
      expect(saved).toMatch(/-A KUBE-PORTALS-CONTAINER .*"default\/web" .*-j REDIRECT --to-ports \d+/)
      expect(saved).not.toMatch(/kube-proxy|KUBE-SERVICES/)
    })
  })
}
