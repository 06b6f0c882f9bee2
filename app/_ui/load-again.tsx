// A browser on the classroom's own machine drops what it is loading whenever a network appears there, as one does with
// every new cluster (Chromium: ERR_NETWORK_CHANGED). A page that lost a part of itself that way loads itself again: once,
// and not again within a while, so that a part that is really missing shows its error instead of a loop.

const script = `
addEventListener('error', (event) => {
  const part = event.target
  const isPart = part instanceof HTMLScriptElement || part instanceof HTMLLinkElement
  if (!isPart || !(part.src || part.href).startsWith(location.origin + '/_next/')) return
  const last = Number(sessionStorage.getItem('podium.loaded-again'))
  if (Date.now() - last < 15000) return
  sessionStorage.setItem('podium.loaded-again', String(Date.now()))
  location.reload()
}, true)
`

/** In the head, before everything that may be lost. */
export function LoadAgain() {
  // biome-ignore lint/security/noDangerouslySetInnerHtml: our own words, and it has to run before any bundle is there
  return <script dangerouslySetInnerHTML={{ __html: script }} />
}
