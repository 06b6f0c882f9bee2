// Functions of the library that are not upstream's: its patterns are JavaScript's, which can hold up a server for minutes,
// it searches and joins texts without a bound, and counts them in halves of characters. Overloads cannot be replaced, so calls of them are turned into calls of
// ours, which have names of their own. Upstream: cel-go/ext/strings.go.

interface Named {
  readonly op: string
  readonly args: unknown
}

const OURS = new Set(
  'matches contains charAt indexOf lastIndexOf substring split join lowerAscii upperAscii'.split(' '),
)
/** Methods of bytes that only the library has. */
const NOT_UPSTREAMS = new Set('json hex base64 at string'.split(' '))
const PREFIX = 'own_'

export const ownName = (name: string): string => (OURS.has(name) ? PREFIX + name : name)
export const nameAsWritten = (name: string): string => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name)

/** The name of what is called, or the operator. */
export const operationOf = ({ op, args }: Named): string =>
  op === 'call' || op === 'rcall' ? nameAsWritten((args as unknown[])[0] as string) : op

export const unknownFunction = (name: string, node: Named): Error =>
  Object.assign(new Error(`Unknown variable: ${name}`), { code: 'unknown_variable', node })

export function renameCall(node: Named): void {
  if (node.op !== 'call' && node.op !== 'rcall') return
  const args = node.args as unknown[]
  const name = args[0] as string
  if (name.startsWith(PREFIX) || (node.op === 'rcall' && NOT_UPSTREAMS.has(name))) throw unknownFunction(name, node)
  args[0] = ownName(name)
}
