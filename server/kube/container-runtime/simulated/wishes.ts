// What a pod asks of containers that only exist on paper, by annotations, for all of its containers or for one by name:
//   simulated.podium.dev/start-after: "3s"       simulated.podium.dev/app.start-after: "3s"
//   simulated.podium.dev/exit-after: "5s"        simulated.podium.dev/app.exit-after: "5s"
//   simulated.podium.dev/exit-code: "1"          simulated.podium.dev/app.exit-code: "1"
//   simulated.podium.dev/cpu: "250m"             simulated.podium.dev/app.cpu: "50m, 900m after 1m, 50m after 5m"
//   simulated.podium.dev/memory: "64Mi"          simulated.podium.dev/app.memory: "64Mi, 512Mi after 30s"
// Without them a container runs for ever and uses 1m and 4Mi; init containers end at once with 0.

import { parseQuantity } from '../../apimachinery/quantity.ts'

const PREFIX = 'simulated.podium.dev/'
const CPU = '1m'
const MEMORY = '4Mi'

export interface Wishes {
  startAfterMs: number
  exitAfterMs: number | undefined
  exitCode: number
  cpu: UsageScript
  memory: UsageScript
}

/** What is used from when on, in order; the first from the start. */
export type UsageScript = { afterMs: number; amount: number }[]

/** Rejects what cannot be read with an error that says what, where and what to write. */
export function wishesOf(annotations: Record<string, string>, container: string): Wishes {
  const wish = <T>(what: string, read: (text: string) => T | undefined, example: string): T | undefined => {
    const own = `${PREFIX}${container}.${what}`
    const key = own in annotations ? own : `${PREFIX}${what}`
    const text = annotations[key]
    if (text === undefined) return undefined
    const value = read(text)
    if (value === undefined) throw new Error(`annotation ${key}: cannot read ${JSON.stringify(text)}; write ${example}`)
    return value
  }
  return {
    startAfterMs: wish('start-after', readDuration, '5s, 2m or 1h') ?? 0,
    exitAfterMs: wish('exit-after', readDuration, '5s, 2m or 1h'),
    exitCode: wish('exit-code', readExitCode, 'a number from 0 to 255') ?? 0,
    cpu: wish('cpu', readScript, '250m, or 50m, 900m after 1m') ?? readScript(CPU)!,
    memory: wish('memory', readScript, '64Mi, or 64Mi, 512Mi after 30s') ?? readScript(MEMORY)!,
  }
}

export function amountAt(script: UsageScript, elapsedMs: number): number {
  return script.findLast(({ afterMs }) => afterMs <= elapsedMs)?.amount ?? 0
}

/** All that was used until then, in amounts × milliseconds. */
export function totalUntil(script: UsageScript, elapsedMs: number): number {
  return script.reduce((total, { afterMs, amount }, index) => {
    const until = Math.min(elapsedMs, script[index + 1]?.afterMs ?? elapsedMs)
    return total + amount * Math.max(0, until - afterMs)
  }, 0)
}

/** `5`, `5s`, `2m`, `1h`; in milliseconds. */
function readDuration(text: string): number | undefined {
  const [, count, unit = 's'] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * { s: 1000, m: 60_000, h: 3600_000 }[unit as 's' | 'm' | 'h']
}

function readExitCode(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined
}

function readScript(text: string): UsageScript | undefined {
  const script = text.split(',').map((piece, index) => {
    const [amount = '', after, ...more] = piece.split(' after ').map((part) => part.trim())
    const afterMs = after === undefined ? (index === 0 ? 0 : undefined) : readDuration(after)
    const quantity = parseQuantity(amount)
    const isRead = quantity && quantity.number >= 0 && afterMs !== undefined && more.length === 0
    return isRead ? { afterMs, amount: quantity.number } : undefined
  })
  const isWhole = script.every((piece, index) => piece && piece.afterMs >= (script[index - 1]?.afterMs ?? 0))
  return isWhole ? (script as UsageScript) : undefined
}
