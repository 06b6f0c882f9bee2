// What a proxied page says in its HTML of paths from the root. Upstream: apimachinery/pkg/util/proxy/transport.go.

import { type Place, rewriteUrl } from '../../../base/rewrite-url.ts'

const ATTRIBUTES =
  /(\s(?:href|src|action|cite|data|formaction|icon|manifest|poster|background|longdesc)\s*=\s*)(["'])(.*?)\2/gi
/** A tag has no other within: looked for anew at each of many that never end, they would take the square of the page. */
const TAG = /<[a-z][^<>]*>/gi

export function rewriteHtml(html: string, where: Place): string {
  return html.replace(TAG, (tag) =>
    tag.replace(ATTRIBUTES, (_all, name: string, quote: string, url: string) => {
      return `${name}${quote}${rewriteUrl(url, where)}${quote}`
    }),
  )
}
