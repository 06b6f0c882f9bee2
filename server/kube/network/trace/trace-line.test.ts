import { describe, expect, it } from 'vitest'
import { firstPasses, Passages } from './passages.ts'
import { parseTraceLine } from './trace-line.ts'

// As nft 1.0.6 told them on Linux 6.18, of a call from a pod to a Service with two endpoints.
const id = 'trace id d5a5592d'
const headers = 'ether saddr 16:77:83:bb:f9:c2 ether daddr 0e:1d:8b:3a:77:fd ip saddr 10.1.0.2'
const rest = 'ip dscp cs0 ip ecn not-ect ip ttl 64 ip id 54816 ip length 60'
const lines = {
  packet: `${id} ip nat PREROUTING packet: iif "cni0" ${headers} ip daddr 10.96.0.5 ${rest} tcp sport 40001 tcp dport 80 tcp flags == syn tcp window 64240 `,
  jump: `${id} ip nat PREROUTING rule  counter packets 0 bytes 0 jump KUBE-SERVICES # handle 6 (verdict jump KUBE-SERVICES)`,
  dnat: `${id} ip nat KUBE-SEP-A rule meta l4proto tcp  counter packets 0 bytes 0 dnat to 10.1.0.3:8080 # handle 10 (verdict accept)`,
  unknown: `${id} ip nat KUBE-SEP-A unknown rule handle 11 (verdict continue)`,
  forward: `${id} ip filter FORWARD packet: iif "cni0" oif "eth0" ${headers} ip daddr 10.1.0.3 ${rest} tcp sport 40001 tcp dport 8080 tcp flags == syn tcp window 64240 `,
  policy: `${id} ip filter FORWARD policy accept `,
  drop: `${id} inet network-policy pol rule counter packets 0 bytes 0 drop comment "ingress dropped by default/x" # handle 8 (verdict drop)`,
  udp: 'trace id 5cfac9cf ip nat OUTPUT packet: oif "lo" ip saddr 127.0.0.1 ip daddr 127.0.0.1 ip protocol udp ip length 30 udp sport 39290 udp dport 53 udp length 10 @th,64,16 0x780a ',
}

describe('a line of a trace', () => {
  it('tells which packet came by which link, from whom to whom', () => {
    expect(parseTraceLine(lines.packet)).toMatchObject({
      type: 'packet',
      id: 'd5a5592d',
      family: 'ip',
      table: 'nat',
      chain: 'PREROUTING',
      packet: {
        ...{ iif: 'cni0', oif: '', protocol: 'tcp', from: '10.1.0.2', to: '10.96.0.5', fromPort: 40001, toPort: 80 },
        line: expect.stringMatching(/^iif "cni0" ether .* tcp window 64240$/),
      },
    })
    expect(parseTraceLine(lines.udp)).toMatchObject({
      packet: { oif: 'lo', protocol: 'udp', fromPort: 39290, toPort: 53 },
    })
  })

  it.each([
    ['jump', { chain: 'PREROUTING', handle: 6, verdict: 'jump KUBE-SERVICES' }],
    ['dnat', { chain: 'KUBE-SEP-A', handle: 10, verdict: 'accept' }],
    [
      'drop',
      { chain: 'pol', handle: 8, verdict: 'drop', text: expect.stringContaining('comment "ingress dropped by') },
    ],
    // Somebody wrote it after nft had begun to listen.
    ['unknown', { handle: 11, verdict: 'continue', text: '' }],
  ] as const)('tells the rule that was met: %s', (name, rule) => {
    expect(parseTraceLine(lines[name])).toMatchObject({ type: 'rule', ...rule })
  })

  it('tells what a chain does with what no rule decided about, and is nothing where it is something else', () => {
    expect(parseTraceLine(lines.policy)).toMatchObject({ type: 'policy', verdict: 'accept' })
    expect(parseTraceLine('# new generation 12 by process 99 (nft)')).toBeUndefined()
  })
})

const passagesOf = (...told: string[]) => {
  const passages = new Passages()
  for (const line of told) passages.add(parseTraceLine(line)!)
  return passages.all
}

describe('passages', () => {
  it('have the rules of their own chains, though packets pass at the same time', () => {
    const other = (line: string) => line.replace('d5a5592d', '11111111').replaceAll('40001', '50000')
    const all = passagesOf(
      lines.packet,
      other(lines.packet),
      lines.jump,
      other(lines.jump),
      lines.dnat,
      lines.forward,
      lines.policy,
    )
    expect(all.map(({ chain, packet, rules }) => [chain, packet.fromPort, rules.map(({ handle }) => handle)])).toEqual([
      ['PREROUTING', 40001, [6, 10]],
      ['PREROUTING', 50000, [6]],
      ['FORWARD', 40001, []],
    ])
    expect(all[2]?.policy).toBe('accept')
  })

  it('are told once of what is sent again', () => {
    const again = (line: string) => line.replace('d5a5592d', '22222222')
    const all = passagesOf(lines.packet, lines.forward, again(lines.packet), again(lines.forward))
    expect(firstPasses(all)).toEqual(all.slice(0, 2))
  })

  it('are not kept without end', () => {
    const all = passagesOf(
      ...Array.from({ length: 2000 }, (_, at) => lines.packet.replace('d5a5592d', at.toString(16))),
    )
    expect(all.length).toBeLessThanOrEqual(500)
  })
})
