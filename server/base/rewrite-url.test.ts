import { expect, it } from 'vitest'
import { rewriteUrl } from './rewrite-url.ts'

const place = { prefix: '/proxy', host: 'shop.example:8080' }

it.each([
  ['/cart', '/proxy/cart'],
  ['/', '/proxy/'],
  ['next', 'next'],
  ['#end', '#end'],
  ['http://shop.example:8080/a?b#c', '/proxy/a?b#c'],
  ['HTTPS://SHOP.example:8080', '/proxy/'],
  ['ws://shop.example:8080?since=1', '/proxy/?since=1'],
  ['//shop.example:8080/a', '/proxy/a'],
  ['http://shop.example/a', 'http://shop.example/a'],
  ['//other.example/a', '//other.example/a'],
  ['mailto:me@shop.example:8080', 'mailto:me@shop.example:8080'],
  ['/proxy', '/proxy'],
  ['/proxy/cart', '/proxy/cart'],
  ['/proxyless', '/proxy/proxyless'],
])('%s is told as %s', (url, told) => {
  expect(rewriteUrl(url, place)).toBe(told)
})
