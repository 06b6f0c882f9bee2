import { describe, expect, it } from 'vitest'
import { parseConntrackLine } from './conntrack-line.ts'

// Lines as conntrack 1.4.7 printed them on Linux, with accounting on.
const lines = {
  new: '[1795731727.954058]\t    [NEW] tcp      6 3 SYN_SENT src=10.1.0.2 dst=10.96.0.50 sport=48180 dport=80 [UNREPLIED] src=10.1.0.1 dst=10.1.0.2 sport=8080 dport=48180 id=647239894',
  gone: '[1795731773.268029]\t[DESTROY] tcp      6 TIME_WAIT src=10.1.0.2 dst=10.96.0.50 sport=48180 dport=80 packets=6 bytes=394 src=10.1.0.1 dst=10.1.0.2 sport=8080 dport=48180 packets=4 bytes=3341 [ASSURED] id=647239894',
  refused:
    '[1795731728.366064]\t[DESTROY] tcp      6 3 CLOSE src=10.1.0.2 dst=10.1.0.1 sport=57250 dport=81 packets=1 bytes=60 [UNREPLIED] src=10.1.0.1 dst=10.1.0.2 sport=81 dport=57250 packets=1 bytes=40 id=2309281625',
  udp: '[1795731729.414073]\t    [NEW] udp      17 2 src=10.1.0.2 dst=10.96.0.51 sport=35205 dport=53 [UNREPLIED] src=10.1.0.1 dst=10.1.0.2 sport=5353 dport=35205 id=911109254',
  udpGone:
    '[1795731773.267979]\t[DESTROY] udp      17 src=10.1.0.2 dst=10.96.0.51 sport=35205 dport=53 packets=1 bytes=31 [UNREPLIED] src=10.1.0.1 dst=10.1.0.2 sport=5353 dport=35205 packets=0 bytes=0 id=911109254',
  six: '[1795811183.986116]\t    [NEW] tcp      6 120 SYN_SENT src=fd00:10:244:1::2 dst=fd00:10:96::7 sport=50838 dport=80 [UNREPLIED] src=fd00:10:244:2::2 dst=fd00:10:244:1::2 sport=8080 dport=50838 id=3051957871',
}
const client = { from: '10.1.0.2', to: '10.96.0.50', fromPort: 48180, toPort: 80 }
const server = { from: '10.1.0.1', to: '10.1.0.2', fromPort: 8080, toPort: 48180 }

describe('a line of conntrack', () => {
  it('tells who called which address, and who was chosen to answer', () => {
    expect(parseConntrackLine(lines.new)).toEqual({
      type: 'new',
      at: expect.closeTo(1795731727954.058, 2),
      id: '647239894',
      protocol: 'tcp',
      state: 'SYN_SENT',
      replied: false,
      asked: client,
      answered: server,
    })
  })

  it('counts both directions when the connection is gone', () => {
    expect(parseConntrackLine(lines.gone)).toMatchObject({
      type: 'gone',
      id: '647239894',
      state: 'TIME_WAIT',
      replied: true,
      asked: { ...client, packets: 6, bytes: 394 },
      answered: { ...server, packets: 4, bytes: 3341 },
    })
  })

  it('tells a refusal, which is one packet back, from silence, which is none', () => {
    expect(parseConntrackLine(lines.refused)).toMatchObject({
      state: 'CLOSE',
      replied: false,
      answered: { packets: 1 },
    })
    expect(parseConntrackLine(lines.udpGone)).toMatchObject({ replied: false, answered: { packets: 0 } })
  })

  it('tells of IPv6 as of IPv4', () => {
    expect(parseConntrackLine(lines.six)).toMatchObject({
      id: '3051957871',
      state: 'SYN_SENT',
      asked: { from: 'fd00:10:244:1::2', to: 'fd00:10:96::7', fromPort: 50838, toPort: 80 },
      answered: { from: 'fd00:10:244:2::2', to: 'fd00:10:244:1::2', fromPort: 8080, toPort: 50838 },
    })
  })

  it('reads protocols without states, and those without ports', () => {
    expect(parseConntrackLine(lines.udp)).toMatchObject({ protocol: 'udp', state: '', asked: { toPort: 53 } })
    const ping =
      '[1795731729.414073]\t    [NEW] icmp     1 30 src=10.1.0.2 dst=10.1.0.1 type=8 code=0 id=7 [UNREPLIED] src=10.1.0.1 dst=10.1.0.2 type=0 code=0 id=7 id=911109255'
    expect(parseConntrackLine(ping)).toMatchObject({ protocol: 'icmp', id: '911109255', asked: { toPort: 0 } })
    const six =
      '[1795811185.047504]\t    [NEW] icmpv6   58 30 src=fd00::2 dst=fd00::9 type=128 code=0 id=63 [UNREPLIED] src=fd00::9 dst=fd00::2 type=129 code=0 id=63 id=2081050686'
    expect(parseConntrackLine(six)).toMatchObject({ protocol: 'icmpv6', id: '2081050686', asked: { from: 'fd00::2' } })
  })

  it.each([
    'NOTICE: Netlink socket buffer size has been set to 16777216 bytes.',
    'conntrack v1.4.7 (conntrack-tools): 6 flow events have been shown.',
    lines.new.replace('[NEW]', '[UPDATE]'),
    lines.new.slice(0, 90),
    '',
  ])('is none: %s', (line) => expect(parseConntrackLine(line)).toBeUndefined())
})
