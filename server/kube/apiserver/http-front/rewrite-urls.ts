// A page that is seen through a proxy stands under a longer path than it knows: what it says about paths from the root
// is told anew. Upstream: apimachinery/pkg/util/proxy/transport.go.

const ATTRIBUTES =
  /(\s(?:href|src|action|cite|data|formaction|icon|manifest|poster|background|longdesc)\s*=\s*)(["'])(.*?)\2/gi
const TAG = /<[a-z][^>]*>/gi

/** Only addresses of the same host that begin at the root are changed. */
export function rewriteUrl(url: string, { prefix, host }: { prefix: string; host: string }): string {
  let path = url
  const absolute = /^(?:https?:)?\/\/([^/?#]*)(.*)$/i.exec(url)
  if (absolute) {
    if (absolute[1] !== host) return url
    path = absolute[2] || '/'
  }
  if (!path.startsWith('/') || path === prefix || path.startsWith(`${prefix}/`)) return path
  return prefix + path
}

export function rewriteHtml(html: string, where: { prefix: string; host: string }): string {
  return html.replace(TAG, (tag) =>
    tag.replace(ATTRIBUTES, (_all, name: string, quote: string, url: string) => {
      return `${name}${quote}${rewriteUrl(url, where)}${quote}`
    }),
  )
}
