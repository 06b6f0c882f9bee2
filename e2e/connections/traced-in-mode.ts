// Traces through each mode of kube-proxy, over TCP and UDP, IPv4 and IPv6: what is told against the rules that the kernel has.

import { expect, it } from 'vitest'
import type { TracedRequest, TraceQuestion } from '../../server/observe/index.ts'

export interface ModeSeat {
  onMachine(name: string, script: string): Promise<string>
  trace(question: TraceQuestion): Promise<TracedRequest | string>
}

const RULES: Record<string, string> = {
  iptables: 'iptables-save; ip6tables-save',
  nftables: 'nft list table ip kube-proxy; nft list table ip6 kube-proxy',
}

export function tracedInMode(mode: string, seat: ModeSeat): void {
  const trace = async (to: string, protocol: TraceQuestion['protocol'] = 'tcp') => {
    const traced = await seat.trace({ from: { pod: { namespace: 'default', name: 'client' } }, to, protocol })
    if (typeof traced === 'string') throw new Error(traced)
    return traced
  }
  const hop = ({ hops }: TracedRequest, kind: string) => {
    const found = hops.find((one) => one.kind === kind)
    expect(found, `${kind} in ${JSON.stringify(hops, undefined, 1)}`).toBeDefined()
    return found!
  }

  /** On one line: nft breaks long rules. */
  const plain = (text: string) => text.replace(/counter packets \d+ bytes \d+/g, 'counter').replace(/\s+/g, ' ')
  async function areInKernel(lines: readonly string[]): Promise<void> {
    const rules = plain(await seat.onMachine('node-1', RULES[mode] ?? ''))
    for (const line of lines) expect(rules).toContain(plain(line))
  }

  it('is traced rule by rule, in the words of the mode’s own tool, with all among whom was chosen', async () => {
    const traced = await trace('web')
    expect(traced.verdict).toMatchObject({ state: 'ok', why: '' })
    const { lines, choice, says } = hop(traced, 'service')
    await areInKernel(lines)
    expect(choice).toHaveLength(2)
    const [taken] = choice?.filter(({ isTaken }) => isTaken) ?? []
    const { target } = traced.ends
    expect(taken?.words).toContain(` → ${target?.ip}:${target?.port}`)
    expect(says).toContain(`\`${target?.ip}:${target?.port}\``)
    expect(['a', 'b']).toContain(target?.pod?.name)
  })

  it('is traced over UDP as well', async () => {
    const traced = await trace('flow', 'udp')
    expect(traced.verdict.says).toMatch(/^Answered: `[cd] 10\./)
    expect(traced.verdict.lines).toEqual([expect.stringMatching(/^udp 17 .* dport=80 .* sport=8080 /)])
    expect(['c', 'd']).toContain(traced.ends.target?.pod?.name)
  })

  it('is traced over IPv6 as well, where the name has no other address', async () => {
    const traced = await trace('six')
    expect(traced.verdict).toMatchObject({ state: 'ok', why: '' })
    expect(traced.hops[0]?.lines.slice(-2)).toEqual([
      expect.stringMatching(/^six\.default\.svc\.cluster\.local\. A: NODATA$/),
      expect.stringMatching(/^six\.default\.svc\.cluster\.local\. AAAA: fd00:/),
    ])
    const { lines, says } = hop(traced, 'service')
    await areInKernel(lines)
    const { target } = traced.ends
    expect(says).toContain(`\`[${target?.ip}]:8080\`, ${target?.pod?.name}`)
    expect(['a', 'b']).toContain(target?.pod?.name)
    expect(traced.verdict.lines).toEqual([expect.stringMatching(/^tcp 6 .* src=fd00:\S+ dst=fd00:/)])
    expect(hop(traced, 'route').state).toBe('ok')
  })

  it('shows the rule that refuses what is for nobody', async () => {
    const traced = await trace('nobody')
    expect(traced.verdict.why).toContain('It selects `app=wbe`; no Pod has that label.')
    const stop = traced.hops.at(-1)
    expect(stop).toMatchObject({ kind: 'filter', where: 'node-1', state: 'fail' })
    expect(stop?.lines.at(-1)).toMatch(mode === 'iptables' ? /has no endpoints.* -j REJECT/ : /^reject\b/)
  })
}
