import { expect, it } from 'vitest'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { podPaths, runAll } from './pod-paths.ts'

const other = { podCidr: '10.244.1.0/24', via: '10.160.3.13' }
const six = { ...other, podCidr: 'fd00:10:244:1::/64' }

it('leads through the other machine', () => {
  expect(podPaths.routes.add(other)).toEqual(['ip route replace 10.244.1.0/24 via 10.160.3.13'])
  expect(podPaths.routes.remove(other)).toEqual(['-ip route delete 10.244.1.0/24'])
})

it('leads through an overlay whose ends know each other by their addresses alone', () => {
  const [link, ...ends] = podPaths.vxlan.prepare({ podCidrs: ['10.244.1.0/24', six.podCidr], via: other.via })
  expect(ends.slice(0, 2)).toEqual([
    'ip address replace 10.244.1.0/32 dev vxlan.1',
    'ip address replace fd00:10:244:1::/128 nodad dev vxlan.1',
  ])
  expect(link).toContain('address 0a:58:0a:a0:03:0d type vxlan id 1 local 10.160.3.13')
  expect(podPaths.vxlan.add(other)).toEqual([
    'bridge fdb replace 0a:58:0a:a0:03:0d dev vxlan.1 dst 10.160.3.13',
    'ip neighbour replace 10.244.1.0 lladdr 0a:58:0a:a0:03:0d dev vxlan.1 nud permanent',
    'ip route replace 10.244.1.0/24 via 10.244.1.0 dev vxlan.1 onlink',
  ])
  expect(podPaths.vxlan.add(six)).toEqual([
    'bridge fdb replace 0a:58:0a:a0:03:0d dev vxlan.1 dst 10.160.3.13',
    'ip neighbour replace fd00:10:244:1:: lladdr 0a:58:0a:a0:03:0d dev vxlan.1 nud permanent',
    '-ip route delete fd00:10:244:1::/64 dev eth0',
    'ip route replace fd00:10:244:1::/64 via fd00:10:244:1:: dev vxlan.1 onlink',
  ])
  expect(podPaths.vxlan.remove(other)).toHaveLength(3)
})

it('goes on when what is to be made is there, and says what failed otherwise', async () => {
  const ran: string[] = []
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    run: async (program: string, args: string[]) => {
      ran.push([program, ...args].join(' '))
      return { exitCode: 2, stdout: '', stderr: 'RTNETLINK answers: File exists\n' }
    },
  }
  await expect(runAll(os, ['-ip link add a', 'ip link set a up', 'never'])).rejects.toThrow(
    'ip link set a up: RTNETLINK answers: File exists',
  )
  expect(ran).toEqual(['ip link add a', 'ip link set a up'])
})
