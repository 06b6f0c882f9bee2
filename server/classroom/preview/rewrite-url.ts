/** Where a previewed page stands: under which path of ours, and what it calls its own host. */
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
  return path.startsWith('/') && !path.startsWith(`${prefix}/`) ? prefix + path : path
}
