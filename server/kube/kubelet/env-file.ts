// Variables that a pod has written down for its own containers. A file of them is shell of the simplest kind: names, and
// values in single quotes that may go over several lines and mean nothing but themselves.
// Upstream: pkg/kubelet/util/env/env_util.go.

/** Empty where the file does not say; of several the first counts, and what comes after it is not looked at. */
export function valueInFile(text: string, key: string): string {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  if (lines.at(-1) === '') lines.pop()
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? '').replace(/^[ \t]+/, '')
    if (line === '' || line.startsWith('#')) continue
    const refuse = (why: string) => new Error(`invalid environment variable format at line ${at + 1}: ${why}`)
    const equals = line.indexOf('=')
    if (equals < 0) throw refuse("missing '='")
    const name = line.slice(0, equals)
    if (/^[ \t]*$/.test(name)) throw refuse('empty variable name')
    if (/[ \t]$/.test(name)) throw refuse("whitespace before '=' is not allowed")
    const rest = line.slice(equals + 1)
    // To a shell that is an empty value, and a command after it.
    if (/^[ \t]/.test(rest)) {
      if (name === key) return ''
      continue
    }
    if (!rest.startsWith("'")) throw refuse('value must be enclosed in single quotes')
    const begin = at
    const value = [rest.slice(1)]
    // Each line is looked through once: a pod may write a megabyte of them.
    while (!value.at(-1)?.includes("'")) {
      if (++at === lines.length) {
        throw new Error(`invalid environment variable format starting at line ${begin + 1}: unclosed single quote`)
      }
      value.push(lines[at] ?? '')
    }
    const last = value.pop() ?? ''
    const end = last.indexOf("'")
    if (!/^[ \t]*(#|$)/.test(last.slice(end + 1))) throw refuse('unexpected content after closing quote')
    if (name === key) return [...value, last.slice(0, end)].join('\n')
  }
  return ''
}
