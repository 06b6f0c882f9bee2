import { describe, expect, it } from 'vitest'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { flowsIn, forgetStaleFlows, staleFlows } from './stale-flows.ts'
import { endpoint, ports, service, sliceOfUdp } from './testing/sample-services.ts'

const LISTED = [
  'udp      17 27 src=10.244.0.9 dst=10.96.0.50 sport=40000 dport=53 src=10.244.0.2 dst=10.244.0.9 sport=5353 dport=40000 [ASSURED] mark=0 use=1',
  'udp      17 27 src=10.244.0.9 dst=10.96.0.50 sport=40001 dport=53 [UNREPLIED] src=10.96.0.50 dst=10.244.0.9 sport=53 dport=40001 mark=0 use=1',
  'tcp      6 27 ESTABLISHED src=10.244.0.9 dst=10.96.0.50 sport=40000 dport=53 src=10.244.0.7 dst=10.244.0.9 sport=53 dport=40000 [ASSURED] mark=0 use=1',
].join('\n')

const dns = (...ips: string[]) =>
  ports(service({ type: 'NodePort', ports: [{ port: 53, protocol: 'UDP', nodePort: 30053 }] }), [
    sliceOfUdp(...ips.map((ip) => endpoint(ip))),
  ])
const flow = (to: string, port: number, from: string) => ({ to, port, from })

describe('flows', () => {
  it('are read from what conntrack lists, UDP only', () => {
    expect(flowsIn(LISTED)).toEqual([flow('10.96.0.50', 53, '10.244.0.2'), flow('10.96.0.50', 53, '10.96.0.50')])
  })

  it.each([
    { name: 'to an endpoint that answers goes on', flow: flow('10.96.0.50', 53, '10.244.0.2'), stale: false },
    { name: 'to one that is gone is forgotten', flow: flow('10.96.0.50', 53, '10.244.0.7'), stale: true },
    { name: 'to nowhere, from before there was one, as well', flow: flow('10.96.0.50', 53, '10.96.0.50'), stale: true },
    { name: 'by a node port as well', flow: flow('10.160.1.11', 30053, '10.244.0.7'), stale: true },
    { name: 'to another port is not ours', flow: flow('10.96.0.50', 54, '10.244.0.7'), stale: false },
  ])('$name', ({ flow, stale }) => expect(staleFlows([flow], dns('10.244.0.2'))).toHaveLength(stale ? 1 : 0))

  it('are let alone while nobody answers: the rules refuse', () => {
    expect(staleFlows([flow('10.96.0.50', 53, '10.244.0.7')], dns())).toEqual([])
  })

  it('are taken away one by one, and not looked for where nothing speaks UDP', async () => {
    const ran: string[] = []
    const os = {
      ...createSimulatedNodeOs({ hostname: 'n1' }),
      run: async (_: string, args: string[]) => {
        ran.push(args.join(' '))
        return { exitCode: 0, stdout: args[0] === '-L' ? LISTED : '', stderr: '' }
      },
    }
    await forgetStaleFlows(os, 'IPv4', ports(service(), []))
    expect(ran).toEqual([])
    await forgetStaleFlows(os, 'IPv4', dns('10.244.0.2'))
    expect(ran).toEqual(['-L -p udp -f ipv4', '-D -p udp -f ipv4 -d 10.96.0.50 --dport 53 -r 10.96.0.50'])
  })
})
