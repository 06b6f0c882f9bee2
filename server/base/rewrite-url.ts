// A page that is seen through a proxy stands under a longer path than it knows: its addresses from the root are told anew.
// Upstream: apimachinery/pkg/util/proxy/transport.go.

/** Where such a page stands: under which path of ours, without a slash at its end, and what it calls its own host. */
export interface Place {
  prefix: string
  /** With the port, as in a Host header. */
  host: string
}

/** Only addresses of the same host that begin at its root are changed. */
export function rewriteUrl(url: string, { prefix, host }: Place): string {
  let path = url
  const absolute = /^(?:(?:https?|wss?):)?\/\/([^/?#]*)(.*)$/i.exec(url)
  if (absolute) {
    if (absolute[1]?.toLowerCase() !== host.toLowerCase()) return url
    path = absolute[2]?.startsWith('/') ? absolute[2] : `/${absolute[2]}`
  }
  if (!path.startsWith('/') || path === prefix || path.startsWith(`${prefix}/`)) return path
  return prefix + path
}
