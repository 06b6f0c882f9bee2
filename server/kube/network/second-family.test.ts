import { expect, it } from 'vitest'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { openSecondFamily } from './second-family.ts'

it('gives the machine an address, and Services a way to meet the rules', async () => {
  const ran: string[] = []
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    run: async (program: string, args: string[]) => {
      ran.push([program, ...args].join(' '))
      return { exitCode: 0, stdout: '', stderr: '' }
    },
  }
  await openSecondFamily(os, { nodeIP: 'fd00:10:160::aa0:30c', serviceCidr: 'fd00:10:96::/112' })
  expect(ran.slice(-2)).toEqual([
    'ip address replace fd00:10:160::aa0:30c/96 dev eth0',
    'ip route replace fd00:10:96::/112 dev eth0',
  ])
  await openSecondFamily(os, {
    nodeIP: 'fd00:10:160::aa0:30c',
    serviceCidr: 'fd00:10:96::/112',
    relayed: 'fd00:10:160::aa0:301',
  })
  expect(ran.at(-1)).toBe('ip address replace fd00:10:160::aa0:301/128 dev lo preferred_lft 0')
  expect(ran[0]).toContain('net.ipv6.conf.all.forwarding=1')
})
