import { describe, expect, it } from 'vitest'
import { rewritePage } from './page-rewriter.ts'

async function* inChunks(page: string) {
  for (let at = 0; at < page.length; at += 2 ** 16) yield page.slice(at, at + 2 ** 16)
}

async function rewrite(page: string): Promise<string> {
  let told = ''
  for await (const part of rewritePage(inChunks(page), { prefix: '/p', host: 'shop.example' })) told += part
  return told
}

const link = '<a href="/x">x</a>'

describe('a page of whatever making', () => {
  it.each([
    ['a tag that has no end', `<a ${'a'.repeat(3 * 2 ** 20)}`],
    ['a comment that has none', `<!--${'a'.repeat(3 * 2 ** 20)}`],
  ])('is held back no longer than a picture in it may be: %s', async (_, page) => {
    expect(await rewrite(`${page}>${link}`)).toBe(`${page}>${link}`)
  })

  it.each([
    ['text without a tag', 'word '.repeat(2 ** 19)],
    ['a picture within it', `<img src="data:image/png;base64,${'a'.repeat(2 ** 19)}">`],
    ['a script within it', `<script>${'f(1)\n'.repeat(2 ** 19)}</script>`],
  ])('is told anew behind what is long: %s', async (_, page) => {
    const told = await rewrite(`<p>${page}${link}`)
    expect(told.endsWith(`${page}<a href="/p/x">x</a>`)).toBe(true)
  })

  it.each([
    ['sizes of a picture that are none', `<img srcset=${' '.repeat(40_000)}"">`],
    ['very many attributes', `<a ${Array.from({ length: 40_000 }, (_, at) => `a${at}`).join(' ')}>`],
  ])('costs no more than its length: %s', async (_, page) => {
    const { user } = process.cpuUsage()
    expect((await rewrite(`<p>${page}${link}`)).endsWith(`${page}<a href="/p/x">x</a>`)).toBe(true)
    expect(process.cpuUsage().user - user).toBeLessThan(5e5)
  })

  it('has attributes in whatever order, and of whatever name', async () => {
    expect(await rewrite('<p><a 1="" href="/x" 0="" data="/y">')).toContain('<a 1="" href="/p/x" 0="" data="/p/y">')
  })
})
