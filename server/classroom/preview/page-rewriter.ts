// A page behind a preview stands under a longer path than it knows. What its HTML says of paths from the root is told anew
// while it streams by, and its scripts are taught the same before they run: a page without an origin sends no Referer from
// which the classroom could tell whose request it is.

import { RewritingStream } from 'parse5-html-rewriting-stream'
import { type Place, rewriteUrl } from '../../base/rewrite-url.ts'

/** What the parser says of a tag, beyond its declared type. */
interface WhereItStands {
  attrs?: Record<string, { startOffset: number; endOffset: number }>
}

const WITH_URL = new Set(['href', 'src', 'action', 'formaction', 'poster', 'data', 'background', 'manifest'])

/** Takes and gives text in which each character is a byte (latin1), so that a page in any alphabet is left as it is. */
export function pageRewriter(place: Place): RewritingStream {
  const rewriter = new RewritingStream()
  let isTaught = false
  const teach = () => {
    if (!isTaught) rewriter.emitRaw(`<script>(${teachScripts})(${JSON.stringify(place.prefix)})</script>`)
    isTaught = true
  }
  rewriter.on('startTag', ({ tagName, sourceCodeLocation }, raw) => {
    // Before the first script of the page, whatever it begins with.
    if (tagName !== 'html' && tagName !== 'head') teach()
    const start = sourceCodeLocation?.startOffset ?? 0
    let told = raw
    for (const [name, at] of Object.entries((sourceCodeLocation as WhereItStands | undefined)?.attrs ?? {}).reverse()) {
      const [from, to] = [at.startOffset - start, at.endOffset - start]
      told = told.slice(0, from) + rewriteAttribute(name, raw.slice(from, to), place) + told.slice(to)
    }
    rewriter.emitRaw(told)
    if (tagName === 'head') teach()
  })
  return rewriter
}

/** `href="/cart"`, as it is written in the page. */
function rewriteAttribute(name: string, written: string, place: Place): string {
  if (name === 'srcset')
    return written.replace(
      /(^[^=]*=\s*["']?|,)(\s*)([^\s,"']+)/g,
      (_, before, blanks, url) => before + blanks + rewriteUrl(url, place),
    )
  if (!WITH_URL.has(name)) return written
  return written.replace(/^([^=]*=\s*["']?)([^"'\s]+)/, (_, before, url) => before + rewriteUrl(url, place))
}

/** Runs in the page, so it knows nothing of this file. */
const teachScripts = `(prefix) => {
  const fix = (url) => {
    const at = new URL(url, document.baseURI)
    if (at.host !== location.host || at.pathname.startsWith(prefix + '/')) return url
    at.pathname = prefix + at.pathname
    return at.href
  }
  const { fetch, WebSocket, EventSource } = window
  window.fetch = (what, how) => fetch(what instanceof Request ? new Request(fix(what.url), what) : fix(what), how)
  const { open } = XMLHttpRequest.prototype
  XMLHttpRequest.prototype.open = function (method, url, ...rest) { return open.call(this, method, fix(url), ...rest) }
  window.WebSocket = class extends WebSocket { constructor(url, ...rest) { super(fix(url), ...rest) } }
  window.EventSource = class extends EventSource { constructor(url, ...rest) { super(fix(url), ...rest) } }
}`
