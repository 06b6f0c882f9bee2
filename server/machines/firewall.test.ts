import { describe, expect, it } from 'vitest'
import { firewallRules } from './firewall.ts'

const request = {
  cluster: 'ada',
  slot: 3,
  bridge: 'pdm-3',
  subnet: '10.160.3.0/24',
  gateway: '10.160.3.1',
  openTcpPorts: [6443, 53],
  openUdpPorts: [53],
  registries: [
    { address: '10.160.0.11', tcpPort: 443 },
    { address: '10.160.0.12', tcpPort: 5000 },
  ],
}

describe('the rules of a learner network', () => {
  const rules = firewallRules(request).split('\n')
  const of = (chain: string) => rules.filter((rule) => rule.startsWith(`-A ${chain} `))

  it('opens exactly the named ports, and only of the network’s own gateway', () => {
    const accepted = of('PODIUM-IN-3').filter((rule) => rule.endsWith('ACCEPT') && rule.includes('--dport'))
    expect(accepted).toEqual([
      '-A PODIUM-IN-3 -s 10.160.3.0/24 -d 10.160.3.1/32 -p udp --dport 53 -m limit --limit 2000/sec --limit-burst 2000 -j ACCEPT',
      '-A PODIUM-IN-3 -s 10.160.3.0/24 -d 10.160.3.1/32 -p tcp --dport 6443 --syn -m limit --limit 200/sec --limit-burst 500 -j ACCEPT',
      '-A PODIUM-IN-3 -s 10.160.3.0/24 -d 10.160.3.1/32 -p tcp --dport 53 --syn -m limit --limit 200/sec --limit-burst 500 -j ACCEPT',
    ])
  })

  it('drops what is more than that before anything is let through because it was answered', () => {
    const input = of('PODIUM-IN-3')
    const answered = input.findIndex((rule) => rule.includes('ESTABLISHED'))
    const drops = input.flatMap((rule, at) => (rule.endsWith('-j DROP') ? [at] : []))
    expect(drops).toHaveLength(3)
    for (const at of drops) expect(at).toBeLessThan(answered)
  })

  it('ends both chains by refusing, so that what is not named fails at once', () => {
    expect(of('PODIUM-IN-3').at(-1)).toBe('-A PODIUM-IN-3 -j REJECT')
    expect(of('PODIUM-FWD-3').at(-1)).toContain('-j REJECT')
  })

  it('lets nothing be forwarded but machine to machine, the registries, and answers to the network', () => {
    expect(of('PODIUM-FWD-3').slice(0, -1)).toEqual([
      '-A PODIUM-FWD-3 -i pdm-3 -o pdm-3 -j ACCEPT',
      '-A PODIUM-FWD-3 -i pdm-3 -d 10.160.0.11/32 -p tcp --dport 443 -j ACCEPT',
      '-A PODIUM-FWD-3 -i pdm-3 -d 10.160.0.12/32 -p tcp --dport 5000 -j ACCEPT',
      '-A PODIUM-FWD-3 -o pdm-3 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ])
  })

  it('leads the ports of its gateway to the registries', () => {
    expect(of('PODIUM-NAT-3')).toEqual([
      '-A PODIUM-NAT-3 -d 10.160.3.1/32 -p tcp --dport 443 -j DNAT --to-destination 10.160.0.11:443',
      '-A PODIUM-NAT-3 -d 10.160.3.1/32 -p tcp --dport 5000 -j DNAT --to-destination 10.160.0.12:5000',
    ])
  })

  it('declares its chains, so that applying the rules twice leaves them once', () => {
    for (const chain of ['PODIUM-IN-3', 'PODIUM-FWD-3', 'PODIUM-NAT-3']) expect(rules).toContain(`:${chain} - [0:0]`)
  })

  it('lets the registry’s own network answer and never start a connection', () => {
    const serving = firewallRules({
      ...request,
      registries: [],
      serves: [{ address: '10.160.0.11', tcpPort: 443 }],
    })
    expect(serving).not.toContain('-i pdm-3')
    expect(serving).toContain('-A PODIUM-FWD-3 -o pdm-3 -d 10.160.0.11/32 -p tcp --dport 443 -j ACCEPT')
  })
})
