// A page behind a preview stands under a longer path than it knows. What its HTML says of paths from the root is told anew
// while it streams by, and its scripts are taught the same before they run: a page without an origin sends no Referer from
// which the classroom could tell whose request it is.

import { RewritingStream } from 'parse5-html-rewriting-stream'
import { type Place, rewriteUrl } from '../../base/rewrite-url.ts'

/** What the parser says of a tag, beyond its declared type. */
interface WhereItStands {
  attrs?: Record<string, { startOffset: number; endOffset: number }>
}

/** A tag, comment or text that does not end in so much; most is pictures, written into the page. The rest goes by as it is. */
const MOST_HELD = 2 ** 20
/** No person writes longer ones: the rest of such a tag is data. */
const LONGEST_TAG = 64 * 1024

const WITH_URL = new Set(['href', 'src', 'action', 'formaction', 'poster', 'data', 'background', 'manifest'])

/** Takes and gives text in which each character is a byte (latin1), so that a page in any alphabet is left as it is. */
export async function* rewritePage(texts: AsyncIterable<string>, place: Place): AsyncGenerator<string> {
  let rewriter: RewritingStream | undefined = new RewritingStream()
  let told = ''
  let read = 0
  const tell = (raw: string, anew = raw) => {
    read += raw.length
    told += anew
  }
  tellAnew(rewriter, place, tell)
  let held = ''
  for await (const text of texts) {
    if (!rewriter) {
      yield text
      continue
    }
    held += text
    await written(rewriter, text)
    held = held.slice(read)
    if (held.length > MOST_HELD) {
      rewriter = undefined
      told += held
    }
    if (told !== '') yield told
    told = ''
    read = 0
  }
  if (!rewriter) return
  await ended(rewriter)
  yield told
}

const written = (rewriter: RewritingStream, text: string) =>
  new Promise<void>((done, failed) => rewriter.write(text, (err) => (err ? failed(err) : done())))
const ended = (rewriter: RewritingStream) => new Promise<void>((done) => rewriter.end(done))

/** `tell` is given each part of the page, and what it is to be instead. */
function tellAnew(rewriter: RewritingStream, place: Place, tell: (raw: string, anew?: string) => void): void {
  let isTaught = false
  const teach = () => {
    if (!isTaught) tell('', `<script>(${teachScripts})(${JSON.stringify(place.prefix)})</script>`)
    isTaught = true
  }
  for (const event of ['endTag', 'comment', 'text', 'doctype'] as const) rewriter.on(event, (_, raw) => tell(raw))
  rewriter.on('startTag', ({ tagName, sourceCodeLocation }, raw) => {
    // Before the first script of the page, whatever it begins with.
    if (tagName !== 'html' && tagName !== 'head') teach()
    const start = sourceCodeLocation?.startOffset ?? 0
    const attributes = (sourceCodeLocation as WhereItStands | undefined)?.attrs ?? {}
    tell(raw, raw.length > LONGEST_TAG ? raw : rewriteTag(raw, start, attributes, place))
    if (tagName === 'head') teach()
  })
}

function rewriteTag(raw: string, start: number, attributes: NonNullable<WhereItStands['attrs']>, place: Place): string {
  let told = ''
  let end = 0
  // Names that are numbers come first in an object, wherever they stand.
  for (const [name, at] of Object.entries(attributes).sort(
    ([, one], [, other]) => one.startOffset - other.startOffset,
  )) {
    const [from, to] = [at.startOffset - start, at.endOffset - start]
    told += raw.slice(end, from) + rewriteAttribute(name, raw.slice(from, to), place)
    end = to
  }
  return told + raw.slice(end)
}

/** `href="/cart"`, as it is written in the page. */
function rewriteAttribute(name: string, written: string, place: Place): string {
  if (name === 'srcset')
    return written.replace(
      /(^[^=]*=|,)([\s"']*)([^\s,"']+)/g,
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
