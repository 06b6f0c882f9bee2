// Traces through each mode of kube-proxy, over TCP and UDP: what is told against the rules that the kernel has.

import { expect, it } from 'vitest'
import type { TracedRequest, TraceQuestion } from '../../server/observe/index.ts'

export interface ModeSeat {
  onMachine(name: string, script: string): Promise<string>
  trace(question: TraceQuestion): Promise<TracedRequest | string>
}

const RULES: Record<string, string> = {
  iptables: 'iptables-save',
  nftables: "nft list table ip kube-proxy | sed 's/counter packets [0-9]* bytes [0-9]*/counter/'",
}

export function tracedInMode(mode: string, seat: () => ModeSeat): void {
  const trace = async (to: string, protocol: TraceQuestion['protocol'] = 'tcp') => {
    const traced = await seat().trace({ from: { pod: { namespace: 'default', name: 'client' } }, to, protocol })
    if (typeof traced === 'string') throw new Error(traced)
    return traced
  }
  const hop = ({ hops }: TracedRequest, kind: string) => {
    const found = hops.find((one) => one.kind === kind)
    expect(found, `${kind} in ${JSON.stringify(hops, undefined, 1)}`).toBeDefined()
    return found!
  }

  it('is traced rule by rule, in the words of the mode’s own tool, with all among whom was chosen', async () => {
    const traced = await trace('web')
    expect(traced.verdict).toMatchObject({ state: 'ok', why: '' })
    const { lines, choice, says } = hop(traced, 'service')
    const rules = (await seat().onMachine('node-1', RULES[mode] ?? '')).split('\n').map((line) => line.trim())
    expect(rules).toEqual(expect.arrayContaining(lines))
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

  it('shows the rule that refuses what is for nobody', async () => {
    const traced = await trace('nobody')
    expect(traced.verdict.why).toContain('It selects `app=wbe`; no Pod has that label.')
    const stop = traced.hops.at(-1)
    expect(stop).toMatchObject({ kind: 'filter', where: 'node-1', state: 'fail' })
    expect(stop?.lines.at(-1)).toMatch(mode === 'iptables' ? /has no endpoints.* -j REJECT/ : /^reject\b/)
  })
}
