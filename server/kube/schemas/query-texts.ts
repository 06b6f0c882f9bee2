// What may be asked in a query, in words: read like the texts of fields (descriptions.ts), from the declarations of the
// requests of @kubernetes/client-node.
//
//   export interface CoreV1ApiListNamespacedPodRequest {
//     /** … \n * Defaults to: undefined */
//     _continue?: string;

/** Under which name the texts are kept, and a request that takes such a query: they are the same of all kinds. */
const REQUESTS = {
  list: 'ListNamespacedPod',
  write: 'PatchNamespacedPod',
  delete: 'DeleteNamespacedPod',
  log: 'ReadNamespacedPodLog',
  exec: 'ConnectGetNamespacedPodExec',
  attach: 'ConnectGetNamespacedPodAttach',
  portforward: 'ConnectGetNamespacedPodPortforward',
  proxy: 'ConnectGetNamespacedPodProxy',
} as const
export type QuerySet = keyof typeof REQUESTS

export const queryPlace = (set: QuerySet, name: string): string => `query.${set}.${name}`

export function readQueryTexts(declarations: string): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [set, request] of Object.entries(REQUESTS)) {
    const from = declarations.indexOf(`interface CoreV1Api${request}Request {`)
    const own = from < 0 ? '' : declarations.slice(from, declarations.indexOf('\n}', from))
    for (const [, comment = '', name = ''] of own.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*_?(\w+)\??:/g)) {
      const words = comment.split('\n').map((line) => line.replace(/^\s*\*?\s?/, '').trimEnd())
      const end = words.findIndex((line) => line.startsWith('Defaults to: '))
      texts.set(queryPlace(set as QuerySet, name), unescaped(words.slice(0, end).join('\n').trim()))
    }
  }
  return texts
}

const unescaped = (text: string): string =>
  text
    .replaceAll('\\&', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replace(/&#(x[0-9A-Fa-f]+|\d+);/g, (_, code: string) => String.fromCodePoint(Number(code.replace(/^x/, '0x'))))
    .replaceAll('&amp;', '&')
